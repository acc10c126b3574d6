from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.core.table import Changed, Delete, Put, Table


def a_key() -> str:
    return f"THING#{uuid4()}"


def test_what_was_put_is_read_back(table: Table) -> None:
    key = a_key()
    document = {"text": "Привет 👋", "number": 3, "share": 0.1, "yes": True, "list": [{"a": 1.5}], "empty": ""}

    table.write(Put(pk=key, document=document))

    assert table.get(key) == document | {"pk": key, "version": 1}


def test_nothing_is_read_where_nothing_is(table: Table) -> None:
    assert table.get(a_key()) is None


def test_a_none_is_not_kept(table: Table) -> None:
    key = a_key()

    table.write(Put(pk=key, document={"gone": None}))

    assert table.get(key) == {"pk": key, "version": 1}


def test_what_must_be_new_is_refused_where_something_is(table: Table) -> None:
    key = a_key()
    table.write(Put(pk=key, document={"n": 1}))

    with pytest.raises(Changed):
        table.write(Put(pk=key, document={"n": 2}))
    assert table.get(key) == {"pk": key, "n": 1, "version": 1}


def test_a_change_needs_the_version_that_was_seen(table: Table) -> None:
    key = a_key()
    table.write(Put(pk=key, document={"n": 1}))
    table.write(Put(pk=key, document={"n": 2}, seen=1))

    with pytest.raises(Changed):
        table.write(Put(pk=key, document={"n": 3}, seen=1))
    with pytest.raises(Changed):
        table.write(Put(pk=a_key(), document={"n": 3}, seen=1))
    assert table.get(key) == {"pk": key, "n": 2, "version": 2}


def test_writes_go_through_together_or_not_at_all(table: Table) -> None:
    old, new, gone = a_key(), a_key(), a_key()
    table.write(Put(pk=old, document={"n": 1}), Put(pk=gone, document={}))

    with pytest.raises(Changed):
        table.write(Put(pk=new, document={"n": 1}), Put(pk=old, document={"n": 2}), Delete(gone))
    assert table.get(new) is None
    assert table.get(gone) is not None

    table.write(Put(pk=new, document={"n": 1}), Put(pk=old, document={"n": 2}, seen=1), Delete(gone))
    assert table.get_many([new, old, gone]).keys() == {new, old}


def test_deleting_what_is_not_there_is_no_error(table: Table) -> None:
    table.write(Delete(a_key()))


def test_more_than_a_hundred_documents_are_read_at_once(table: Table) -> None:
    keys = [a_key() for _ in range(120)]
    for start in range(0, 120, 40):
        table.write(*(Put(pk=key, document={"key": key}) for key in keys[start : start + 40]))

    found = table.get_many([*keys, a_key(), keys[0]])

    assert {pk: one["key"] for pk, one in found.items()} == {key: key for key in keys}


def test_a_group_is_listed_newest_first_in_pages(table: Table) -> None:
    group = a_key()
    for number in range(5):
        table.write(Put(pk=a_key(), document={"n": number}, listed_under=(group, f"{number}")))
    table.write(Put(pk=a_key(), document={"n": 9}, listed_under=(a_key(), "9")))

    first = table.newest(group, before=None, limit=3)
    second = table.newest(group, before=first[-1]["list_sk"], limit=3)

    assert [[one["n"] for one in page] for page in (first, second)] == [[4, 3, 2], [1, 0]]


def test_the_time_to_live_is_in_whole_seconds(table: Table) -> None:
    key = a_key()

    table.write(Put(pk=key, document={}, expires_at=datetime(2026, 11, 21, 12, 0, 0, 900_000, UTC)))

    stored = table.get(key)
    assert stored is not None
    assert stored["ttl"] == 1795262400


VALUES = st.recursive(
    st.booleans()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.floats(min_value=-1e6, max_value=1e6).map(lambda number: round(number, 6))
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(document=st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES))
def test_every_document_comes_back_equal(table: Table, document: dict[str, object]) -> None:
    key = a_key()

    table.write(Put(pk=key, document=document))

    assert table.get(key) == document | {"pk": key, "version": 1}
