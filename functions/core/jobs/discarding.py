"""How a job goes for good, with all that it made. It may be interrupted anywhere and begin again."""

from contextlib import suppress

from functions.core.errors import NotFound
from functions.core.jobs.model import Job
from functions.core.jobs.store import Jobs
from functions.core.recordings.media import Media, results_of
from functions.core.recordings.store import Recordings
from functions.core.table import Changed


def discard(job: Job, *, jobs: Jobs, recordings: Recordings, media: Media) -> None:
    """Remove a job that has ended: from its recording, its results with every version, and itself.

    The job goes last, for the rest is found by it. What a worker leaves that has not heard of it, that removes itself.
    """
    recording = recordings.find(job.recording_id)
    if recording is not None:
        with suppress(NotFound):
            recordings.change(
                recording,
                lambda fresh: fresh.without_job(job.id, jobs.get_many([one for one in fresh.job_ids if one != job.id])),
            )
    # After that: nobody corrects a transcript any more that is none of its recording's.
    media.remove_all(results_of(job.id))
    left: Job | None = job
    while left is not None:
        try:
            return jobs.erase(left)
        except Changed:
            left = jobs.find(job.id)
    return None
