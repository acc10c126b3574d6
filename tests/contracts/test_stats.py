"""The statistics on a table as DynamoDB keeps it."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

from functions.core.recordings.store import Recordings
from functions.core.stats.keeper import StatsKeeper
from functions.core.stats.model import Counts, report
from functions.core.stats.store import Stats
from functions.core.table import Table
from tests.builders import NOON, a_recording
from tests.fakes.clock import FakeClock

FIRST, LAST = date(2026, 11, 1), date(2026, 12, 31)


def counted(table: Table, owner_id: str | None, location_id: str | None = None) -> Counts:
    sheets = Stats(table).sheets_of(owner_id, first=FIRST, last=LAST, location_id=location_id)
    return report(sheets, first=FIRST, last=LAST).total


def test_what_is_counted_is_found_moved_and_taken_away(table: Table, clock: FakeClock) -> None:
    owner_id, place = f"usr_{uuid4()}", f"loc_{uuid4()}"
    recordings, keeper = Recordings(table, clock=clock), StatsKeeper(table)
    kept = [
        recordings.add(a_recording(owner_id=owner_id, created_at=NOON + timedelta(days=30 * number)))
        for number in range(3)
    ]
    ids = [one.id for one in kept]

    keeper.reconcile(ids)
    assert counted(table, owner_id).recordings == 2  # the third is of January

    recordings.change(kept[0], lambda one: replace(one, location_id=place))
    keeper.reconcile(ids)
    assert counted(table, None, place) == counted(table, owner_id, place)
    assert counted(table, owner_id, place).recordings == 1

    for one in kept:
        recordings.delete(recordings.get(one.id))
    keeper.reconcile(ids)
    assert counted(table, owner_id) == Counts()
    assert table.get_many([f"COUNTED#{one}" for one in ids]) == {}


def test_nothing_is_left_of_somebody_who_is_forgotten(table: Table, clock: FakeClock) -> None:
    owner_id = f"usr_{uuid4()}"
    recording = Recordings(table, clock=clock).add(a_recording(owner_id=owner_id))
    StatsKeeper(table).reconcile([recording.id])

    Stats(table).forget_owner(owner_id)

    assert counted(table, owner_id) == Counts()
    assert table.get(f"COUNTED#{recording.id}") is None
