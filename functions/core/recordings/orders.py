"""What an owner wants done, or done no more, with a recording whose bytes are here."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from functions.core.clock import Clock
from functions.core.errors import Conflict
from functions.core.ids import new_id
from functions.core.jobs.followers import settle_followers
from functions.core.jobs.model import Job, Kind, Status, newest_result
from functions.core.jobs.queue import Queues
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.model import Process, Recording
from functions.core.recordings.store import Recordings
from functions.core.repeats import Once

MOST_JOBS: Final = 100
"""Jobs of one recording: all of them are shown with it."""


class Orders:
    """Starts and cancels jobs."""

    def __init__(self, *, recordings: Recordings, jobs: Jobs, queues: Queues, clock: Clock) -> None:
        self._recordings = recordings
        self._jobs = jobs
        self._queues = queues
        self._clock = clock

    def start(
        self, recording: Recording, process: Process, *, request_id: str, idempotency_key: str | None = None
    ) -> Job:
        """Make a job, or find the one that the same request made, and tell its queue.

        Raises:
            NotFound: the recording is gone.
            Conflict: its bytes are not here, it has too many jobs, or there is nothing to summarise.
            Invalid: the key was used for another request.
        """
        job_id = new_id("job")

        def make(fresh: Recording) -> Job:
            fresh.need_bytes(self._clock())
            if len(fresh.job_ids) >= MOST_JOBS:
                raise Conflict(f"A recording may have {MOST_JOBS} jobs at most.", code="too-many-jobs", limit=MOST_JOBS)
            after = self._awaited(fresh) if process.kind is Kind.SUMMARISE else None
            job = job_for(fresh, process, request_id=request_id, now=self._clock(), after=after)
            return replace(job, id=job_id)

        asked = ("job", recording.id, process.kind, process.options)
        once = Once(owner_id=recording.owner_id, key=idempotency_key, asked=asked) if idempotency_key else None
        job = self._recordings.add_job(recording.id, job_id, make, once=once)
        # The first request may have died between the two.
        return self._tell(job)

    def cancel(self, job: Job) -> Job:
        """End a job for its owner, and what waits for its result; raises NotFound or JobAlreadyFinished."""
        cancelled = self._jobs.cancel(job)
        settle_followers(cancelled, jobs=self._jobs, recordings=self._recordings, queues=self._queues)
        log.info("job cancelled", job_id=job.id)
        return cancelled

    def look_after(self, job: Job) -> Job:
        """Tell its queue of a job once more that nobody starts on, now and then; returns the job as it is."""
        reminded = self._jobs.remind(job)
        if reminded.reminded_at == job.reminded_at:
            return reminded
        log.info("a queue is reminded of a job", job_id=job.id)
        return self._tell(reminded)

    def _awaited(self, recording: Recording) -> str | None:
        """Return the job whose transcript is to come, or None where there is one."""
        jobs = self._jobs.get_many(recording.job_ids)
        coming = [job.id for job in jobs if job.kind is Kind.TRANSCRIBE and not job.is_finished]
        if not coming and newest_result(jobs, Kind.TRANSCRIBE) is None:
            raise Conflict("There is no transcript to summarise, and none is coming.", code="no-transcript")
        return max(coming, default=None)

    def _tell(self, job: Job) -> Job:
        """Tell a job's queue of it, unless it waits for another one; safe to do again."""
        if not job.is_untouched:
            return job
        awaited = self._jobs.find(job.after) if job.after is not None else None
        if awaited is None or awaited.status is Status.SUCCEEDED:
            self._queues.enqueue(job)
        elif awaited.is_finished:
            # It came to nothing before it could know that this one waits for it.
            settle_followers(awaited, jobs=self._jobs, recordings=self._recordings, queues=self._queues)
            return self._jobs.get(job.id)
        return job


def job_for(recording: Recording, process: Process, *, request_id: str, now: datetime, after: str | None) -> Job:
    """Return a new job that does a process with a recording; its language is told where nothing else is."""
    options = dict(process.options)
    if process.kind is Kind.TRANSCRIBE and recording.language is not None:
        options.setdefault("language", recording.language)
    return Job(
        id=new_id("job"),
        kind=process.kind,
        owner_id=recording.owner_id,
        recording_id=recording.id,
        request_id=request_id,
        created_at=now,
        options=options,
        after=after,
    )
