"""The jobs of a batch: made and called off, some at a time in a handful of calls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from functions.core.batches.model import Batch, Entry
from functions.core.clock import Clock
from functions.core.errors import Conflict, NotFound
from functions.core.jobs.model import Failure, Job, Kind, Status
from functions.core.jobs.store import Jobs
from functions.core.recordings.model import Process, Recording, RecordingStatus
from functions.core.recordings.orders import Find, Orders, awaited, job_for
from functions.core.recordings.store import Recordings
from functions.core.table import Changed

NOT_THERE = Failure(NotFound.code, "There is no such recording.")

Part = Mapping[str, str]
"""The jobs that some recordings shall have."""
Refusals = dict[str, Failure]
"""Why recordings get no job."""


class BatchJobs:
    """Makes jobs and calls them off."""

    def __init__(self, *, recordings: Recordings, jobs: Jobs, orders: Orders, clock: Clock) -> None:
        self._recordings = recordings
        self._jobs = jobs
        self._orders = orders
        self._clock = clock

    def make(self, batch: Batch, part: Part) -> Refusals:
        """Make jobs under their ids and tell their queues; returns which recordings get none, and why."""
        recordings = {one.id: one for one in self._recordings.get_many(list(part))}
        find = self._find_of(batch, recordings.values())
        made, refused = list[tuple[Recording, Job]](), Refusals()
        for recording_id, job_id in part.items():
            recording = recordings.get(recording_id)
            if recording is None or not batch.may_see(recording.owner_id):
                refused[recording_id] = NOT_THERE
                continue
            try:
                made.append((recording, self._job(batch, recording, job_id, find)))
            except Conflict as conflict:
                refused[recording_id] = Failure(conflict.code, conflict.detail)
        refused |= self._add(batch, made)
        self._orders.tell([job for recording, job in made if recording.id not in refused])
        return refused

    def complete(self, batch: Batch, part: Part) -> Refusals:
        """Make those jobs that are not there, and tell the queues of the others once more."""
        there = self._jobs.get_many(list(part.values()))
        self._orders.tell(there)
        known = {job.id for job in there}
        missing = {one: job_id for one, job_id in part.items() if job_id not in known}
        return self.make(batch, missing) if missing else {}

    def cancel(self, job_ids: Sequence[str]) -> dict[str, Entry]:
        """Call jobs off; returns how those that are there have ended, by recording."""
        jobs = self._orders.cancel_many(self._jobs.get_many(job_ids)) if job_ids else []
        return {job.recording_id: Entry(job_id=job.id, end=job.status) for job in jobs if job.is_finished}

    def cancel_awaited(self, recording_ids: Sequence[str]) -> dict[str, Entry]:
        """Want nothing done any more with recordings whose bytes are awaited; returns how each has ended.

        They may still come, and are kept.
        """
        changed = [
            self._recordings.change(recording, _wanting_nothing)
            for recording in self._recordings.get_many(recording_ids)
        ]
        # Those that came meanwhile have ended with their jobs, or were refused.
        come = [job_id for recording in changed for job_id in recording.job_ids]
        return {one.id: Entry(end=Status.CANCELLED) for one in changed if _is_awaited(one)} | self.cancel(come)

    def _find_of(self, batch: Batch, recordings: Iterable[Recording]) -> Find:
        """Return what knows all jobs of recordings; a transcription need not know them."""
        if batch.kind is not Kind.SUMMARISE:
            return lambda _: []
        known = {job.id: job for job in self._jobs.get_many([one for each in recordings for one in each.job_ids])}
        return lambda job_ids: [known[one] for one in job_ids if one in known]

    def _job(self, batch: Batch, recording: Recording, job_id: str, find: Find) -> Job:
        now = self._clock()
        process = Process(batch.kind, batch.options, batch.preset)
        after = awaited(recording, batch.kind, now=now, find=find)
        job = job_for(recording, process, request_id=batch.request_id, now=now, after=after)
        return replace(job, id=job_id, batch_id=batch.id)

    def _add(self, batch: Batch, made: Sequence[tuple[Recording, Job]]) -> Refusals:
        if not made:
            return {}
        try:
            self._recordings.add_jobs(made)
        except Changed:
            return {one.id: why for one, job in made if (why := self._add_one(batch, one, job.id)) is not None}
        return {}

    def _add_one(self, batch: Batch, recording: Recording, job_id: str) -> Failure | None:
        try:
            self._recordings.add_job(
                recording, job_id, lambda fresh: self._job(batch, fresh, job_id, self._jobs.get_many)
            )
        except (Conflict, NotFound) as refusal:
            # Unless somebody completes the batch at the same time.
            return None if self._jobs.find(job_id) is not None else Failure(refusal.code, refusal.detail)
        return None


def _wanting_nothing(recording: Recording) -> Recording:
    return replace(recording, process=()) if _is_awaited(recording) and recording.process else recording


def _is_awaited(recording: Recording) -> bool:
    return recording.stored_status is RecordingStatus.AWAITING_UPLOAD
