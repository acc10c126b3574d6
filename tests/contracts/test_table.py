from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.core.table import Changed, Delete, Put, Table, Unchanged, Where


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


def test_a_document_is_removed_only_while_it_is_as_it_was_seen(table: Table) -> None:
    key, other = a_key(), a_key()
    table.write(Put(pk=key, document={"n": 1}))
    table.write(Put(pk=key, document={"n": 2}, seen=1))

    for writes in ([Delete(key, seen=1)], [Put(pk=other, document={}), Delete(key, seen=1)], [Delete(other, seen=1)]):
        with pytest.raises(Changed):
            table.write(*writes)
    assert table.get_many([key, other]).keys() == {key}

    table.write(Delete(key, seen=2))
    assert table.get(key) is None


def test_a_document_is_removed_as_expired_only_if_it_still_is(table: Table) -> None:
    noon = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    over, prolonged, endless = a_key(), a_key(), a_key()
    for key in (over, prolonged):
        table.write(Put(pk=key, document={}, expires_at=noon))
    table.write(Put(pk=prolonged, document={}, seen=1, expires_at=noon + timedelta(hours=1)))
    table.write(Put(pk=endless, document={}))
    later = noon + timedelta(minutes=1)

    table.write(Delete(over, expired_before=later))
    for key in (over, prolonged, endless):
        with pytest.raises(Changed):
            table.write(Delete(key, expired_before=later))
    with pytest.raises(Changed):
        table.write(Delete(prolonged, seen=1, expired_before=later + timedelta(days=1)))

    assert table.get_many([over, prolonged, endless]).keys() == {prolonged, endless}
    table.write(Delete(prolonged, seen=2, expired_before=later + timedelta(days=1)))
    assert table.get(prolonged) is None


def test_documents_whose_time_was_over_are_found(table: Table) -> None:
    # Long ago, so that nothing of other tests is among them.
    then = datetime(2001, 1, 1, tzinfo=UTC)
    over = {a_key() for _ in range(5)}
    for key in over:
        table.write(Put(pk=key, document={"text": "x" * 1000}, expires_at=then - timedelta(seconds=1)))
    for expires_at in (then, then + timedelta(days=1), None):
        table.write(Put(pk=a_key(), document={}, expires_at=expires_at))

    assert set(table.expired(then, limit=100)) == over
    assert len(set(table.expired(then, limit=3)) & over) == 3
    table.write(*(Delete(key) for key in over))


def test_documents_of_many_pages_are_looked_through(table: Table) -> None:
    then = datetime(2001, 1, 1, tzinfo=UTC)
    # A page of DynamoDB is 1 MB.
    keys = [a_key() for _ in range(8)]
    for key in keys:
        table.write(Put(pk=key, document={"text": "x" * 300_000}, expires_at=then - timedelta(seconds=1)))

    assert set(table.expired(then, limit=100)) == set(keys)
    table.write(*(Delete(key) for key in keys))


def listed(table: Table, group: str, *numbers: int, **fields: str) -> None:
    for number in numbers:
        table.write(
            Put(
                pk=a_key(),
                document={"n": number, **fields},
                listed_under=(f"owner of {group}", f"{number:04}"),
                also_under={"everyone": group},
            )
        )


def numbers_of(documents: list[dict[str, Any]]) -> list[int]:
    return [document["n"] for document in documents]


def test_a_document_stands_in_several_lists(table: Table) -> None:
    group = a_key()
    listed(table, group, 1, 2)

    for index, name in (("lists", f"owner of {group}"), ("everyone", group)):
        assert numbers_of(table.look(index, name, limit=5, look_at=6).documents) == [2, 1]
    assert table.look("places", group, limit=5, look_at=6).documents == []


def test_a_list_can_be_read_from_here_to_there(table: Table) -> None:
    group = a_key()
    listed(table, group, *range(1, 8))

    found = table.look("everyone", group, before="0006", since="0003", limit=9, look_at=9)

    assert numbers_of(found.documents) == [5, 4, 3]
    assert found.following is None
    assert numbers_of(table.look("everyone", group, since="0006", limit=9, look_at=9).documents) == [7, 6]


def test_a_page_says_where_the_next_one_begins(table: Table) -> None:
    group = a_key()
    listed(table, group, 1, 2, 3)

    first = table.look("everyone", group, limit=2, look_at=3)
    second = table.look("everyone", group, before=first.following, limit=2, look_at=3)

    assert (numbers_of(first.documents), first.following) == ([3, 2], "0002")
    assert (numbers_of(second.documents), second.following) == ([1], None)


def test_no_more_is_looked_at_than_was_allowed_and_the_next_look_goes_on_there(table: Table) -> None:
    group = a_key()
    listed(table, group, 1, colour="red")
    listed(table, group, 2, 3, 4, colour="blue")
    red = Where(equal={"colour": "red"})

    first = table.look("everyone", group, where=red, limit=5, look_at=2)
    second = table.look("everyone", group, where=red, before=first.following, limit=5, look_at=2)

    assert (first.documents, first.following) == ([], "0003")
    assert numbers_of(second.documents) == [1]


@pytest.mark.parametrize(
    "where",
    [
        Where(equal={"name": "b"}),
        Where(contains={"title": "встреч"}),
        Where(at_least={"name": "b"}, below={"name": "c"}),
        Where(equal={"name": "b"}, contains={"title": "встреч"}),
        Where(equal={"name": "a"}, contains={"title": "встреч"}),
        Where(equal={"nothing": "b"}),
        Where(contains={"nothing": "b"}),
        Where(at_least={"nothing": ""}),
        Where(below={"nothing": "z"}),
    ],
)
def test_a_list_holds_what_was_asked_for(where: Where, table: Table) -> None:
    group = a_key()
    listed(table, group, 1, name="a", title="звонок")
    listed(table, group, 2, name="b", title="встреча")
    listed(table, group, 3, name="c", title="b")
    everything = table.look("everyone", group, limit=9, look_at=9).documents

    found = table.look("everyone", group, where=where, limit=9, look_at=9).documents

    assert found == [document for document in everything if where.holds(document)]


def test_writes_may_rest_on_what_nobody_has_changed(table: Table) -> None:
    basis, result = a_key(), a_key()
    table.write(Put(pk=basis, document={}))

    table.write(Unchanged(basis, 1), Unchanged(a_key(), None), Put(pk=result, document={}))
    for wrong in (Unchanged(basis, 2), Unchanged(basis, None), Unchanged(a_key(), 1)):
        with pytest.raises(Changed):
            table.write(wrong, Put(pk=result, document={}, seen=1))

    assert table.get(result) == {"pk": result, "version": 1}
