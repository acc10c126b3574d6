"""How a batch of recordings that are there is made, and how any batch is called off.

It is written first, with the ids of all jobs that it shall have. Whoever dies afterwards has lost nothing: the same
request again, or anybody who looks at the batch a minute later, makes what is missing, under the same ids.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from functions.core.accounts.model import Caller, Scope
from functions.core.batches.jobs import BatchJobs, Part, Refusals
from functions.core.batches.model import Batch, Entry
from functions.core.batches.side_by_side import side_by_side
from functions.core.batches.store import Batches, Whole
from functions.core.clock import Clock
from functions.core.errors import Conflict
from functions.core.ids import new_id
from functions.core.jobs.model import Status
from functions.core.observability import log
from functions.core.recordings.model import Process
from functions.core.repeats import Once

MADE_WITHIN: Final = timedelta(minutes=1)
"""Whoever makes a batch is done by then or dead: the gateway ends a request after half of that."""


class BatchMaking:
    """Makes batches and calls them off."""

    def __init__(self, *, batches: Batches, jobs: BatchJobs, clock: Clock) -> None:
        self._batches = batches
        self._jobs = jobs
        self._clock = clock

    def start(self, batch: Batch, recording_ids: Sequence[str], *, once: Once | None = None) -> Whole:
        """Make a batch and its jobs, or find and complete the one that the same request made.

        Raises:
            Invalid: the key was used for another request.
        """
        # Ids of one moment have no order; that of the jobs shall be the request's.
        job_ids = sorted(new_id("job") for _ in recording_ids)
        entries = {one: Entry(job_id=job_id) for one, job_id in zip(recording_ids, job_ids, strict=True)}
        whole = self._batches.add(batch, entries, once=once)
        return self._make(whole, self._jobs.make if whole.batch.id == batch.id else self._jobs.complete)

    def look_after(self, whole: Whole) -> Whole:
        """Complete a batch whose maker has died; returns it as it is."""
        return whole if self._is_being_made(whole.batch) else self._make(whole, self._jobs.complete)

    def cancel(self, whole: Whole) -> Whole:
        """Call off all that has not ended; safe to do again.

        Raises:
            Conflict: it is being made at this moment.
        """
        if self._is_being_made(whole.batch):
            raise Conflict("The batch is still being made; try again in a minute.", code="busy", retry_after=60)
        now, notes = self._clock(), dict[str, Entry]()
        open_entries = {one: whole.entries.entries[one] for one in whole.entries.open_ids}
        job_ids = [entry.job_id for entry in open_entries.values() if entry.job_id is not None]
        awaited = [one for one, entry in open_entries.items() if entry.job_id is None]
        for ends in [*side_by_side(job_ids, self._jobs.cancel), *side_by_side(awaited, self._jobs.cancel_awaited)]:
            notes |= ends
        if not whole.batch.is_made:
            # What was not made yet never will be.
            notes = {one: Entry(end=Status.CANCELLED) for one in open_entries} | notes
        log.info("batch cancelled", batch_id=whole.batch.id, open=len(open_entries))
        return self._batches.add_notes(whole, notes, lambda fresh: replace(fresh.cancelled(now), is_made=True))

    def _make(self, whole: Whole, make: Callable[[Batch, Part], Refusals]) -> Whole:
        batch, entries = whole.batch, whole.entries
        if batch.is_made:
            return whole
        missing = [(one, job_id) for one, job_id in entries.jobs.items() if entries.entries[one].end is None]
        refused = Refusals()
        for why in side_by_side(missing, lambda part: make(batch, dict(part))):
            refused |= why
        log.info("batch made", batch_id=batch.id, jobs=len(missing) - len(refused), refused=len(refused))
        notes = {one: Entry(end=Status.FAILED, why=why) for one, why in refused.items()}
        return self._batches.add_notes(whole, notes, lambda fresh: replace(fresh, is_made=True))

    def _is_being_made(self, batch: Batch) -> bool:
        return not batch.is_made and self._clock() - batch.created_at < MADE_WITHIN


def new_batch(
    process: Process, caller: Caller, *, request_id: str, now: datetime, upload_until: datetime | None = None
) -> Batch:
    """Return a new batch of whoever asks for it."""
    return Batch(
        id=new_id("batch"),
        owner_id=caller.user_id,
        kind=process.kind,
        request_id=request_id,
        created_at=now,
        options=process.options,
        preset=process.preset,
        sees_all=caller.is_admin and Scope.ADMIN in caller.scopes,
        upload_until=upload_until,
    )
