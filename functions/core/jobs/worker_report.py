"""What workers say of themselves: what they are, that they live, what they are at, what broke last.

Keys: `WORKER_REPORT#<name>`, listed under `WORKERS` by when it spoke last; and once more as `WORKER_REPORT#newest`, for
all who only ask what the house runs.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from functions.core.collection import Collection
from functions.core.jobs.model import Lane
from functions.core.table import Changed, Table

NEWEST: Final = "newest"
LISTED: Final = "WORKERS"
MOST_LISTED: Final = 50
KEPT_FOR: Final = timedelta(days=1)
"""How long a worker is shown after its last word; AWS forgets late, so readers judge by themselves."""
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
class InHand:
    """A job that a worker is at. Its kind is a text, for a newer worker may know more than its reader."""

    job_id: str
    kind: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """One worker. Whatever has a default may be missing in what an older worker wrote."""

    id: str = NEWEST
    worker: str
    started_at: datetime
    seen_at: datetime | None = None
    ended_at: datetime | None = None
    """When it said its last word, knowing that it was the last."""
    in_hand: tuple[InHand, ...] = ()
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

    @property
    def could_not_start(self) -> bool:
        """Whether it ended because it had nothing to work with."""
        return self.ended_at is not None and self.last_error is not None and self.last_error.kind is None

    def works(self, lane: Lane) -> bool:
        """Whether it works off a lane; one that has not said which is taken to do so."""
        return not self.lanes or lane in self.lanes

    def lives(self, now: datetime) -> bool:
        """Whether it has spoken lately, and not its last word."""
        return self.ended_at is None and now - self.last_seen < LIVES_FOR


class WorkerReports:
    """A report of each worker, and one of the worker that started last, of those that live."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._newest = Collection(table, WorkerReport, key=_key)
        self._each = Collection(
            table,
            WorkerReport,
            key=_key,
            listed_under=lambda report: (LISTED, f"{report.last_seen.isoformat()}#{report.id}"),
            expires_at=lambda report: report.last_seen + KEPT_FOR,
        )

    def newest(self) -> WorkerReport | None:
        """Return the newest report, or None."""
        return self._newest.find(NEWEST)

    def all(self, now: datetime) -> list[WorkerReport]:
        """Return those of all workers that spoke within a day, whoever spoke last first."""
        since = (now - KEPT_FOR).isoformat()
        return self._each.look("lists", LISTED, since=since, limit=MOST_LISTED).things

    def write(self, report: WorkerReport) -> None:
        """Say what this worker is."""
        self._replace(self._each, replace(report, id=report.worker))
        if report.works(Lane.SPEECH) and _has_the_word(report, self._newest.find(NEWEST)):
            self._replace(self._newest, replace(report, id=NEWEST))

    def _replace(self, reports: Collection[WorkerReport], report: WorkerReport) -> None:
        earlier = reports.find(report.id)
        # Another worker may speak in the same moment; its word is as good.
        with suppress(Changed):
            self._table.write(reports.put(replace(report, version=earlier.version if earlier else 0)))


def _has_the_word(report: WorkerReport, other: WorkerReport | None) -> bool:
    """Tell whether a worker speaks for the house: on an update, the old one must not have the last word."""
    if other is None or other.worker == report.worker or not other.lives(report.last_seen):
        return True
    return report.ended_at is None and other.started_at <= report.started_at


def _key(report_id: str) -> str:
    return f"WORKER_REPORT#{report_id}"
