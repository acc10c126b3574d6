"""What the newest worker says of itself: what it is, that it lives, what broke last. Key: `WORKER_REPORT#newest`."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from functions.core.collection import Collection
from functions.core.table import Changed, Table

NEWEST: Final = "newest"
LIVES_FOR: Final = timedelta(minutes=10)
"""Who has said nothing for so long is taken for gone; a worker speaks every five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A worker's GPU; None where its driver does not say."""

    name: str
    memory_mb: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastError:
    """What broke last: never a name, a text or a key."""

    code: str
    detail: str
    at: datetime
    kind: str | None = None
    """Of the job; None: the worker could not start. A text, for a newer worker may know more kinds than its reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """One worker. Whatever has a default may be missing in what an older worker wrote."""

    id: str = NEWEST
    worker: str
    started_at: datetime
    seen_at: datetime | None = None
    model: str | None = None
    """None: it could not be loaded."""
    model_notes: tuple[str, ...] = ()
    device: str | None = None
    compute_type: str | None = None
    cpu_threads: int | None = None
    cpus: int | None = None
    memory_mb: int | None = None
    """Of the machine or, if less, of the container."""
    gpu: Gpu | None = None
    models_on_disk: tuple[str, ...] | None = None
    """Those of the table that need no download; None: it did not say."""
    diarizer: str | None = None
    summary_engine: str
    lanes: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    last_error: LastError | None = None
    jobs_done: int = 0
    jobs_broken: int = 0
    version: int = 0

    @property
    def last_seen(self) -> datetime:
        """When it spoke last."""
        return self.seen_at or self.started_at

    def lives(self, now: datetime) -> bool:
        """Whether it has spoken lately."""
        return now - self.last_seen < LIVES_FOR


class WorkerReports:
    """The report of the worker that started last, of those that live."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._reports = Collection(table, WorkerReport, key=lambda report_id: f"WORKER_REPORT#{report_id}")

    def newest(self) -> WorkerReport | None:
        """Return the newest report, or None."""
        return self._reports.find(NEWEST)

    def write(self, report: WorkerReport) -> None:
        """Say what this worker is, unless a newer one lives: on an update, the old one must not have the last word."""
        earlier = self._reports.find(NEWEST)
        if earlier and earlier.started_at > report.started_at and earlier.lives(report.last_seen):
            return
        try:
            self._table.write(self._reports.put(replace(report, version=earlier.version if earlier else 0)))
        except Changed:
            return  # another worker spoke in the same moment; its word is as good
