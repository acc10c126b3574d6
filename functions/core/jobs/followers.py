"""What happens to the jobs that wait for another one's result. Safe to do again."""

from functions.core.jobs.model import Job, JobAlreadyFinished
from functions.core.jobs.queue import Queues
from functions.core.jobs.store import TRANSCRIPT_MISSING, Jobs
from functions.core.recordings.store import Recordings


def wake_followers(job: Job, *, jobs: Jobs, recordings: Recordings, queues: Queues) -> None:
    """Enqueue what waited for a job that has succeeded."""
    for follower in _waiting_for(job, jobs, recordings):
        queues.enqueue(follower)


def end_followers(job: Job, *, jobs: Jobs, recordings: Recordings) -> None:
    """End what waited for a job that came to nothing."""
    for follower in _waiting_for(job, jobs, recordings):
        try:
            jobs.bury(follower.id, TRANSCRIPT_MISSING)
        except JobAlreadyFinished:
            continue


def _waiting_for(job: Job, jobs: Jobs, recordings: Recordings) -> list[Job]:
    recording = recordings.find(job.recording_id)
    if recording is None:
        return []
    return [one for one in jobs.get_many(recording.job_ids) if one.after == job.id and not one.is_finished]
