"""Looking on until a recording's jobs are over, or one of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from parley.answers import Job, Recording, Summary, Transcript
from parley.client import Api
from parley.errors import Failure, Unreachable
from parley.progress import Say, jobs_progress

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 3.0
GROWTH: Final = 1.25
LOST_CONTACTS: Final = 10
"""So many rounds without an answer are borne: a laptop changes its network, the work goes on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a recording, and what can be read of it."""

    recording: Recording
    transcript: Transcript | None = None
    summary: Summary | None = None
    evidence: Transcript | None = None
    """What the summary was made of: perhaps an earlier transcript."""
    job: Job | None = None
    """The one that was looked at, where it was one alone."""

    @property
    def failures(self) -> list[str]:
        """Why not all of it worked; empty when it did."""
        if self.recording.status == "expired":
            return ["The file never arrived, and the time for its upload is over. (expired)"]
        if self.recording.status == "refused":
            return [str(self.recording.error or "The upload was refused.")]
        jobs = [self.job] if self.job else self.recording.newest_jobs.values()
        return [f"{job.kind}: {job.error or f'the job was {job.status}'}" for job in jobs if job.status != "succeeded"]

    def as_json(self) -> dict[str, Any]:
        """Return it for programs, with all that the server said."""
        return {
            "recording": self.recording.raw,
            "transcript": self.transcript.raw if self.transcript else None,
            "summary": self.summary.raw if self.summary else None,
        } | ({"job": self.job.raw} if self.job else {})


def watch(api: Api, recording_id: str, *, sleep: Callable[[float], None], say: Say) -> Outcome:
    """Show the recording's jobs until they are over, then fetch what they made."""
    recording = _look_on(api, recording_id, lambda now: now.is_over, sleep=sleep, say=say)
    return _outcome(api, recording, recording.newest_jobs.values())


def watch_job(  # noqa: PLR0913 - how, and what is said
    api: Api,
    recording_id: str,
    job_id: str,
    *,
    sleep: Callable[[float], None],
    say: Say,
    again: str | None = None,
) -> Outcome:
    """Show the recording's jobs until one of them is over, then fetch what that made.

    `again` is the command that goes on with it after Ctrl-C.
    """

    def is_over(now: Recording) -> bool:
        job = now.job(job_id)
        return job is None or job.is_over

    recording = _look_on(api, recording_id, is_over, sleep=sleep, say=say, again=again)
    job = recording.job(job_id)
    if job is None:
        raise Failure("The job is not there any more.")
    return replace(_outcome(api, recording, [job]), job=job)


def watch_for_job(
    api: Api, recording_id: str, kind: str, *, sleep: Callable[[float], None], say: Say
) -> tuple[Recording, Job]:
    """Wait until a recording is taken in that is to have a job of a kind; returns both.

    Raises:
        Failure: it was refused.
    """
    recording = _look_on(
        api, recording_id, lambda now: kind in now.newest_jobs or now.is_over, sleep=sleep, say=say, again=None
    )
    if kind not in recording.newest_jobs:
        raise Failure("; ".join(Outcome(recording).failures) or f"The server made no job of the kind {kind}.")
    return recording, recording.newest_jobs[kind]


def _outcome(api: Api, recording: Recording, jobs: Iterable[Job]) -> Outcome:
    done = {job.kind: job for job in jobs if job.status == "succeeded"}
    transcript = api.transcript(recording.id) if "transcribe" in done else None
    summary = api.summary(recording.id) if "summarise" in done else None
    evidence = evidence_of(api, recording, summary, transcript) if summary else None
    return Outcome(recording, transcript, summary, evidence)


def evidence_of(api: Api, recording: Recording, summary: Summary, newest: Transcript | None = None) -> Transcript:
    """Fetch the transcript that a summary was made of; `newest` is the recording's, if it is there already."""
    source = summary.transcript_job_id
    if source is not None and source != recording.newest_transcribed:
        return api.job_transcript(source)
    return newest or api.transcript(recording.id)


def _look_on(  # noqa: PLR0913 - as above
    api: Api,
    recording_id: str,
    is_over: Callable[[Recording], bool],
    *,
    sleep: Callable[[float], None],
    say: Say,
    again: str | None = None,
) -> Recording:
    try:
        with jobs_progress(say) as show:
            return _until(is_over, api, recording_id, sleep=sleep, show=show)
    except KeyboardInterrupt:
        say(f"The work goes on. Look again with: {again or f'parley watch {recording_id}'}")
        raise


def _until(
    is_over: Callable[[Recording], bool],
    api: Api,
    recording_id: str,
    *,
    sleep: Callable[[float], None],
    show: Callable[[Recording], None],
) -> Recording:
    pause, lost = FIRST_PAUSE, 0
    while True:
        try:
            recording = api.recording(recording_id)
        except Unreachable:
            lost += 1
            if lost > LOST_CONTACTS:
                raise
        else:
            lost = 0
            show(recording)
            if is_over(recording):
                return recording
        sleep(pause)
        # Often at first, as short recordings are done in seconds; seldom later, as long ones are not.
        pause = min(LONGEST_PAUSE, pause * GROWTH)
