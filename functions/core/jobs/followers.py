"""What happens to the jobs that wait for another one's result, and to their recording. Safe to do again."""

from contextlib import suppress

from functions.core.jobs.model import Job, JobAlreadyFinished, Kind, Status, newest_result
from functions.core.jobs.queue import Queues
from functions.core.jobs.store import TRANSCRIPT_MISSING, Jobs
from functions.core.recordings.store import Recordings


def settle_followers(job: Job, *, jobs: Jobs, recordings: Recordings, queues: Queues) -> None:
    """Enqueue what waited for a job that has succeeded; end what waited for one that came to nothing, as that did.

    Where an earlier job has left a transcript, a later one that fails leaves that to be summarised.
    """
    recording = recordings.find(job.recording_id)
    if recording is None:
        return
    siblings = jobs.get_many(recording.job_ids)
    has_transcript = newest_result(siblings, Kind.TRANSCRIBE) is not None
    for follower in siblings:
        if follower.after != job.id or follower.is_finished:
            continue
        if job.status is Status.SUCCEEDED or (job.status is Status.FAILED and has_transcript):
            queues.enqueue(follower)
            continue
        with suppress(JobAlreadyFinished):
            if job.status is Status.CANCELLED:
                jobs.cancel(follower)
            else:
                jobs.bury(follower.id, TRANSCRIPT_MISSING)
    recordings.take_stock(recording.id)
