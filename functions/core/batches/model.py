"""Many recordings, one kind of work: what was asked for, and what became of each; pure.

What becomes of a recording is one truth that may be told late, twice and in any order: notes only ever add what is not
known yet, and an end that is known never changes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from functions.core.jobs.model import Failure, Kind, Status

MOST_RECORDINGS: Final = 1000
MOST_UPLOADS: Final = 100


class BatchStatus(StrEnum):
    """How far a batch is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many ended how. Those whose bytes are awaited come to nothing when nobody sends them in time."""

    total: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    awaited: int = 0

    def at(self, now: datetime, upload_until: datetime | None) -> "Tally":
        """Return how it is at a moment."""
        if upload_until is None or now < upload_until:
            return self
        return replace(self, failed=self.failed + self.awaited, awaited=0)

    @property
    def progress(self) -> float:
        """Return the share of what has ended."""
        return (self.completed + self.failed + self.cancelled) / self.total if self.total else 1.0

    @property
    def status(self) -> BatchStatus:
        """Say how all of them are together."""
        if self.completed + self.failed + self.cancelled < self.total:
            return BatchStatus.RUNNING
        if self.failed:
            return BatchStatus.FAILED
        return BatchStatus.CANCELLED if self.cancelled else BatchStatus.SUCCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recording of a batch: the job that it has or shall have, and how that ended."""

    job_id: str | None = None
    """None: its bytes are awaited."""
    end: Status | None = None
    """None: it has not ended."""
    why: Failure | None = None
    """Why it never got a job."""

    def noting(self, note: "Entry") -> "Entry":
        """Add what a note knows and this one does not; unchanged where that is nothing."""
        job_id, end = self.job_id or note.job_id, self.end or note.end
        if (job_id, end) == (self.job_id, self.end):
            return self
        return replace(self, job_id=job_id, end=end, why=self.why if self.end else note.why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """All recordings of a batch, by their ids."""

    id: str
    entries: dict[str, Entry] = field(default_factory=dict)
    version: int = 0

    def noting(self, notes: Mapping[str, Entry]) -> "Entries":
        """Add what is not known yet of the batch's own recordings; unchanged where that is nothing."""
        fresh = {one: self.entries[one].noting(note) for one, note in notes.items() if one in self.entries}
        changed = {one: entry for one, entry in fresh.items() if entry is not self.entries[one]}
        return replace(self, entries=self.entries | changed) if changed else self

    @property
    def tally(self) -> Tally:
        """Count them."""
        ends = [entry.end for entry in self.entries.values()]
        return Tally(
            total=len(ends),
            completed=ends.count(Status.SUCCEEDED),
            failed=ends.count(Status.FAILED),
            cancelled=ends.count(Status.CANCELLED),
            awaited=sum(entry.end is None and entry.job_id is None for entry in self.entries.values()),
        )

    @property
    def jobs(self) -> dict[str, str]:
        """The jobs of those that have one or shall have, by recording, in the order in which they were asked for."""
        named = [(entry.job_id, one) for one, entry in self.entries.items() if entry.job_id and entry.why is None]
        return {recording_id: job_id for job_id, recording_id in sorted(named)}

    @property
    def refused(self) -> dict[str, Failure]:
        """Why some never got a job, by recording."""
        return {one: entry.why for one, entry in sorted(self.entries.items()) if entry.why is not None}

    @property
    def open_ids(self) -> list[str]:
        """Return the recordings whose work has not ended."""
        return [one for one, entry in self.entries.items() if entry.end is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was asked for, and how far it is."""

    id: str
    owner_id: str
    kind: Kind
    request_id: str
    created_at: datetime
    options: dict[str, Any] = field(default_factory=dict)
    preset: str | None = None
    sees_all: bool = False
    """Whether its owner asked as an admin, who may name recordings of others."""
    upload_until: datetime | None = None
    """When the promises of a batch of uploads are over; None: of recordings that are there."""
    is_made: bool = False
    """Whether all jobs were made that could be."""
    cancelled_at: datetime | None = None
    tally: Tally = Tally()
    tallied: int = 0
    """Of which version of the entries that is the tally."""
    version: int = 0

    def may_see(self, owner_id: str) -> bool:
        """Whether it may be about a recording of that owner."""
        return self.sees_all or owner_id == self.owner_id

    def counting(self, entries: Entries) -> "Batch":
        """Take note of how far its recordings are; unchanged where a later state is known."""
        if self.tallied >= entries.version:
            return self
        return replace(self, tally=entries.tally, tallied=entries.version)

    def cancelled(self, now: datetime) -> "Batch":
        """Take note that nobody wants what is left."""
        return replace(self, cancelled_at=self.cancelled_at or now)


def merged(notes: Iterable[tuple[str, Entry]]) -> dict[str, Entry]:
    """Return what notes know together, by recording."""
    known: dict[str, Entry] = {}
    for recording_id, note in notes:
        known[recording_id] = known.get(recording_id, Entry()).noting(note)
    return known
