"""When the tracks of a call are here: one job makes one recording of them. Safe to do again, and at the same time."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from functions.core.clock import Clock
from functions.core.errors import Conflict
from functions.core.ids import new_id
from functions.core.jobs.model import Job, Kind
from functions.core.jobs.queue import Queues
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.model import Process, Recording, RecordingStatus
from functions.core.recordings.orders import MOST_JOBS, job_for
from functions.core.recordings.store import Recordings

JOINED_WITHIN: Final = timedelta(days=7)
"""How long a job may wait for a worker, at least, before its recording counts as never made."""


class _IsJoined(Exception):
    """There is such a job."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.id)
        self.job = job


class Joining:
    """Makes the jobs that join."""

    def __init__(self, *, recordings: Recordings, jobs: Jobs, queues: Queues, clock: Clock) -> None:
        self._recordings = recordings
        self._jobs = jobs
        self._queues = queues
        self._clock = clock

    def after_arrival(self, recording: Recording) -> None:
        """Join as soon as both sides are here, once: what came to nothing is begun again only by who asks for it."""
        if recording.call is None or not recording.call.is_complete:
            return
        if any(job.came_to_nothing for job in self._joins(recording)):
            return
        self.join(recording, request_id=recording.request_id)

    def join(self, recording: Recording, *, request_id: str) -> Job:
        """Make the job that joins what is here of a call, or find the one there is, and tell its queue.

        Raises:
            NotFound: the recording is gone.
            Conflict: nothing is here, it has been joined and that job is gone, or it has too many jobs.
        """
        job = self._going_on(recording) or self._make(recording, request_id)
        if job.is_untouched:
            # Whoever made it may have died before its queue knew; an extra message does no harm.
            self._queues.enqueue(job)
        return job

    def has_begun(self, recording: Recording) -> bool:
        """Tell whether it is joined, or being joined: what comes now comes too late."""
        is_over = recording.stored_status is not RecordingStatus.AWAITING_UPLOAD
        return is_over or self._going_on(recording) is not None

    def _make(self, recording: Recording, request_id: str) -> Job:
        until = self._clock() + JOINED_WITHIN
        awaited = self._recordings.change(recording, lambda fresh: fresh.promised(until))
        job_id = new_id("job")

        def make(fresh: Recording) -> Job:
            earlier = self._going_on(fresh)
            if earlier is not None:
                raise _IsJoined(earlier)
            _need_tracks(fresh)
            made = job_for(fresh, Process(Kind.JOIN), request_id=request_id, now=self._clock(), after=None)
            return replace(made, id=job_id)

        try:
            job = self._recordings.add_job(awaited, job_id, make)
        except _IsJoined as found:
            return found.job
        log.info("a call is joined", recording_id=recording.id, job_id=job.id)
        return job

    def _going_on(self, recording: Recording) -> Job | None:
        """Return the job that joins it, or has."""
        return next((job for job in self._joins(recording) if not job.came_to_nothing), None)

    def _joins(self, recording: Recording) -> list[Job]:
        return [job for job in self._jobs.get_many(recording.job_ids) if job.kind is Kind.JOIN]


def _need_tracks(recording: Recording) -> None:
    if recording.stored_status is not RecordingStatus.AWAITING_UPLOAD:
        raise Conflict("The tracks of this call have been joined.", code="already-joined")
    if recording.call is None or not recording.call.here:
        raise Conflict("No track of this call is here yet.", code="no-tracks")
    if len(recording.job_ids) >= MOST_JOBS:
        raise Conflict(f"A recording may have {MOST_JOBS} jobs at most.", code="too-many-jobs", limit=MOST_JOBS)
