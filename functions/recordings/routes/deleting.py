"""Delete recordings, one or many."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from fastapi import Response

from functions.api.callers import RecordingsWriter
from functions.api.problems import problems
from functions.core.accounts.model import Caller
from functions.core.errors import Conflict, Invalid, NotFound, ParleyError
from functions.core.observability import log
from functions.core.recordings.model import Recording
from functions.core.recordings.store import Recordings, seen_by
from functions.recordings.parts import RecordingId, TheRecordings
from functions.recordings.routes.door import router
from functions.recordings.schemas import BulkDeletion, Deleted, NotDeleted

AT_ONCE: Final = 10
"""Writes side by side: as many as the client keeps connections for."""

BROKEN: Final = ("internal-error", "Something broke on our side; try again.")


@router.post("/recordings/bulk-delete", responses=problems(Invalid))
def delete_recordings(request: BulkDeletion, caller: RecordingsWriter, recordings: TheRecordings) -> Deleted:
    """Delete up to 1,000 recordings with everything that is theirs.

    Each is deleted or not by itself: `failed` says which are not and why. Somebody else's recording, one that does not
    exist and one that is deleted already are `not-found` alike.
    """
    ids = list(dict.fromkeys(request.ids))
    found = {one.id: one for one in recordings.get_many(ids) if caller.may_see(one.owner_id)}
    failed = dict(_failures(list(found.values()), recordings))
    failed |= {one: (NotFound.code, "There is no such recording.") for one in ids if one not in found}
    _tell(caller, len(found), failed=len(failed))
    return Deleted(
        deleted=[one for one in ids if one not in failed],
        failed=[NotDeleted(id=one, code=failed[one][0], detail=failed[one][1]) for one in ids if one in failed],
    )


@router.delete(
    "/recordings/{recording_id}", status_code=204, response_class=Response, responses=problems(NotFound, Conflict)
)
def delete_recording(recording_id: RecordingId, caller: RecordingsWriter, recordings: TheRecordings) -> None:
    """Delete a recording with its transcripts, summaries and jobs, whatever is being done with it.

    It is there for nobody from then on, and all of it is removed within minutes, for good.
    """
    recordings.delete(seen_by(caller, recordings.find(recording_id)))
    _tell(caller, 1, failed=0)


def _failures(found: list[Recording], recordings: Recordings) -> Iterator[tuple[str, tuple[str, str]]]:
    """Delete recordings side by side; yield those that could not be, with a code and a sentence."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for recording, deletion in [(one, pool.submit(recordings.delete, one)) for one in found]:
            try:
                deletion.result()
            except ParleyError as error:
                yield recording.id, (error.code, error.detail)
            except Exception:  # noqa: BLE001 (one that breaks says so, and holds up no other)
                log.error("a recording could not be deleted", recording_id=recording.id)
                yield recording.id, BROKEN


def _tell(caller: Caller, wanted: int, *, failed: int) -> None:
    log.info("recordings deleted", by=caller.user_id, wanted=wanted, failed=failed)
