"""Looking on until a recording's jobs are over."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from parley.answers import Recording, Summary, Transcript
from parley.client import Api
from parley.errors import Unreachable
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

    @property
    def failures(self) -> list[str]:
        """Why not all of it worked; empty when it did."""
        if self.recording.status == "expired":
            return ["The file never arrived, and the time for its upload is over. (expired)"]
        if self.recording.status == "refused":
            return [str(self.recording.error or "The upload was refused.")]
        return [
            f"{job.kind}: {job.error or f'the job was {job.status}'}"
            for job in self.recording.newest_jobs.values()
            if job.status != "succeeded"
        ]

    def as_json(self) -> dict[str, Any]:
        """Return it for programs, with all that the server said."""
        return {
            "recording": self.recording.raw,
            "transcript": self.transcript.raw if self.transcript else None,
            "summary": self.summary.raw if self.summary else None,
        }


def watch(api: Api, recording_id: str, *, sleep: Callable[[float], None], say: Say) -> Outcome:
    """Show the recording's jobs until they are over, then fetch what they made."""
    try:
        with jobs_progress(say) as show:
            recording = _until_over(api, recording_id, sleep=sleep, show=show)
    except KeyboardInterrupt:
        say(f"The work goes on. Look again with: parley watch {recording_id}")
        raise
    done = {kind for kind, job in recording.newest_jobs.items() if job.status == "succeeded"}
    return Outcome(
        recording,
        transcript=api.transcript(recording_id) if "transcribe" in done else None,
        summary=api.summary(recording_id) if "summarise" in done else None,
    )


def _until_over(
    api: Api, recording_id: str, *, sleep: Callable[[float], None], show: Callable[[Recording], None]
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
            if recording.is_over:
                return recording
        sleep(pause)
        # Often at first, as short recordings are done in seconds; seldom later, as long ones are not.
        pause = min(LONGEST_PAUSE, pause * GROWTH)
