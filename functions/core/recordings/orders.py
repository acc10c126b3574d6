"""What an owner wants done, or done no more, with a recording whose bytes are here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from functions.core.clock import Clock
from functions.core.errors import Conflict
from functions.core.ids import new_id
from functions.core.jobs.followers import settle_followers
from functions.core.jobs.model import INTERNAL, Job, Kind, Status, newest_result
from functions.core.jobs.queue import Queues
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.model import MediaKind, Process, Recording
from functions.core.recordings.store import Recordings
from functions.core.repeats import Once

MOST_JOBS: Final = 100
"""Jobs of one recording: all of them are shown with it."""

Find = Callable[[Sequence[str]], list[Job]]
"""Reads jobs by their ids."""


class Orders:
    """Starts and cancels jobs."""

    def __init__(self, *, recordings: Recordings, jobs: Jobs, queues: Queues, clock: Clock) -> None:
        self._recordings = recordings
        self._jobs = jobs
        self._queues = queues
        self._clock = clock

    def start(
        self,
        recording: Recording,
        process: Process,
        *,
        request_id: str,
        idempotency_key: str | None = None,
        asked: Any = None,
    ) -> Job:
        """Make a job, or find the one that the same request made, and tell its queue.

        `asked` is by what the same request is known again, if not by the options.

        Raises:
            NotFound: the recording is gone.
            Conflict: its bytes are not here, it has too many jobs, there is nothing to summarise, or no picture.
            Invalid: the key was used for another request.
        """
        said = process.options if asked is None else asked
        once = _once(recording, idempotency_key, ("job", recording.id, process.kind, said))
        return self._start(recording, process, once=once, request_id=request_id)

    def retry(self, job: Job, *, request_id: str, idempotency_key: str | None = None) -> Job:
        """Make a job that does once more what came to nothing, and tell its queue.

        Raises:
            NotFound: the recording is gone.
            Conflict: the job did not come to nothing, or as for `start`.
            Invalid: the key was used for another request.
        """
        if job.kind in INTERNAL:
            raise Conflict("The house does this by itself: finish the recording of the call.", code="internal-job")
        if not job.came_to_nothing:
            raise Conflict(
                f"The job is {job.status}: only what failed or was cancelled is done once more.",
                code="nothing-to-retry",
            )
        recording = self._recordings.get(job.recording_id)
        once = _once(recording, idempotency_key, ("retry", job.id))
        process = Process(job.kind, job.options, job.preset)
        return self._start(recording, process, once=once, request_id=request_id, retry_of=job.id)

    def cancel(self, job: Job) -> Job:
        """End a job for its owner, and what waits for its result; raises NotFound or JobAlreadyFinished."""
        cancelled = self._jobs.cancel(job)
        settle_followers(cancelled, jobs=self._jobs, recordings=self._recordings, queues=self._queues)
        log.info("job cancelled", job_id=job.id)
        return cancelled

    def cancel_many(self, jobs: Sequence[Job]) -> list[Job]:
        """End jobs that have not ended, and what waits for their results; returns all that exist, as they are.

        They may be of TRANSACTION_LIMIT recordings, and take about as many calls as those of one.
        """
        ended = self._jobs.cancel_many(jobs)
        recordings = self._recordings.get_many(list({job.recording_id: None for job in ended}))
        known = {one.id: one for one in self._jobs.get_many([job_id for one in recordings for job_id in one.job_ids])}
        cancelled = {job.id for job in ended if job.status is Status.CANCELLED}
        followers = [one for one in known.values() if one.after in cancelled and not one.is_finished]
        known |= {one.id: one for one in self._jobs.cancel_many(followers)}
        self._recordings.take_stock_of(
            [(one, [known[job_id] for job_id in one.job_ids if job_id in known]) for one in recordings]
        )
        return ended

    def look_after(self, job: Job) -> Job:
        """Tell its queue of a job once more that nobody starts on, now and then; returns the job as it is."""
        reminded = self._jobs.remind(job)
        if reminded.reminded_at == job.reminded_at:
            return reminded
        log.info("a queue is reminded of a job", job_id=job.id)
        return self._tell(reminded)

    def tell(self, jobs: Sequence[Job]) -> None:
        """Tell their queues of those jobs that nobody has started on; safe to do again."""
        self._queues.enqueue_many([job for job in jobs if job.is_untouched and job.after is None])
        for job in jobs:
            if job.after is not None:
                self._tell(job)

    def _start(
        self, recording: Recording, process: Process, *, once: Once | None, request_id: str, retry_of: str | None = None
    ) -> Job:
        job_id = new_id("job")

        def make(fresh: Recording) -> Job:
            after = awaited(fresh, process.kind, now=self._clock(), find=self._jobs.get_many)
            job = job_for(fresh, process, request_id=request_id, now=self._clock(), after=after)
            return replace(job, id=job_id, retry_of=retry_of)

        job = self._recordings.add_job(recording, job_id, make, once=once)
        # The first request may have died between the two.
        return self._tell(job)

    def _tell(self, job: Job) -> Job:
        """Tell a job's queue of it, unless it waits for another one; safe to do again."""
        if not job.is_untouched:
            return job
        before = self._jobs.find(job.after) if job.after is not None else None
        if before is None or before.status is Status.SUCCEEDED:
            self._queues.enqueue(job)
        elif before.is_finished:
            # It came to nothing before it could know that this one waits for it.
            settle_followers(before, jobs=self._jobs, recordings=self._recordings, queues=self._queues)
            return self._jobs.get(job.id)
        return job


def awaited(recording: Recording, kind: Kind, *, now: datetime, find: Find) -> str | None:
    """Return for which job a new one of a kind has to wait; None: it need not.

    Raises:
        Conflict: the bytes are not here, there are too many jobs, there is nothing to summarise, or there is no
            picture to be turned into ASCII.
    """
    recording.need_bytes(now)
    if len(recording.job_ids) >= MOST_JOBS:
        raise Conflict(f"A recording may have {MOST_JOBS} jobs at most.", code="too-many-jobs", limit=MOST_JOBS)
    if kind is Kind.ASCII_VIDEO and recording.media_kind is MediaKind.AUDIO:
        raise Conflict(f"The recording is audio ({recording.media_type}): there is no picture in it.", code="no-video")
    if kind is not Kind.SUMMARISE:
        return None
    jobs = find(recording.job_ids)
    coming = [job.id for job in jobs if job.kind is Kind.TRANSCRIBE and not job.is_finished]
    if not coming and newest_result(jobs, Kind.TRANSCRIBE) is None:
        raise Conflict("There is no transcript to summarise, and none is coming.", code="no-transcript")
    return max(coming, default=None)


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
        preset=process.preset,
        after=after,
    )


def _once(recording: Recording, key: str | None, asked: Any) -> Once | None:
    return None if key is None else Once(owner_id=recording.owner_id, key=key, asked=asked)
