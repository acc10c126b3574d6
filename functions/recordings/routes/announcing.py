"""Announce a recording, or send a small one at once."""

import hashlib
import json
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import File, Form, Response, UploadFile
from fastapi.exceptions import RequestValidationError

from functions.api.announcements import FormUpload, announced
from functions.api.callers import RecordingsWriter
from functions.api.forms import MOST_FILE_BYTES, validated
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.core.accounts.model import Caller
from functions.core.errors import Invalid, TooLarge
from functions.core.jobs.model import Kind
from functions.core.observability import log
from functions.core.presets.wishes import Wishes
from functions.core.recordings.media import Media, source_key
from functions.core.recordings.model import (
    MediaKind,
    Process,
    Recording,
    RecordingStatus,
    default_process,
    media_kind_of,
)
from functions.core.recordings.multipart import MultipartUploads
from functions.recordings.parts import (
    TheClock,
    TheJobs,
    TheKeeping,
    TheLocations,
    TheMedia,
    TheMultipart,
    TheRecordings,
    TheUploads,
    TheWishes,
    views_of,
)
from functions.recordings.routes.door import router
from functions.recordings.upload_schemas import (
    AnnouncedRecording,
    Announcement,
    MultipartUpload,
    PutUpload,
    ReceivedRecording,
    Upload,
    UploadMethod,
)

FORM_BYTES: Final = 64 * 1024**2
"""What a broken line costs nobody much: larger files come in parts, unless asked for otherwise."""

ONE_REQUEST_BYTES: Final = 5 * 1024**3
"""S3 takes no more in one request."""

FIRST_PARTS: Final = 100
"""Parts that are signed with the answer to an announcement."""

_THERE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": AnnouncedRecording, "description": "You have uploaded these bytes before; nothing was made"}
}
_RECEIVED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": ReceivedRecording, "description": "You have uploaded these bytes before; nothing was made"}
}


@router.post("/recordings", status_code=201, responses=_THERE | problems(TooLarge, Invalid))
def announce_recording(
    request: Announcement,
    response: Response,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    locations: TheLocations,
    jobs: TheJobs,
    media: TheMedia,
    multipart: TheMultipart,
    uploads: TheUploads,
    keeping: TheKeeping,
    wishes: TheWishes,
    clock: TheClock,
    idempotency_key: IdempotencyKey = None,
) -> AnnouncedRecording:
    """Announce a recording and learn how to send its bytes: by a signed form, or above 64 MB in parts.

    A form or a PUT takes exactly the announced size and type, and for an hour; an upload in parts may be gone on with
    for two days. What `process` names starts by itself when the bytes are there; nothing else has to be called, but
    for `complete` after the parts.

    The same Idempotency-Key again answers the same recording, with a fresh form or the same parts; `upload` is null
    where nothing is to be sent any more.
    """
    method, life = _method(request), timedelta(minutes=uploads.upload_minutes)
    process = _process(request, caller, wishes)
    wanted = announced(request, caller, process=process, uploads=uploads, keeping=keeping, now=clock())
    if request.location_id is not None:
        locations.need(request.location_id)
    there = None if request.allow_duplicate else recordings.find_same(wanted)
    if there is not None:
        response.status_code = 200
        return AnnouncedRecording(recording=views_of([there], jobs, clock)[0], upload=None, duplicate=True)
    recording = recordings.add(wanted, idempotency_key=idempotency_key)
    if recording.id != wanted.id:
        recording = recordings.change(recording, lambda fresh: fresh.promised(clock() + life))
    upload: Upload | None = None
    if recording.stored_status is RecordingStatus.AWAITING_UPLOAD:
        upload = _upload(recording, method, media, multipart, checked=request.part_checksums, life=life)
    log.info("recording announced", recording_id=recording.id, size=recording.size, method=method)
    return AnnouncedRecording(recording=views_of([recording], jobs, clock)[0], upload=upload)


