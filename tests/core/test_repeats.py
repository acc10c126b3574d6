from collections.abc import Sequence
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from functions.core.errors import Conflict, Invalid
from functions.core.repeats import LIFE, Made, Once, Repeats
from functions.core.table import Changed, Delete, Put
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable


def once(key: str = "key", *, owner_id: str = "usr_anna", asked: object = "one") -> Once:
    return Once(owner_id=owner_id, key=key, asked=asked)


def thing(made_id: str) -> list[Put]:
    return [Put(pk=made_id, document={"id": made_id})]


class Racing(FakeTable):
    """Somebody else is faster, so many times."""

    def __init__(self, losses: int) -> None:
        super().__init__()
        self.losses = losses

    def write(self, *writes: Put | Delete) -> None:
        if self.losses:
            self.losses -= 1
            raise Changed
        super().write(*writes)


@pytest.fixture
def table() -> FakeTable:
    return FakeTable()


@pytest.fixture
def repeats(table: FakeTable, clock: FakeClock) -> Repeats:
    return Repeats(table, clock=clock)


def test_the_same_request_again_makes_nothing(repeats: Repeats, table: FakeTable) -> None:
    made = [repeats.make(one, lambda one=one: thing(one), once=once()) for one in ("a", "b")]  # type: ignore[misc]

    assert made == ["a", "a"]
    assert "b" not in table.documents


def test_another_request_under_the_same_key_is_refused(repeats: Repeats) -> None:
    repeats.make("a", lambda: thing("a"), once=once())

    with pytest.raises(Invalid) as refusal:
        repeats.make("b", lambda: thing("b"), once=once(asked="two"))

    assert refusal.value.code == "idempotency-key-reused"


def test_without_a_key_every_request_makes_something(repeats: Repeats) -> None:
    assert repeats.make("a", lambda: thing("a"), once=None) == "a"
    assert repeats.make("b", lambda: thing("b"), once=None) == "b"


def test_a_key_is_free_again_after_its_time(repeats: Repeats, clock: FakeClock) -> None:
    repeats.make("a", lambda: thing("a"), once=once())
    clock.pass_time(LIFE)

    assert repeats.make("b", lambda: thing("b"), once=once(asked="two")) == "b"
    assert repeats.make("c", lambda: thing("c"), once=once(asked="two")) == "b"


def test_what_is_refused_leaves_the_key_free(repeats: Repeats) -> None:
    def refused() -> Sequence[Put]:
        raise Conflict("Not now.")

    with pytest.raises(Conflict):
        repeats.make("a", refused, once=once())

    assert repeats.make("b", lambda: thing("b"), once=once()) == "b"


def test_a_lost_race_is_run_again_on_what_there_is_now(clock: FakeClock) -> None:
    calls: list[str] = []

    def writes() -> list[Put]:
        calls.append("a")
        return thing("a")

    assert Repeats(Racing(3), clock=clock).make("a", writes, once=once()) == "a"
    assert len(calls) == 4


def test_a_race_that_is_always_lost_ends(clock: FakeClock) -> None:
    with pytest.raises(Conflict) as refusal:
        Repeats(Racing(1000), clock=clock).make("a", lambda: thing("a"), once=None)

    assert refusal.value.code == "busy"


def test_what_was_remembered_before_jobs_could_be_is_still_understood(
    repeats: Repeats, table: FakeTable, clock: FakeClock
) -> None:
    asked = once()
    until = (clock() + timedelta(hours=1)).isoformat()
    earlier = {"id": asked.id, "fingerprint": asked.fingerprint, "recording_id": "rec_1", "until": until}
    table.write(Put(pk=f"IDEMPOTENCY#{asked.id}", document=earlier))

    assert repeats.make("rec_2", lambda: thing("rec_2"), once=asked) == "rec_1"


def test_forgetting_takes_all_of_an_owner_and_nobody_elses(repeats: Repeats, table: FakeTable) -> None:
    for number in range(3):
        repeats.make(f"a{number}", list, once=once(str(number)))
    repeats.make("b", list, once=once(owner_id="usr_bert"))

    repeats.erase_of("usr_anna")

    assert list(table.documents) == [f"IDEMPOTENCY#{once(owner_id='usr_bert').id}"]


class Reversing:
    """Seals by writing backwards, and only opens in its place."""

    def seal(self, text: str, *, pk: str, attribute: str) -> str:
        return f"{pk}|{attribute}|{text[::-1]}"

    def open(self, sealed: str, *, pk: str, attribute: str) -> str:
        assert sealed.startswith(f"{pk}|{attribute}|")
        return sealed.removeprefix(f"{pk}|{attribute}|")[::-1]


def test_a_secret_is_said_again_and_kept_sealed(table: FakeTable, clock: FakeClock) -> None:
    repeats = Repeats(table, clock=clock, seals=Reversing())

    said = [repeats.make_secret(Made(one, f"secret of {one}"), list, once=once()) for one in ("a", "b")]

    assert said == [Made("a", "secret of a")] * 2
    assert "secret of a" not in str(table.documents)


def test_a_secret_that_is_over_need_not_be_opened(table: FakeTable, clock: FakeClock) -> None:
    Repeats(table, clock=clock, seals=Reversing()).make_secret(Made("a", "x"), list, once=once())
    clock.pass_time(LIFE)

    class Closed(Reversing):
        def open(self, sealed: str, *, pk: str, attribute: str) -> str:
            raise AssertionError("its key is gone")

    repeats = Repeats(table, clock=clock, seals=Closed())
    assert repeats.make_secret(Made("b", "y"), list, once=once()) == Made("b", "y")


@given(st.lists(st.tuples(st.sampled_from(["one", "two"]), st.sampled_from("xy"), st.sampled_from("pq"))))
def test_whatever_is_asked_each_key_of_each_owner_makes_one_thing(requests: list[tuple[str, str, str]]) -> None:
    table = FakeTable()
    repeats = Repeats(table, clock=FakeClock())
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for number, (owner_id, key, asked) in enumerate(requests):
        made_id = f"thing-{number}"
        said, kept = first.setdefault((owner_id, key), (asked, made_id))
        request = once(key, owner_id=owner_id, asked=asked)
        if asked == said:
            assert repeats.make(made_id, lambda made_id=made_id: thing(made_id), once=request) == kept  # type: ignore[misc]
        else:
            with pytest.raises(Invalid):
                repeats.make(made_id, lambda made_id=made_id: thing(made_id), once=request)  # type: ignore[misc]

    assert {pk for pk in table.documents if pk.startswith("thing")} == {kept for _, kept in first.values()}
