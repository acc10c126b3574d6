"""List recordings and read one."""

from functions.api.callers import RecordingsReader
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.core.errors import Invalid, NotFound, Refused
from functions.core.recordings.store import seen_by
from functions.recordings.filters import CurrentFilters
from functions.recordings.parts import RecordingId, TheClock, TheJobs, TheRecordings, views_of
from functions.recordings.routes.door import router
from functions.recordings.schemas import RecordingView


@router.get("/recordings", responses=problems(Invalid, Refused))
def list_recordings(
    caller: RecordingsReader,
    recordings: TheRecordings,
    jobs: TheJobs,
    clock: TheClock,
    paging: CurrentPage,
    filters: CurrentFilters,
) -> Page[RecordingView]:
    """List my recordings, newest first, with their jobs; or those that filters find, or as an admin everybody's.

    A page with filters looks at 1,000 recordings at most. So it may hold fewer than `limit`, even none, while there
    are more: go on as long as there is a `next_cursor`. A cursor is good for the filters that it was made with.
    """
    selection = filters.selection(caller)
    return paging.found(
        f"recordings {selection}",
        lambda before, limit: recordings.look(selection, before=before, limit=limit),
        lambda found: views_of(list(found), jobs, clock),
    )


@router.get("/recordings/{recording_id}", responses=problems(NotFound))
def read_recording(
    recording_id: RecordingId, caller: RecordingsReader, recordings: TheRecordings, jobs: TheJobs, clock: TheClock
) -> RecordingView:
    """Read a recording and how far its jobs are."""
    recording = seen_by(caller, recordings.find(recording_id))
    return views_of([recording], jobs, clock)[0]
