"""A recording is deleted while a worker is at it: what the worker leaves goes as well."""

from collections.abc import Callable

import pytest

from functions.core.jobs.model import Status
from functions.core.recordings.media import checkpoint_key
from functions.core.recordings.removal import Removal
from gpu_worker.tasks.task import Work
from tests.fakes.clock import FakeClock
from tests.gpu_worker.test_lane import LEASE, Workplace, leave_a_result


@pytest.fixture
def place(clock: FakeClock) -> Workplace:
    return Workplace(clock)


def delete(place: Workplace, *, and_remove: bool) -> None:
    recording = place.recordings.delete(place.recordings.get(place.transcribe().recording_id))
    if and_remove:
        Removal(recordings=place.recordings, jobs=place.jobs, media=place.media).remove(recording.id)


def leave_a_checkpoint(place: Workplace, work: Work) -> None:
    key = checkpoint_key(work.claim.job.id, "1")
    place.media.write(key, b"{}", content_type="application/json")
    work.claim.leave_checkpoint("1")


@pytest.mark.parametrize("leave", [leave_a_result, leave_a_checkpoint], ids=["result", "checkpoint"])
@pytest.mark.parametrize("is_first", [False, True], ids=["after", "before"])
def test_what_a_worker_leaves_of_a_removed_recording_is_removed(
    place: Workplace, leave: Callable[[Workplace, Work], object], is_first: bool
) -> None:
    def be_overtaken(work: Work) -> None:
        if is_first:
            leave(place, work)
        delete(place, and_remove=True)
        leave(place, work)

    place.task.act = be_overtaken
    place.worker().work_off_one()

    assert place.table.documents == {}
    assert place.media.kept == set()
    # Its message shows once more, and is dropped.
    place.clock.pass_time(LEASE)
    place.worker().work_off_one()
    assert place.inbox.messages == []


def test_work_on_a_deleted_recording_ends_like_any_and_is_removed_with_it(place: Workplace) -> None:
    def be_deleted(work: Work) -> None:
        leave_a_result(place, work)
        delete(place, and_remove=False)

    place.task.act = be_deleted
    place.worker().work_off_one()

    assert place.transcribe().status is Status.SUCCEEDED
    # Nobody wakes the summary of what is there for nobody.
    assert place.queues.waiting() == []
    recording_id = place.transcribe().recording_id
    Removal(recordings=place.recordings, jobs=place.jobs, media=place.media).remove(recording_id)
    assert (place.table.documents, place.media.kept) == ({}, set())