@router.post("/uploads", status_code=201, responses=_RECEIVED | problems(TooLarge, Invalid))
def upload_small_recording(
    file: Annotated[UploadFile, File(description="At most 4 MB")],
    response: Response,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    locations: TheLocations,
    jobs: TheJobs,
    media: TheMedia,
    uploads: TheUploads,
    keeping: TheKeeping,
    wishes: TheWishes,
    clock: TheClock,
    title: Annotated[str | None, Form(max_length=200)] = None,
    language: Annotated[str | None, Form(max_length=3)] = None,
    location_id: Annotated[str | None, Form(max_length=64)] = None,
    recorded_at: Annotated[str | None, Form(max_length=64, description="A date and time as ISO 8601 writes it")] = None,
    process: Annotated[
        str | None, Form(max_length=20_000, description="As in `POST /v1/recordings`, written as JSON")
    ] = None,
    allow_duplicate: Annotated[  # noqa: FBT002 (the interface's word)
        bool, Form(description="Make a recording even if you have uploaded these bytes")
    ] = False,
    idempotency_key: IdempotencyKey = None,
) -> ReceivedRecording:
    """Send a small recording in one call; without `process` it is transcribed and summarised.

    Larger ones go through `POST /v1/recordings`.
    """
    body = _body_of(file)
    request = {
        "filename": file.filename or "recording",
        "size": len(body),
        "content_type": file.content_type or "application/octet-stream",
        "title": title or None,
        "language": language or None,
        "location_id": location_id or None,
        "recorded_at": recorded_at or None,
        "process": _json(process),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    asked = validated(Announcement, request)
    to_do = _process(asked, caller, wishes)
    wanted = announced(asked, caller, process=to_do, uploads=uploads, keeping=keeping, now=clock())
    if wanted.location_id is not None:
        locations.need(wanted.location_id)
    there = None if allow_duplicate else recordings.find_same(wanted)
    if there is not None:
        response.status_code = 200
        return ReceivedRecording(recording=views_of([there], jobs, clock)[0], duplicate=True)
    recording = recordings.add(wanted, idempotency_key=idempotency_key)
    if recording.stored_status is RecordingStatus.AWAITING_UPLOAD:
        # Also where the request before this one has died between its promise and its bytes.
        media.write(source_key(recording), body, content_type=recording.content_type)
        log.info("small recording sent", recording_id=recording.id, size=recording.size)
    return ReceivedRecording(recording=views_of([recording], jobs, clock)[0])


def _method(request: Announcement) -> UploadMethod:
    method = request.upload_method or ("POST" if request.size <= FORM_BYTES else "multipart")
    if method != "multipart" and request.size > ONE_REQUEST_BYTES:
        raise TooLarge(
            "One request takes 5 GiB at most; larger files go in parts.",
            limit_bytes=ONE_REQUEST_BYTES,
            use='"upload_method": "multipart"',
        )
    return method


def _upload(
    recording: Recording,
    method: UploadMethod,
    media: Media,
    multipart: MultipartUploads,
    *,
    checked: bool,
    life: timedelta,
) -> Upload:
    match method:
        case "POST":
            return FormUpload.of(media.upload_form(recording, life=life))
        case "PUT":
            return PutUpload.of(media.upload_request(recording, life=life))
        case "multipart":
            begun = multipart.begin(recording, checked=checked)
            return MultipartUpload.of(begun, multipart.sign_first(begun, most=FIRST_PARTS, life=life))


def _body_of(file: UploadFile) -> bytes:
    body = file.file.read(MOST_FILE_BYTES + 1)
    if len(body) > MOST_FILE_BYTES:
        raise TooLarge(
            "A file that comes with its request may have 4 MB at most; announce a larger one with POST /v1/recordings.",
            limit_bytes=MOST_FILE_BYTES,
            use="POST /v1/recordings",
        )
    if not body:
        raise Invalid("The file is empty.", code="empty-file")
    return body


def _json(text: str | None) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        found = {"loc": ("body", "process"), "msg": f"is no JSON: {error}", "type": "json_invalid"}
        raise RequestValidationError([found]) from error


def _process(request: Announcement, caller: Caller, wishes: Wishes) -> tuple[Process, ...]:
    if request.process is None:
        return default_process()
    process = wishes.granted(request.process, owner_id=caller.user_id)
    is_audio = media_kind_of(request.content_type) is MediaKind.AUDIO
    if is_audio and any(one.kind is Kind.ASCII_VIDEO for one in process):
        raise Invalid(f"A file of {request.content_type} has no picture to be turned into ASCII.", code="no-video")
    return process
