"""Correct a transcript, and take corrections back."""

from typing import Annotated

from fastapi import Depends

from functions.api.callers import RecordingsWriter
from functions.api.problems import problems
from functions.api.services import service
from functions.core.clock import Clock
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.jobs.model import Job, Kind
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.correcting import Correcting
from functions.core.recordings.model import Recording
from functions.core.recordings.outcomes import outcome
from functions.core.recordings.store import seen_by
from functions.recordings.correction_schemas import CorrectedView, CorrectionsRequest
from functions.recordings.parts import RecordingId, TheClock, TheJobs, TheRecordings
from functions.recordings.routes.door import router

TheCorrecting = Annotated[Correcting, Depends(service(Correcting))]


@router.patch("/recordings/{recording_id}/transcript", responses=problems(NotFound, Conflict, Invalid))
def correct_transcript(
    recording_id: RecordingId,
    request: CorrectionsRequest,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    jobs: TheJobs,
    correcting: TheCorrecting,
    clock: TheClock,
) -> CorrectedView:
    """Correct what was said and who said it; times stay.

    Segments keep their start and end, words that are still there keep their times, and new ones share out the time of
    those that they replace. The transcript is read corrected from now on, in every format; summaries that are made
    from now on read it corrected, and so does the search. The original stays: `?version=original`. Corrections belong
    to the transcript that they were made in; a later transcription begins without any.
    """
    recording = seen_by(caller, recordings.find(recording_id))
    job = _transcribed(recording, jobs, clock)
    transcript = correcting.correct(
        recording,
        job,
        texts={one.id: one.text for one in request.segments if "text" in one.model_fields_set},
        speakers={one.id: one.speaker for one in request.segments if "speaker" in one.model_fields_set},
        names=request.speakers,
    )
    log.info("transcript corrected", recording_id=recording.id, segments=len(transcript.corrected))
    return CorrectedView(
        recording_id=recording.id, job_id=job.id, segments=list(transcript.corrected), words=transcript.word_count
    )


@router.delete(
    "/recordings/{recording_id}/transcript/corrections", status_code=204, responses=problems(NotFound, Conflict)
)
def take_corrections_back(
    recording_id: RecordingId,
    caller: RecordingsWriter,
    recordings: TheRecordings,
    jobs: TheJobs,
    correcting: TheCorrecting,
    clock: TheClock,
) -> None:
    """Forget all corrections of the newest transcript."""
    recording = seen_by(caller, recordings.find(recording_id))
    correcting.take_back(recording, _transcribed(recording, jobs, clock))


def _transcribed(recording: Recording, jobs: Jobs, clock: Clock) -> Job:
    return outcome(recording, jobs.get_many(recording.job_ids), Kind.TRANSCRIBE, clock())
