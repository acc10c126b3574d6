"""What happens to the jobs that wait for another one's result. Safe to do again."""

from contextlib import suppress

from functions.core.jobs.model import Job, JobAlreadyFinished, Status
from functions.core.jobs.queue import Queues
from functions.core.jobs.store import TRANSCRIPT_MISSING, Jobs
from functions.core.recordings.store import Recordings


def settle_followers(job: Job, *, jobs: Jobs, recordings: Recordings, queues: Queues) -> None:
    """Enqueue what waited for a job that has succeeded; end what waited for one that came to nothing, as that did."""
    for follower in _waiting_for(job, jobs, recordings):
        if job.status is Status.SUCCEEDED:
            queues.enqueue(follower)
            continue
        with suppress(JobAlreadyFinished):
            if job.status is Status.CANCELLED:
                jobs.cancel(follower)
            else:
                jobs.bury(follower.id, TRANSCRIPT_MISSING)


def _waiting_for(job: Job, jobs: Jobs, recordings: Recordings) -> list[Job]:
    recording = recordings.find(job.recording_id)
    if recording is None:
        return []
    return [one for one in jobs.get_many(recording.job_ids) if one.after == job.id and not one.is_finished]
