"""Announce or send a recording, list, read, download; read its transcript and its summary."""

from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, File, Form, Header, Path, Query, Response, UploadFile
from fastapi.responses import RedirectResponse

from functions.api.callers import RecordingsReader, RecordingsWriter
from functions.api.forms import validated
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.api.results import answer_with
from functions.api.services import service
from functions.core.accounts.model import Caller
from functions.core.clock import utc_now
from functions.core.errors import Conflict, Invalid, NotFound, TooLarge
from functions.core.ids import new_id
from functions.core.jobs.captions import to_srt, to_txt, to_vtt
from functions.core.jobs.model import Kind
from functions.core.jobs.results import transcript_from_json
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.media import Media, source_key
from functions.core.recordings.model import Recording, RecordingStatus, default_process, is_media_type
from functions.core.recordings.store import Recordings, owned
from functions.core.settings import Uploads
from functions.recordings.outcomes import outcome
from functions.recordings.schemas import (
    AnnouncedRecording,
    ReceivedRecording,
    RecordingRequest,
    RecordingView,
    UploadView,
)

SMALL_UPLOAD_BYTES: Final = 4 * 1024**2
"""A Lambda takes 6 MB, of which base64 leaves 4.5."""

router = APIRouter(prefix="/v1", tags=["recordings"])

TheRecordings = Annotated[Recordings, Depends(service(Recordings))]
TheJobs = Annotated[Jobs, Depends(service(Jobs))]
TheMedia = Annotated[Media, Depends(service(Media))]
TheUploads = Annotated[Uploads, Depends(service(Uploads))]
RecordingId = Annotated[str, Path(max_length=64, description="`rec_...`")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="The same key and body again answer the same recording; kept for 24 hours",
    ),
]


@router.post("/recordings", status_code=201, responses=problems(TooLarge, Invalid))
def announce_recording(
    request: RecordingRequest,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    jobs: TheJobs,
    media: TheMedia,
    uploads: TheUploads,
    idempotency_key: IdempotencyKey = None,
) -> AnnouncedRecording:
    """Announce a recording and get a signed form to send its bytes to.

    The form takes exactly the announced size and type, once, for an hour. What `process` names starts by itself when
    the bytes are there; nothing else has to be called.
    """
    recording = recordings.add(_announced(request, caller, uploads), idempotency_key=idempotency_key)
    form = media.upload_form(recording, life=timedelta(minutes=uploads.upload_minutes))
    log.info("recording announced", recording_id=recording.id, size=recording.size)
    view = RecordingView.of(recording, jobs.get_many(recording.job_ids), utc_now())
    return AnnouncedRecording(recording=view, upload=UploadView.of(form))


@router.post("/uploads", status_code=201, responses=problems(TooLarge, Invalid))
def upload_small_recording(
    file: Annotated[UploadFile, File(description="At most 4 MB")],
    caller: RecordingsWriter,
    recordings: TheRecordings,
    media: TheMedia,
    uploads: TheUploads,
    title: Annotated[str | None, Form(max_length=200)] = None,
    language: Annotated[str | None, Form(max_length=3)] = None,
) -> ReceivedRecording:
    """Send a small recording in one call; it is transcribed and summarised.

    Larger ones go through `POST /v1/recordings`.
    """
    body = file.file.read(SMALL_UPLOAD_BYTES + 1)
    if len(body) > SMALL_UPLOAD_BYTES:
        raise TooLarge("This way takes 4 MB at most; use POST /v1/recordings.", limit_bytes=SMALL_UPLOAD_BYTES)
    if not body:
        raise Invalid("The file is empty.", code="empty-file")
    request = {
        "filename": file.filename or "recording",
        "size": len(body),
        "content_type": file.content_type or "application/octet-stream",
        "title": title or None,
        "language": language or None,
    }
    recording = recordings.add(_announced(validated(RecordingRequest, request), caller, uploads))
    media.write(source_key(recording), body, content_type=recording.content_type)
    log.info("small recording sent", recording_id=recording.id, size=recording.size)
    return ReceivedRecording(recording=RecordingView.of(recording, [], utc_now()))


@router.get("/recordings", responses=problems(Invalid))
def list_recordings(
    caller: RecordingsReader, recordings: TheRecordings, jobs: TheJobs, paging: CurrentPage
) -> Page[RecordingView]:
    """List my recordings, newest first, with their jobs."""
    return paging.page(
        f"recordings of {caller.user_id}",
        lambda before, limit: recordings.of_owner(caller.user_id, before=before, limit=limit),
        lambda recording: recording.id,
        lambda page: _views(list(page), jobs),
    )


