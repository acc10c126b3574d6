"""Whatever changes, gets lost, comes twice or breaks, and whoever counts at the same time: the statistics are true."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.changes import Change
from functions.core.errors import Conflict
from functions.core.recordings.model import Recording, Work
from functions.core.recordings.store import Recordings
from functions.core.stats.keeper import TOGETHER, StatsKeeper
from functions.core.stats.model import NOTHING, Counts, Sheet, contribution
from functions.core.stats.store import Counted, counted_in, sheets_in
from functions.core.table import Document, Write
from tests.builders import NOON, a_recording
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

Totals = dict[tuple[str, str | None, str], Counts]
Crash = Literal["before", "after"]


class Broken(Exception):
    """The network, or whatever."""


class StormyTable(FakeTable):
    """Breaks, and lets others in between, where statistics are written."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []
        self.crash: Crash | None = None

    def get_many(self, pks: Sequence[str]) -> dict[str, Document]:
        with self._lock:
            return super().get_many(pks)

    def write(self, *writes: Write) -> None:
        if not any(write.pk.startswith("COUNTED#") for write in writes):
            super().write(*writes)
            return
        meanwhile, self.meanwhile = self.meanwhile, []
        for happen in meanwhile:
            happen()
        crash, self.crash = self.crash, None
        if crash == "before":
            raise Broken
        super().write(*writes)
        if crash == "after":
            raise Broken

    def things(self, prefix: str) -> list[Document]:
        return [document for pk, document in list(self.documents.items()) if pk.startswith(prefix)]


class World:
    def __init__(self) -> None:
        self.table = StormyTable()
        self.recordings = Recordings(self.table, clock=FakeClock())
        self.keepers = [StatsKeeper(self.table), StatsKeeper(self.table)]
        self.told: set[int] = set()

    def doing(self, name: str, *arguments: Any) -> Callable[[], object]:
        return partial(getattr(self, name), *arguments)

    # What happens to recordings

    def add(self, owner: int, day: int, location: int) -> None:
        self.recordings.add(
            a_recording(
                owner_id=f"usr_{owner}",
                created_at=NOON + timedelta(days=20 * day),
                location_id=f"loc_{location}" if location else None,
            )
        )

    def change(self, which: int, transition: Callable[[Recording], Recording]) -> None:
        if there := self.there():
            self.recordings.change(there[which % len(there)], transition)

    def delete(self, which: int) -> None:
        if there := self.there():
            self.recordings.delete(there[which % len(there)])

    def erase(self, which: int) -> None:
        if kept := self.kept():
            self.recordings.erase(kept[which % len(kept)])

    def there(self) -> list[Recording]:
        return [one for one in self.kept() if one.deleted_at is None]

    def kept(self) -> list[Recording]:
        ids = sorted(one["id"] for one in self.table.things("RECORDING#"))
        found = [self.recordings.find(one) or self.recordings.find_deleted(one) for one in ids]
        return [one for one in found if one is not None]

    # What is told of it

    def deliver(self, keeper: int, which: list[int]) -> None:
        """Tell of some of all changes that ever were, in whatever order and however often."""
        happened = self.happened()
        batch = [len(happened) - 1 - one % len(happened) for one in which] if happened else []
        with suppress(Broken):
            self.keepers[keeper].react([happened[one] for one in batch])
            self.told.update(batch)

    def deliver_the_rest(self) -> None:
        """Tell of every change that was not told of once, or broke what counts."""
        happened = self.happened()
        self.keepers[0].react([one for number, one in enumerate(happened) if number not in self.told])

    def happened(self) -> list[Change]:
        return [change for change in self.table.changes if change.pk.startswith("RECORDING#")]

    # What is so

    def shown(self) -> Totals:
        sheets: list[Sheet] = list(map(sheets_in(self.table).load, self.table.things("STATS#")))
        return {
            (sheet.owner_id, sheet.location_id, day): Counts(*row)
            for sheet in sheets
            for day, row in sheet.rows_by_day().items()
        }

    def counted(self) -> Totals:
        notes: list[Counted] = list(map(counted_in(self.table).load, self.table.things("COUNTED#")))
        return summed([note.contribution for note in notes])

    def true(self) -> Totals:
        return summed(list(map(contribution, self.kept())))


