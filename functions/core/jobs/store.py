"""Jobs in the library table, and the moves that workers and doors make with them.

Keys: `JOB#<id>`; listed under `OWNER#<owner>#JOBS` by id.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

from functions.core.clock import Clock
from functions.core.collection import Collection, Listing
from functions.core.errors import NotFound
from functions.core.jobs.model import ClaimLost, Failure, Job, JobAlreadyFinished
from functions.core.table import TRANSACTION_LIMIT, Changed, Document, Put, Table, Where

MOST_LOOKED_AT: Final = 1000
"""Jobs that one page of a filtered list looks at."""
TRANSCRIPT_MISSING: Final = Failure("transcript-missing", "There is no transcript to summarise: its job has failed.")


def job_key(job_id: str) -> str:
    """Return the table key of a job."""
    return f"JOB#{job_id}"


class Jobs:
    """All jobs. Methods that take a `Job` expect one held by a claim and refuse late writers with ClaimLost."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._jobs = Collection(table, Job, key=job_key, listed_under=lambda job: (_list_of(job.owner_id), job.id))

    def find(self, job_id: str) -> Job | None:
        """Read a job, or None."""
        return self._jobs.find(job_id)

    def get(self, job_id: str) -> Job:
        """Read a job; raises NotFound."""
        return self._jobs.get(job_id)

    def get_many(self, job_ids: Sequence[str]) -> list[Job]:
        """Read jobs by id, in that order."""
        return self._jobs.get_many(job_ids)

    def load(self, document: Document) -> Job:
        """Read a job out of what a stream shows."""
        return self._jobs.load(document)

    def of_owner(self, owner_id: str, *, before: str | None, limit: int) -> list[Job]:
        """List an owner's jobs, newest first, older than the id `before`."""
        return self._jobs.newest(_list_of(owner_id), before=before, limit=limit)

    def look(self, owner_id: str, where: Where, *, before: str | None, limit: int) -> Listing[Job]:
        """List those of an owner's jobs that are as asked, newest first, older than the id `before`.

        One call, which looks at MOST_LOOKED_AT jobs: it may find fewer than `limit`, or none, where more follow.
        """
        look_at = None if where == Where() else MOST_LOOKED_AT
        group = _list_of(owner_id)
        return self._jobs.look("lists", group, before=before, where=where, limit=limit, look_at=look_at)

    def put(self, job: Job) -> Put:
        """Return the write that adds or saves a job, to go with others."""
        return self._jobs.put(job)

    def saved(self, job: Job) -> Job:
        """Return a job as it stands after its `put` went through."""
        return self._jobs.saved(job)

    def erase(self, job: Job) -> None:
        """Remove a job; raises Changed if it is not as it was read, for it may have got a result meanwhile."""
        self._table.write(self._jobs.removal(job.id, seen=job.version))

    def claim(self, job_id: str, *, by: str, lease: timedelta) -> Job:
        """Start an attempt; raises NotFound, JobAlreadyFinished or JobClaimedElsewhere."""
        return self._jobs.change(self._jobs.get(job_id), lambda job: job.claim(by=by, now=self._clock(), lease=lease))

    def renew(self, held: Job, *, lease: timedelta) -> Job:
        """Hold on to a claimed job."""
        attempt = held.attempts
        return self._change(held, lambda job: job.renew(attempt=attempt, now=self._clock(), lease=lease))

    def report(
        self, held: Job, *, stage: str, progress: float, message: str = "", eta_seconds: float | None = None
    ) -> Job:
        """Say how far the work is."""
        attempt = held.attempts
        return self._change(
            held,
            lambda job: job.report(
                attempt=attempt, stage=stage, progress=progress, message=message, eta_seconds=eta_seconds
            ),
        )

    def leave_checkpoint(self, held: Job, name: str) -> Job:
        """Note that a part of the work is stored."""
        attempt = held.attempts
        return self._change(held, lambda job: job.leave_checkpoint(attempt=attempt, name=name))

    def finish(self, held: Job, *, result_key: str, timings: dict[str, float]) -> Job:
        """Make a result visible: from here on it is the job's."""
        attempt = held.attempts
        return self._change(
            held,
            lambda job: job.finish(attempt=attempt, result_key=result_key, timings=timings, now=self._clock()),
        )

    def fail(self, held: Job, failure: Failure) -> Job:
        """End a claimed job that no further attempt can help."""
        attempt = held.attempts
        return self._change(held, lambda job: job.fail(attempt=attempt, failure=failure, now=self._clock()))

    def release(self, held: Job, *, reason: Failure | None = None) -> Job:
        """Give a claimed job back for another attempt."""
        attempt = held.attempts
        return self._change(held, lambda job: job.release(attempt=attempt, reason=reason))

    def bury(self, job_id: str, failure: Failure) -> Job:
        """End a job that no message calls for; raises NotFound, JobAlreadyFinished or JobClaimedElsewhere."""
        return self._jobs.change(self._jobs.get(job_id), lambda job: job.bury(failure=failure, now=self._clock()))

    def cancel(self, job: Job) -> Job:
        """End a job for its owner; raises NotFound or JobAlreadyFinished."""
        return self._jobs.change(job, lambda fresh: fresh.cancel(now=self._clock()))

    def cancel_many(self, jobs: Sequence[Job]) -> list[Job]:
        """End those jobs that have not ended, in few writes where that goes; returns all that exist, as they are."""
        parts = (jobs[at : at + TRANSACTION_LIMIT] for at in range(0, len(jobs), TRANSACTION_LIMIT))
        return [job for part in parts for job in self._cancel_together(part)]

    def remind(self, job: Job) -> Job:
        """Take note that a job's queue is told of it once more, if that is due; raises NotFound."""
        return self._jobs.change(job, lambda fresh: fresh.remind(now=self._clock()))

    def _cancel_together(self, jobs: Sequence[Job]) -> list[Job]:
        cancelled = [job.cancel(now=self._clock()) for job in jobs if not job.is_finished]
        if not cancelled:
            return list(jobs)
        try:
            self._table.write(*map(self._jobs.put, cancelled))
        except Changed:
            for job in jobs:
                with suppress(NotFound, JobAlreadyFinished):
                    self.cancel(job)
            return self.get_many([job.id for job in jobs])
        saved = {job.id: self._jobs.saved(job) for job in cancelled}
        return [saved.get(job.id, job) for job in jobs]

    def _change(self, held: Job, transition: Callable[[Job], Job]) -> Job:
        try:
            return self._jobs.change(held, transition)
        except NotFound as error:
            raise ClaimLost("The job is not there any more.") from error


def _list_of(owner_id: str) -> str:
    return f"OWNER#{owner_id}#JOBS"