@router.get("/recordings/{recording_id}", responses=problems(NotFound))
def read_recording(
    recording_id: RecordingId, caller: RecordingsReader, recordings: TheRecordings, jobs: TheJobs
) -> RecordingView:
    """Read a recording and how far its jobs are."""
    recording = owned(recordings.find(recording_id), caller.user_id)
    return _views([recording], jobs)[0]


@router.get(
    "/recordings/{recording_id}/audio",
    status_code=307,
    response_class=RedirectResponse,
    responses=problems(NotFound, Conflict),
)
def download_recording(
    recording_id: RecordingId, caller: RecordingsReader, recordings: TheRecordings, media: TheMedia
) -> RedirectResponse:
    """Download a recording under its own name, by a redirect to a signed address that takes ranges."""
    recording = owned(recordings.find(recording_id), caller.user_id)
    if recording.status(utc_now()) is not RecordingStatus.UPLOADED:
        raise Conflict("The recording's bytes are not here.", code="not-uploaded")
    url = media.download_url(
        source_key(recording),
        filename=recording.filename,
        content_type=recording.media_type or recording.content_type,
    )
    return RedirectResponse(url, 307)


@router.get(
    "/recordings/{recording_id}/transcript",
    response_class=Response,
    responses={
        200: {
            "description": "The transcript",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/plain": {"schema": {"type": "string"}},
                "application/x-subrip": {"schema": {"type": "string"}},
                "text/vtt": {"schema": {"type": "string"}},
            },
        },
        307: {"description": "A transcript too large for an answer, at a signed address"},
        **problems(NotFound, Conflict, Invalid),
    },
)
def read_transcript(
    recording_id: RecordingId,
    caller: RecordingsReader,
    recordings: TheRecordings,
    jobs: TheJobs,
    media: TheMedia,
    format: Annotated[  # noqa: A002 (the interface's word)
        Literal["json", "txt", "srt", "vtt"],
        Query(description="`json` has words and times; the others are plain files"),
    ] = "json",
) -> Response:
    """Read what was said: as JSON with segments, words and times, as text, or as captions."""
    recording = owned(recordings.find(recording_id), caller.user_id)
    key = outcome(recording, jobs.get_many(recording.job_ids), Kind.TRANSCRIBE, utc_now())
    if format == "json":
        return answer_with(media, key, filename=f"{recording.title}.json")
    media_type, render = _FORMATS[format]
    return Response(render(transcript_from_json(media.read(key))), media_type=media_type)


@router.get(
    "/recordings/{recording_id}/summary",
    response_class=Response,
    responses={
        200: {"description": "The summary", "content": {"application/json": {"schema": {"type": "object"}}}},
        **problems(NotFound, Conflict),
    },
)
def read_summary(
    recording_id: RecordingId, caller: RecordingsReader, recordings: TheRecordings, jobs: TheJobs, media: TheMedia
) -> Response:
    """Read the summary. Every bullet and action item names the ids of the transcript's segments it stands on.

    `coverage` is the share of the transcript that was read for it.
    """
    recording = owned(recordings.find(recording_id), caller.user_id)
    key = outcome(recording, jobs.get_many(recording.job_ids), Kind.SUMMARISE, utc_now())
    return Response(media.read(key), media_type="application/json")


_FORMATS: Final = {
    "txt": ("text/plain; charset=utf-8", to_txt),
    # https://www.iana.org/assignments/media-types has no SRT; this is what players know.
    "srt": ("application/x-subrip; charset=utf-8", to_srt),
    "vtt": ("text/vtt; charset=utf-8", to_vtt),
}


def _announced(request: RecordingRequest, caller: Caller, uploads: Uploads) -> Recording:
    if request.size > uploads.max_upload_bytes:
        raise TooLarge(
            f"A recording may have {uploads.max_upload_bytes} bytes at most.",
            code="recording-too-large",
            limit_bytes=uploads.max_upload_bytes,
        )
    if not is_media_type(request.content_type):
        raise Invalid(f"{request.content_type} is neither audio nor video.", code="unsupported-media-type")
    processes = request.processes()
    now = utc_now()
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


def _views(recordings: list[Recording], jobs: Jobs) -> list[RecordingView]:
    now = utc_now()
    found = {job.id: job for job in jobs.get_many([job_id for one in recordings for job_id in one.job_ids])}
    return [
        RecordingView.of(one, [found[job_id] for job_id in one.job_ids if job_id in found], now) for one in recordings
    ]
