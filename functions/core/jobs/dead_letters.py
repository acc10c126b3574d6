"""What becomes of a message that nobody could work off: its job ends with a reason, so that nobody waits for ever."""

import json
from collections.abc import Mapping

from functions.core.errors import NotFound
from functions.core.jobs.followers import settle_followers
from functions.core.jobs.model import Failure, Job, JobAlreadyFinished
from functions.core.jobs.queue import JobMessage, MalformedMessage, Queues
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.store import Recordings

UNREADABLE = Failure("message-unreadable", "The message that announced this job could not be read.")
EXHAUSTED = Failure("attempts-exhausted", "The job was tried several times and did not come through.")


class DeadLetters:
    """Ends the jobs of dead messages."""

    def __init__(self, *, jobs: Jobs, recordings: Recordings, queues: Queues) -> None:
        self._jobs = jobs
        self._recordings = recordings
        self._queues = queues

    def bury(self, body: str, attributes: Mapping[str, str]) -> None:
        """End the job that a dead message names, in its body or beside it."""
        try:
            message = JobMessage.from_json(body)
            job_id, failure = message.job_id, EXHAUSTED
            log.bind_request(message.request_id, job_id=job_id)
        except MalformedMessage as error:
            job_id, failure = attributes.get("job_id") or _any_job_id(body), UNREADABLE
            log.error("a message could not be read", reason=str(error), job_id=job_id)
        if job_id:
            self._end(job_id, failure)

    def _end(self, job_id: str, failure: Failure) -> None:
        try:
            job = self._jobs.bury(job_id, _with_last_error(failure, self._jobs.get(job_id)))
        except NotFound:
            log.warning("a dead message names no job of ours", job_id=job_id)
            return
        except JobAlreadyFinished:
            job = self._jobs.get(job_id)
        else:
            log.error("job is dead", job_id=job_id, attempts=job.attempts, code=failure.code)
        # A worker may have finished the job with its last try and died before anything else.
        settle_followers(job, jobs=self._jobs, recordings=self._recordings, queues=self._queues)


def _with_last_error(failure: Failure, job: Job) -> Failure:
    return failure if job.error is None else Failure(failure.code, f"{failure.detail} {job.error.detail}")


def _any_job_id(body: str) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    return str(found.get("job_id", "")) if isinstance(found, dict) else ""
