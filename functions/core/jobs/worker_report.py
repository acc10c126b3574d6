"""What the newest worker says of itself: which model it runs, on what. Key: `WORKER_REPORT#newest`."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from functions.core.collection import Collection
from functions.core.table import Changed, Table

NEWEST: Final = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """One worker at its start."""

    id: str = NEWEST
    worker: str
    started_at: datetime
    model: str
    model_notes: tuple[str, ...] = ()
    device: str
    compute_type: str
    summary_engine: str
    versions: dict[str, str] = field(default_factory=dict)
    version: int = 0


class WorkerReports:
    """The newest report."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._reports = Collection(table, WorkerReport, key=lambda report_id: f"WORKER_REPORT#{report_id}")

    def newest(self) -> WorkerReport | None:
        """Return what the worker that started last said, or None."""
        return self._reports.find(NEWEST)

    def write(self, report: WorkerReport) -> None:
        """Say what this worker is."""
        earlier = self._reports.find(NEWEST)
        try:
            self._table.write(self._reports.put(replace(report, version=earlier.version if earlier else 0)))
        except Changed:
            return  # another worker started in the same moment; its word is as good
