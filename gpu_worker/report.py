"""What a worker says of itself while it lives, so that people can see what works for them and what broke.

Words are written in a thread of their own: a table that hangs must hold up neither a lane nor the heartbeat.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from functions.core.clock import Clock
from functions.core.jobs.model import Failure, Job, Kind
from functions.core.jobs.worker_report import InHand, LastError, WorkerReport, WorkerReports
from functions.core.observability import log
from gpu_worker import machine
from gpu_worker.settings import WorkerSettings
from gpu_worker.speech.models import on_disk

SPEAKS_EVERY: Final = timedelta(minutes=5)
"""Half of the time after which a silent worker is taken for gone."""
TELLS_OF_WORK_AFTER: Final = timedelta(seconds=20)
"""What is in hand is not worth a word each time it changes."""
_LONGEST_DETAIL: Final = 500


def facts_of_machine(
    settings: WorkerSettings, *, worker: str, clock: Clock, summary_engine: str, diarizer: str | None = None
) -> WorkerReport:
    """Return what is known of a worker before its model is loaded."""
    gpu, versions = machine.gpu_and_versions()
    model_dir = Path(settings.whisper_model_dir) if settings.whisper_model_dir else None
    return WorkerReport(
        worker=worker,
        started_at=clock(),
        cpus=machine.cpus(),
        memory_mb=machine.memory_mb(),
        gpu=gpu,
        models_on_disk=tuple(on_disk(model_dir)),
        diarizer=diarizer,
        summary_engine=summary_engine,
        lanes=tuple(sorted(settings.worker_lanes)),
        versions=versions,
    )


class Reporter:
    """Speaks for one worker. Any thread may call; none waits, and none is disturbed where a word can't be written."""

    def __init__(self, reports: WorkerReports, *, clock: Clock, facts: WorkerReport) -> None:
        self._reports = reports
        self._clock = clock
        self._report = facts
        self._has_started = False
        self._is_due = False
        self._in_hand: dict[str, InHand] = {}
        self._lock = threading.Lock()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._last: Future[None] | None = None

    def started(  # noqa: PLR0913 - what there is to say of a loaded model
        self,
        *,
        model: str,
        device: str,
        compute_type: str,
        model_notes: tuple[str, ...] = (),
        cpu_threads: int | None = None,
        models_on_disk: tuple[str, ...] | None = None,
    ) -> None:
        """Say that the model is loaded; `models_on_disk` where loading has brought some."""
        facts: dict[str, Any] = {"models_on_disk": models_on_disk} if models_on_disk is not None else {}
        with self._lock:
            self._has_started = True
            self._say(
                model=model,
                model_notes=model_notes,
                device=device,
                compute_type=compute_type,
                cpu_threads=cpu_threads,
                **facts,
            )

    def started_without_speech(self) -> None:
        """Say that the worker is there for the other lanes."""
        with self._lock:
            self._has_started = True
            self._say()

    def could_not_start(self, failure: Failure) -> None:
        """Say why; the last word of a worker that ends before it has begun."""
        with self._lock:
            self._has_started = True
            self._say(last_error=self._error(failure, None), ended_at=self._clock())

    def ended(self) -> None:
        """Say that the worker stops, as it was told to."""
        with self._lock:
            if self._has_started:
                self._say(ended_at=self._clock())

    @contextmanager
    def working_on(self, job: Job) -> Iterator[None]:
        """Have a job in hand inside the block."""
        with self._lock:
            self._in_hand[job.id] = InHand(job_id=job.id, kind=job.kind, since=self._clock())
        try:
            yield
        finally:
            with self._lock:
                self._in_hand.pop(job.id, None)

    def seen(self) -> None:
        """Say that the worker lives and what it has in hand, if it has not just done so."""
        with self._lock:
            is_news = tuple(self._in_hand.values()) != self._report.in_hand
            silent_for = self._clock() - self._report.last_seen
            if self._has_started and silent_for >= (TELLS_OF_WORK_AFTER if is_news else SPEAKS_EVERY):
                self._say()

    def done(self, kind: Kind) -> None:  # noqa: ARG002 - said as of what broke
        """Count a job that has succeeded."""
        with self._lock:
            self._say(jobs_done=self._report.jobs_done + 1)

    def broke(self, kind: Kind, failure: Failure) -> None:
        """Count an attempt or a job that has failed; `failure` must hold no name, no text and no key."""
        with self._lock:
            self._say(jobs_broken=self._report.jobs_broken + 1, last_error=self._error(failure, kind))

    def finish(self, *, patience: float = 5.0) -> None:
        """Wait for the last word to be written, but not for long."""
        with self._lock:
            last = self._last
        if last is not None:
            wait_for([last], timeout=patience)

    def _error(self, failure: Failure, kind: Kind | None) -> LastError:
        return LastError(code=failure.code, detail=failure.detail[:_LONGEST_DETAIL], at=self._clock(), kind=kind)

    def _say(self, **news: Any) -> None:
        """Take note, and have it written if the worker has started; the caller holds the lock."""
        in_hand = tuple(self._in_hand.values())
        self._report = replace(self._report, seen_at=self._clock(), in_hand=in_hand, **news)
        # A write that has not begun says this too.
        if self._has_started and not self._is_due:
            self._is_due = True
            self._last = self._writer.submit(self._write)

    def _write(self) -> None:
        with self._lock:
            self._is_due = False
            report = self._report
        try:
            self._reports.write(report)
        except Exception as error:  # noqa: BLE001 (whatever is wrong with the table, the work goes on)
            log.warning("the report could not be written", reason=type(error).__name__)
