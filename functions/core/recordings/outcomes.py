"""Which result of a recording is the one to show, or why there is none; pure."""

from datetime import datetime
from typing import Final

from functions.core.errors import Conflict, NotFound
from functions.core.jobs.model import Job, Kind, newest_result
from functions.core.recordings.model import Recording

NAME_OF: Final = {Kind.TRANSCRIBE: "transcript", Kind.SUMMARISE: "summary", Kind.ASCII_VIDEO: "ascii-video"}


def outcome(recording: Recording, jobs: list[Job], kind: Kind, now: datetime) -> Job:
    """Return the newest job of a kind that left a result; a later attempt that failed does not hide it.

    Raises:
        NotFound: nobody asked for one.
        Conflict: there is none yet, or there will be none.
    """
    done = newest_result(jobs, kind)
    if done is not None and done.result_key is not None:
        return done
    name = NAME_OF[kind]
    recording.need_bytes(now)
    newest = max((job for job in jobs if job.kind is kind), key=lambda job: job.id, default=None)
    if newest is None:
        raise NotFound(f"Nobody asked for a {name} of this recording.", code=f"no-{name}")
    if not newest.is_finished:
        raise Conflict(
            f"The {name} is not ready: its job is {newest.status}.",
            code="job-not-finished",
            job_id=newest.id,
            progress=newest.progress,
        )
    why = newest.error.detail if newest.error else f"Its job was {newest.status}."
    raise Conflict(f"There is no {name}. {why}", code=f"{name}-failed", job_id=newest.id)
