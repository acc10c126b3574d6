"""Announce or send a recording, list, read, download; read its transcript and its summary."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Path, Query, Response, UploadFile
from fastapi.responses import RedirectResponse

from functions.api.callers import RecordingsReader, RecordingsWriter
from functions.api.forms import MOST_FILE_BYTES, validated
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.api.results import ANSWER_BYTES, answer_with
from functions.api.services import service
from functions.core.accounts.model import Caller
from functions.core.clock import utc_now
from functions.core.errors import Conflict, Invalid, NotFound, TooLarge
from functions.core.ids import new_id
from functions.core.jobs.caption_layout import Layout
from functions.core.jobs.captions import DEFAULT_LAYOUT
from functions.core.jobs.documents import Heading
from functions.core.jobs.exports import FORMATS, Format, Style
from functions.core.jobs.model import Kind
from functions.core.jobs.results import Transcript, transcript_from_json
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.media import Media, attachment, source_key
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

router = APIRouter(prefix="/v1", tags=["recordings"])

TheRecordings = Annotated[Recordings, Depends(service(Recordings))]
TheJobs = Annotated[Jobs, Depends(service(Jobs))]
TheMedia = Annotated[Media, Depends(service(Media))]
TheUploads = Annotated[Uploads, Depends(service(Uploads))]
RecordingId = Annotated[str, Path(max_length=64, description="`rec_...`")]


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
            "description": "The transcript, as a file named after the recording",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/plain": {"schema": {"type": "string"}},
                "application/x-subrip": {"schema": {"type": "string"}},
                "text/vtt": {"schema": {"type": "string"}},
                "text/tab-separated-values": {"schema": {"type": "string"}},
                FORMATS["docx"].media_type: {"schema": {"type": "string", "format": "binary"}},
            },
        },
        307: {"description": "A transcript too large for an answer, at a signed address"},
        **problems(NotFound, Conflict, TooLarge, Invalid),
    },
)
def read_transcript(
    recording_id: RecordingId,
    caller: RecordingsReader,
    recordings: TheRecordings,
    jobs: TheJobs,
    media: TheMedia,
    format: Annotated[  # noqa: A002 (the interface's word)
        Literal["json", "txt", "srt", "vtt", "tsv", "docx"],
        Query(description="`json` has words and times; the others are files to read, show or import"),
    ] = "json",
    max_line_length: Annotated[
        int,
        Query(ge=10, le=200, description="Characters in a line of `srt` and `vtt`; the other formats ignore it"),
    ] = DEFAULT_LAYOUT.max_line_length,
    max_lines: Annotated[
        int, Query(ge=1, le=5, description="Lines in a caption of `srt` and `vtt`; the other formats ignore it")
    ] = DEFAULT_LAYOUT.max_lines,
    speakers: Annotated[  # noqa: FBT002 (the interface's word)
        bool, Query(description="Whether to name who speaks, where that is known; `json` always does")
    ] = True,
) -> Response:
    """Read what was said, in the format of your choice.

    - `json`: segments, words, times, speakers.
    - `txt`: a line for each segment.
    - `srt`, `vtt`: captions. What is too long for one caption is divided among several, cut after punctuation where
      possible, between words or, in scripts without spaces, between characters, and timed by its words. Only a word
      that is longer than a line makes a longer line. Captions never overlap: of people who speak at once, one is shown
      after the other.
    - `tsv`: a table as Whisper writes it, with `start` and `end` in milliseconds and the `text`; nothing is quoted. It
      has a column `speaker` where speakers are known.
    - `docx`: a document for a word processor, a paragraph for each turn of a speaker.

    In `txt` and `srt` a speaker is named where they begin to speak, in `vtt` in each cue (`<v Anna>`).
    """
    recording = owned(recordings.find(recording_id), caller.user_id)
    key = outcome(recording, jobs.get_many(recording.job_ids), Kind.TRANSCRIBE, utc_now())
    filename = f"{recording.title}.{format}"
    if format == "json":
        answer = answer_with(media, key, filename=filename)
    else:
        style = Style(
            Heading(recording.title, recording.recorded_at or recording.created_at),
            Layout(max_line_length, max_lines),
            speakers=speakers,
        )
        answer = _file(transcript_from_json(media.read(key)), FORMATS[format], style)
    answer.headers["Content-Disposition"] = attachment(filename)
    return answer


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


def _file(transcript: Transcript, form: Format, style: Style) -> Response:
    body = form.render(transcript, style)
    if len(body) > ANSWER_BYTES:
        raise TooLarge("In this format the transcript is larger than an answer may be; take it as json.")
    return Response(body, media_type=form.media_type)


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
