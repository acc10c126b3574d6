"""Announce a recording, or send a small one at once."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import File, Form, UploadFile

from functions.api.callers import RecordingsWriter
from functions.api.forms import MOST_FILE_BYTES, validated
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.core.accounts.model import Caller
from functions.core.errors import Invalid, TooLarge
from functions.core.ids import new_id
from functions.core.observability import log
from functions.core.recordings.media import source_key
from functions.core.recordings.model import Recording, default_process, is_media_type
from functions.core.settings import Uploads
from functions.recordings.parts import TheClock, TheJobs, TheMedia, TheRecordings, TheUploads, views_of
from functions.recordings.routes.door import router
from functions.recordings.schemas import (
    AnnouncedRecording,
    ReceivedRecording,
    RecordingRequest,
    RecordingView,
    UploadView,
)


@router.post("/recordings", status_code=201, responses=problems(TooLarge, Invalid))
def announce_recording(
    request: RecordingRequest,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    jobs: TheJobs,
    media: TheMedia,
    uploads: TheUploads,
    clock: TheClock,
    idempotency_key: IdempotencyKey = None,
) -> AnnouncedRecording:
    """Announce a recording and get a signed form to send its bytes to.

    The form takes exactly the announced size and type, once, for an hour. What `process` names starts by itself when
    the bytes are there; nothing else has to be called.
    """
    recording = recordings.add(_announced(request, caller, uploads, clock()), idempotency_key=idempotency_key)
    form = media.upload_form(recording, life=timedelta(minutes=uploads.upload_minutes))
    log.info("recording announced", recording_id=recording.id, size=recording.size)
    view, *_ = views_of([recording], jobs, clock)
    return AnnouncedRecording(recording=view, upload=UploadView.of(form))


@router.post("/uploads", status_code=201, responses=problems(TooLarge, Invalid))
def upload_small_recording(
    file: Annotated[UploadFile, File(description="At most 4 MB")],
    caller: RecordingsWriter,
    recordings: TheRecordings,
    media: TheMedia,
    uploads: TheUploads,
    clock: TheClock,
    title: Annotated[str | None, Form(max_length=200)] = None,
    language: Annotated[str | None, Form(max_length=3)] = None,
) -> ReceivedRecording:
    """Send a small recording in one call; it is transcribed and summarised.

    Larger ones go through `POST /v1/recordings`.
    """
    body = file.file.read(MOST_FILE_BYTES + 1)
    if len(body) > MOST_FILE_BYTES:
        raise TooLarge("This way takes 4 MB at most; use POST /v1/recordings.", limit_bytes=MOST_FILE_BYTES)
    if not body:
        raise Invalid("The file is empty.", code="empty-file")
    request = {
        "filename": file.filename or "recording",
        "size": len(body),
        "content_type": file.content_type or "application/octet-stream",
        "title": title or None,
        "language": language or None,
    }
    recording = recordings.add(_announced(validated(RecordingRequest, request), caller, uploads, clock()))
    media.write(source_key(recording), body, content_type=recording.content_type)
    log.info("small recording sent", recording_id=recording.id, size=recording.size)
    return ReceivedRecording(recording=RecordingView.of(recording, [], clock()))


def _announced(request: RecordingRequest, caller: Caller, uploads: Uploads, now: datetime) -> Recording:
    if request.size > uploads.max_upload_bytes:
        raise TooLarge(
            f"A recording may have {uploads.max_upload_bytes} bytes at most.",
            code="recording-too-large",
            limit_bytes=uploads.max_upload_bytes,
        )
    if not is_media_type(request.content_type):
        raise Invalid(f"{request.content_type} is neither audio nor video.", code="unsupported-media-type")
    processes = request.processes()
    return Recording(
        id=new_id("recording"),
        owner_id=caller.user_id,
        filename=request.filename,
        title=request.title_or_name(),
        size=request.size,
        content_type=request.content_type,
        request_id=log.request_id() or new_id("request"),
        created_at=now,
        upload_until=now + timedelta(minutes=uploads.upload_minutes),
        process=default_process() if processes is None else processes,
        language=request.language,
        location_id=request.location_id,
        recorded_at=request.recorded_at,
    )