def summed(contributions: list[Any]) -> Totals:
    totals: Totals = {}
    for one in contributions:
        if one is not None:
            at = (one.owner_id, one.location_id, one.day)
            totals[at] = totals.get(at, NOTHING).with_(one.counts)
    return totals


def uploaded(one: Recording) -> Recording:
    return one.received(size=one.size + 1, media_type="audio/mp4", now=NOON, job_ids=("job_1",))


def heard(seconds: int) -> Callable[[Recording], Recording]:
    return lambda one: replace(one, work=Work.DONE).heard(
        duration=seconds / 7, language="ru", words=seconds, listening_seconds=seconds / 70
    )


def dated(days: int) -> Callable[[Recording], Recording]:
    return lambda one: replace(one, recorded_at=NOON + timedelta(days=days))


def moved(location: int) -> Callable[[Recording], Recording]:
    return lambda one: replace(one, location_id=f"loc_{location}")


FEW = st.integers(0, 3)
CHANGES = st.one_of(
    st.builds(heard, st.integers(0, 9999)),
    st.builds(dated, st.integers(-40, 40)),
    st.builds(moved, FEW),
    st.just(uploaded),
)
HAPPENING = st.one_of(
    st.tuples(st.just("add"), FEW, FEW, FEW),
    st.tuples(st.just("change"), FEW, CHANGES),
    st.tuples(st.sampled_from(["delete", "erase"]), FEW),
)
TELLING = st.tuples(st.just("deliver"), st.integers(0, 1), st.lists(st.integers(0, 9), min_size=1, max_size=6))
STEPS = st.lists(
    st.tuples(
        st.one_of(HAPPENING, TELLING),
        st.lists(st.one_of(HAPPENING, TELLING), max_size=2),
        st.sampled_from([None, None, "before", "after"]),
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=40)
def test_the_statistics_are_what_is_there_and_never_anything_that_was_not(steps: list[Any]) -> None:
    world = World()
    for (name, *arguments), meanwhile, crash in steps:
        world.table.crash = crash
        world.table.meanwhile = [world.doing(*other) for other in meanwhile]
        world.doing(name, *arguments)()

        assert world.shown() == world.counted()

    world.table.crash, world.table.meanwhile = None, []
    world.deliver_the_rest()

    assert world.shown() == world.true()
    assert {one["id"] for one in world.table.things("COUNTED#")} == {one.id for one in world.there()}


def test_many_keepers_and_changers_at_once_count_right() -> None:
    world = World()
    for number in range(12):
        world.add(0, number % 2, number % 3)
    first = world.happened()

    def count(keeper: StatsKeeper) -> None:
        for _ in range(30):
            # What loses every race is shown again.
            with suppress(Conflict):
                keeper.react(first)

    def change() -> None:
        for number in range(60):
            world.change(number, [uploaded, heard(number), dated(number), moved(number % 3)][number % 4])

    threads = [threading.Thread(target=count, args=(keeper,)) for keeper in world.keepers]
    threads.append(threading.Thread(target=change))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.shown() == world.counted()

    world.deliver_the_rest()

    assert world.shown() == world.true()


def test_more_recordings_than_a_transaction_takes_are_counted_together() -> None:
    world = World()
    for number in range(2 * TOGETHER + 1):
        world.add(number % 40, number % 40, number % 4)
    world.table.calls.clear()

    world.deliver_the_rest()

    assert world.shown() == world.true()
    assert world.table.calls["write"] == 3


def test_what_is_deleted_while_it_is_counted_is_not_counted_for_ever() -> None:
    world = World()
    world.add(0, 0, 1)
    world.table.meanwhile = [world.doing("delete", 0), world.doing("deliver", 1, [0])]

    world.deliver(0, [0])

    assert world.shown() == {}


def test_what_is_counted_already_is_not_written_again() -> None:
    world = World()
    world.add(0, 0, 1)
    world.deliver_the_rest()
    world.change(0, lambda one: replace(one, title="Another one", job_ids=("job_1",)))
    writes = world.table.writes

    world.deliver_the_rest()

    assert world.table.writes == writes
