"""The process: loads the model, runs its lanes side by side, stops in order."""

import platform
import socket
import threading
from datetime import timedelta
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Final

from functions.core.clock import utc_now
from functions.core.jobs.model import Kind, Lane
from functions.core.jobs.queue import SqsQueues
from functions.core.jobs.store import Jobs
from functions.core.jobs.worker_report import WorkerReport, WorkerReports
from functions.core.observability import log
from functions.core.recordings.media import S3Media
from functions.core.recordings.store import Recordings
from functions.core.table import DynamoTable
from gpu_worker.heartbeat import Heartbeat
from gpu_worker.inbox import WAIT_SECONDS, SqsInbox
from gpu_worker.lane import House, LaneWorker
from gpu_worker.language.summary import Summariser, choose_summariser
from gpu_worker.settings import WorkerSettings
from gpu_worker.speech.models import ModelUnavailable, resolve
from gpu_worker.speech.whisper import SpeechEngine, chosen_device
from gpu_worker.tasks.summarise import SummariseTask
from gpu_worker.tasks.task import Task
from gpu_worker.tasks.transcribe import TranscribeTask

STOP_SECONDS: Final = 100
"""How long the window in hand may take; ECS kills after 110 (template.yaml)."""


class Worker:
    """One process with its lanes."""

    def __init__(self, settings: WorkerSettings, stopping: threading.Event) -> None:
        self._settings = settings
        self._stopping = stopping
        self._broken = False
        library = DynamoTable(settings.library_table)
        lease = timedelta(seconds=settings.lease_seconds)
        self._heartbeat = Heartbeat(lease)
        self._media = S3Media(settings.media_bucket)
        self._reports = WorkerReports(library)
        self._house = House(
            jobs=Jobs(library, clock=utc_now),
            recordings=Recordings(library, clock=utc_now),
            media=self._media,
            queues=SqsQueues(settings.queue_urls()),
            heartbeat=self._heartbeat,
            lease=lease,
            worker=socket.gethostname(),
        )

    def run(self) -> int:
        """Work until the stop; return the exit status."""
        self._heartbeat.start()
        runs = {lane: threading.Thread(target=self._run, args=(lane,), daemon=True) for lane in self._lanes}
        for thread in runs.values():
            thread.start()
        self._stopping.wait()
        log.info("worker stopping")
        for lane, thread in runs.items():
            # An idle lane is at most in the middle of a poll; one that works gets its time.
            thread.join(WAIT_SECONDS + 1)
            if self._lanes[lane].is_working:
                thread.join(STOP_SECONDS)
        self._heartbeat.stop()
        return 1 if self._broken else 0

    @cached_property
    def _lanes(self) -> dict[Lane, LaneWorker]:
        urls = self._settings.queue_urls()
        return {
            lane: LaneWorker(SqsInbox(urls[lane]), self._tasks, house=self._house, stopping=self._stopping)
            for lane in sorted(self._settings.worker_lanes)
        }

    @cached_property
    def _tasks(self) -> dict[Kind, Task]:
        house, settings = self._house, self._settings
        return {
            Kind.TRANSCRIBE: TranscribeTask(
                lambda: self._engine,
                recordings=house.recordings,
                media=self._media,
                timeout_seconds=settings.transcribe_timeout,
                fast=settings.whisper_fast_mode,
            ),
            Kind.SUMMARISE: SummariseTask(
                self._summariser, jobs=house.jobs, recordings=house.recordings, media=self._media
            ),
        }

    @cached_property
    def _summariser(self) -> Summariser:
        settings = self._settings
        return choose_summariser(
            api_key=settings.llm_api_key.get_secret_value(), base_url=settings.llm_base_url, model=settings.llm_model
        )

    @cached_property
    def _engine(self) -> SpeechEngine:
        settings = self._settings
        device = chosen_device(settings.whisper_device)
        folder = Path(settings.whisper_model_dir) if settings.whisper_model_dir else None
        return SpeechEngine(
            resolve(settings.whisper_model, device=device, model_dir=folder),
            device=device,
            compute_type=settings.whisper_compute_type,
            cpu_threads=settings.whisper_cpu_threads,
        )

    def _run(self, lane: Lane) -> None:
        try:
            if lane is Lane.SPEECH:
                # Before the first message: a job in hand should not wait for a download.
                self._report(self._engine)
            log.info("lane ready", lane=lane)
            self._lanes[lane].run()
        except ModelUnavailable as error:
            log.error("no model to work with", detail=error.detail)
            self._broken = True
            self._stopping.set()

    def _report(self, engine: SpeechEngine) -> None:
        log.info("model loaded", model=engine.model.name, device=engine.device, compute_type=engine.compute_type)
        self._reports.write(
            WorkerReport(
                worker=self._house.worker,
                started_at=utc_now(),
                model=engine.model.name,
                model_notes=engine.model.notes,
                device=engine.device,
                compute_type=engine.compute_type,
                summary_engine=self._summariser.engine,
                versions={
                    "python": platform.python_version(),
                    **{name: version(name) for name in ("faster-whisper", "ctranslate2", "av")},
                },
            )
        )
