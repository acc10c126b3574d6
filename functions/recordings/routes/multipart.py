"""Send a recording in parts: sign them, see which are there, put them together, or give up."""

from datetime import timedelta

from functions.api.callers import RecordingsReader, RecordingsWriter
from functions.api.problems import problems
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.recordings.store import seen_by
from functions.recordings.parts import (
    RecordingId,
    TheClock,
    TheJobs,
    TheMultipart,
    TheRecordings,
    TheUploads,
    views_of,
)
from functions.recordings.routes.door import router
from functions.recordings.upload_schemas import (
    CompleteRequest,
    PartList,
    PartsRequest,
    ReceivedRecording,
    SignedParts,
)


@router.post("/recordings/{recording_id}/parts", responses=problems(NotFound, Conflict, Invalid))
def sign_parts(
    recording_id: RecordingId,
    request: PartsRequest,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    multipart: TheMultipart,
    uploads: TheUploads,
) -> SignedParts:
    """Sign parts of an upload, for the first time or again; one that is sent twice counts as it came last.

    A signature works for an hour. With a part's checksum, S3 takes no other bytes.
    """
    recording = seen_by(caller, recordings.find(recording_id))
    life = timedelta(minutes=uploads.upload_minutes)
    return SignedParts.of(multipart.sign(recording, request.checksums(), life=life))


@router.get("/recordings/{recording_id}/parts", responses=problems(NotFound, Conflict))
def list_parts(
    recording_id: RecordingId, caller: RecordingsReader, recordings: TheRecordings, multipart: TheMultipart
) -> PartList:
    """List the parts that are there, to go on with an upload that was interrupted."""
    recording = seen_by(caller, recordings.find(recording_id))
    return PartList.of(recording, multipart.parts(recording))


@router.post("/recordings/{recording_id}/complete", responses=problems(NotFound, Conflict, Invalid))
def complete_upload(
    recording_id: RecordingId,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    jobs: TheJobs,
    multipart: TheMultipart,
    clock: TheClock,
    request: CompleteRequest | None = None,
) -> ReceivedRecording:
    """Put the parts together, once all are there; it may be called again.

    Parts that you name are held against what is there. Where some are missing or differ, the answer says which; send
    them, and call again: nothing is lost. The recording is `uploaded` a moment later.
    """
    recording = seen_by(caller, recordings.find(recording_id))
    multipart.complete(recording, request.sent() if request else [])
    return ReceivedRecording(recording=views_of([recording], jobs, clock)[0])


@router.delete("/recordings/{recording_id}/parts", status_code=204, responses=problems(NotFound, Conflict))
def give_upload_up(
    recording_id: RecordingId, caller: RecordingsWriter, recordings: TheRecordings, multipart: TheMultipart
) -> None:
    """Give an upload up: what was sent is deleted, and the recording is `expired`; it may be called again."""
    multipart.give_up(seen_by(caller, recordings.find(recording_id)))
