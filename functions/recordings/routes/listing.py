"""List recordings and read one."""

from functions.api.callers import RecordingsReader
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.core.errors import Invalid, NotFound
from functions.core.recordings.store import seen_by
from functions.recordings.parts import RecordingId, TheClock, TheJobs, TheRecordings, views_of
from functions.recordings.routes.door import router
from functions.recordings.schemas import RecordingView


@router.get("/recordings", responses=problems(Invalid))
def list_recordings(
    caller: RecordingsReader, recordings: TheRecordings, jobs: TheJobs, clock: TheClock, paging: CurrentPage
) -> Page[RecordingView]:
    """List my recordings, newest first, with their jobs."""
    return paging.page(
        f"recordings of {caller.user_id}",
        lambda before, limit: recordings.of_owner(caller.user_id, before=before, limit=limit),
        lambda recording: recording.id,
        lambda page: views_of(list(page), jobs, clock),
    )


@router.get("/recordings/{recording_id}", responses=problems(NotFound))
def read_recording(
    recording_id: RecordingId, caller: RecordingsReader, recordings: TheRecordings, jobs: TheJobs, clock: TheClock
) -> RecordingView:
    """Read a recording and how far its jobs are."""
    recording = seen_by(caller, recordings.find(recording_id))
    return views_of([recording], jobs, clock)[0]
