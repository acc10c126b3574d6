"""What holds of a batch whatever is told of its recordings, in whatever order and however often."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

import hypothesis.strategies as st
from hypothesis import given, settings

from functions.core.batches.model import Batch, BatchStatus, Entry, Tally
from functions.core.batches.progress import BatchProgress
from functions.core.batches.store import Batches
from functions.core.changes import Change
from functions.core.jobs.model import Failure, Kind, Status
from functions.core.table import Document
from tests.builders import NOON
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

BATCH = "bat_1"
EMPTY = {"code": "empty-file", "detail": "The file is empty."}


@dataclass(frozen=True)
class Life:
    """What becomes of one recording of a batch: the changes in their order, and what there is to know at the end."""

    is_upload: bool
    statuses: tuple[Status, ...]
    is_removed: bool
    is_refused: bool

    @property
    def end(self) -> Status | None:
        last = self.statuses[-1] if self.statuses else None
        if last in {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}:
            return last
        if last is not None and self.is_removed:
            return Status.CANCELLED
        return Status.FAILED if self.is_upload and not self.statuses and (self.is_refused or self.is_removed) else None

    def changes(self, recording_id: str, job_id: str) -> list[Change]:
        told = self._of_recording(recording_id, job_id) if self.is_upload else []
        images = [
            {"id": job_id, "recording_id": recording_id, "status": status.value, "batch_id": BATCH}
            for status in self.statuses
        ]
        return told + _steps(f"JOB#{job_id}", [*images, *([None] if self.is_removed and images else [])])

    def _of_recording(self, recording_id: str, job_id: str) -> list[Change]:
        announced = {"id": recording_id, "stored_status": "awaiting_upload", "batch_id": BATCH, "job_ids": []}
        images: list[Document | None] = [announced]
        if self.statuses:
            images.append(announced | {"stored_status": "uploaded", "job_ids": [job_id]})
        elif self.is_refused:
            images.append(announced | {"stored_status": "refused", "error": EMPTY})
        if self.is_removed:
            images += [(images[-1] or {}) | {"deleted_at": NOON.isoformat()}, None]
        return _steps(f"RECORDING#{recording_id}", images)


def _steps(pk: str, images: list[Document | None]) -> list[Change]:
    return [Change(pk=pk, old=old, new=new) for old, new in zip([None, *images], images, strict=False)]


ENDS = [(Status.SUCCEEDED,), (Status.FAILED,), (Status.CANCELLED,), ()]
STATUSES = st.one_of(
    st.just(()),
    st.sampled_from(ENDS).map(lambda end: (Status.QUEUED, *end)),
    st.sampled_from(ENDS).map(lambda end: (Status.QUEUED, Status.RUNNING, Status.QUEUED, Status.RUNNING, *end)),
)
LIVES = st.lists(st.builds(Life, st.booleans(), STATUSES, st.booleans(), st.booleans()), min_size=1, max_size=6)


def a_batch(lives: list[Life]) -> tuple[FakeTable, Batches]:
    table = FakeTable()
    batches = Batches(table, clock=FakeClock())
    batch = Batch(id=BATCH, owner_id="usr_anna", kind=Kind.TRANSCRIBE, request_id="req_1", created_at=NOON)
    entries = {f"rec_{at}": Entry(job_id=None if life.is_upload else f"job_{at}") for at, life in enumerate(lives)}
    batches.add(batch, entries)
    return table, batches


@settings(max_examples=50)
@given(LIVES, st.randoms(use_true_random=False), st.integers(1, 5))
def test_however_changes_come_a_batch_knows_the_end_of_each_recording(
    lives: list[Life], chance: Random, size: int
) -> None:
    _, batches = a_batch(lives)
    told = [change for at, life in enumerate(lives) for change in life.changes(f"rec_{at}", f"job_{at}")]
    told += chance.choices(told, k=len(told) // 2) if told else []
    chance.shuffle(told)

    seen: dict[str, Status] = {}
    for start in range(0, len(told), size):
        BatchProgress(batches).react(told[start : start + size])
        for recording_id, entry in batches.get(BATCH).entries.entries.items():
            assert seen.get(recording_id) in {None, entry.end}
            seen |= {recording_id: entry.end} if entry.end is not None else {}

    whole = batches.get(BATCH)
    assert [whole.entries.entries[f"rec_{at}"].end for at in range(len(lives))] == [life.end for life in lives]
    assert whole.batch.tally == whole.entries.tally
    assert {one: f"job_{one[4:]}" for one in whole.entries.jobs} == whole.entries.jobs


@settings(max_examples=50)
@given(st.lists(st.sampled_from([None, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED]), max_size=8))
def test_a_batch_has_ended_once_all_have_and_not_before(ends: list[Status | None]) -> None:
    tally = Tally(
        total=len(ends),
        completed=ends.count(Status.SUCCEEDED),
        failed=ends.count(Status.FAILED),
        cancelled=ends.count(Status.CANCELLED),
    )

    assert (tally.progress == 1) == (None not in ends) == (tally.status is not BatchStatus.RUNNING)
    assert tally.status is not BatchStatus.SUCCEEDED or set(ends) <= {Status.SUCCEEDED}


def test_a_count_that_was_missed_is_made_good_by_the_next_note() -> None:
    table, batches = a_batch([Life(False, (), False, False)])
    lagging = table.documents[f"BATCH#{BATCH}"].copy()
    note = {"rec_0": Entry(job_id="job_0", end=Status.FAILED, why=Failure("x", "y"))}
    batches.note(BATCH, note)
    table.documents[f"BATCH#{BATCH}"] = lagging

    batches.note(BATCH, note)

    assert batches.get(BATCH).batch.tally == Tally(total=1, failed=1)


def test_a_late_count_takes_nothing_back() -> None:
    _, batches = a_batch([Life(False, (), False, False)])
    before = batches.get(BATCH)
    batches.note(BATCH, {"rec_0": Entry(end=Status.SUCCEEDED)})
    after = batches.get(BATCH)

    assert after.batch.counting(before.entries) is after.batch


def test_notes_of_what_is_not_there_change_nothing() -> None:
    table, batches = a_batch([Life(False, (), False, False)])
    before = dict(table.documents)

    batches.note("bat_x", {"rec_0": Entry(end=Status.FAILED)})
    batches.note(BATCH, {"rec_9": Entry(end=Status.FAILED)})

    assert table.documents == before


def test_what_is_awaited_counts_as_failed_once_its_time_is_over() -> None:
    tally = Tally(total=3, completed=1, awaited=1)

    assert tally.at(NOON, NOON + timedelta(hours=1)) == tally
    assert tally.at(NOON, NOON) == Tally(total=3, completed=1, failed=1)
    assert tally.at(NOON, None) == tally
