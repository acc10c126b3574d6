"""Download a recording, read its transcript and its summary."""

from typing import Annotated, Literal

from fastapi import Query, Response
from fastapi.responses import RedirectResponse

from functions.api.callers import RecordingsReader
from functions.api.problems import problems
from functions.api.results import source_answer
from functions.api.transcripts import RESPONSES, WantedFormat, transcript_answer
from functions.core.errors import Conflict, Invalid, NotFound, TooLarge
from functions.core.jobs.model import Kind
from functions.core.recordings.correcting import transcript_key
from functions.core.recordings.model import RecordingStatus
from functions.core.recordings.outcomes import outcome
from functions.core.recordings.store import seen_by
from functions.recordings.parts import RecordingId, TheClock, TheJobs, TheMedia, TheRecordings
from functions.recordings.routes.door import router


@router.get(
    "/recordings/{recording_id}/audio",
    status_code=307,
    response_class=RedirectResponse,
    responses=problems(NotFound, Conflict),
)
def download_recording(
    recording_id: RecordingId, caller: RecordingsReader, recordings: TheRecordings, media: TheMedia, clock: TheClock
) -> RedirectResponse:
    """Download a recording under its own name, by a redirect to a signed address that takes ranges."""
    recording = seen_by(caller, recordings.find(recording_id))
    if recording.status(clock()) is not RecordingStatus.UPLOADED:
        raise Conflict("The recording's bytes are not here.", code="not-uploaded")
    return source_answer(media, recording)


@router.get(
    "/recordings/{recording_id}/transcript",
    response_class=Response,
    responses={
        **RESPONSES,
        **problems(NotFound, Conflict, TooLarge, Invalid),
    },
)
def read_transcript(
    recording_id: RecordingId,
    caller: RecordingsReader,
    recordings: TheRecordings,
    jobs: TheJobs,
    media: TheMedia,
    clock: TheClock,
    wish: WantedFormat,
    version: Annotated[
        Literal["corrected", "original"],
        Query(description="With what people have corrected, or as it was transcribed"),
    ] = "corrected",
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
    recording = seen_by(caller, recordings.find(recording_id))
    job = outcome(recording, jobs.get_many(recording.job_ids), Kind.TRANSCRIBE, clock())
    key = (job.result_key if version == "original" else transcript_key(recording, job)) or ""
    return transcript_answer(media, key, recording, wish)


@router.get(
    "/recordings/{recording_id}/summary",
    response_class=Response,
    responses={
        200: {"description": "The summary", "content": {"application/json": {"schema": {"type": "object"}}}},
        **problems(NotFound, Conflict),
    },
)
def read_summary(
    recording_id: RecordingId,
    caller: RecordingsReader,
    recordings: TheRecordings,
    jobs: TheJobs,
    media: TheMedia,
    clock: TheClock,
) -> Response:
    """Read the summary. Every bullet and action item names the ids of the transcript's segments it stands on.

    `coverage` is the share of the transcript that was read for it.
    """
    recording = seen_by(caller, recordings.find(recording_id))
    job = outcome(recording, jobs.get_many(recording.job_ids), Kind.SUMMARISE, clock())
    return Response(media.read(job.result_key or ""), media_type="application/json")
