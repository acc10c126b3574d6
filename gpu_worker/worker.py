"""The process: loads the model, runs its lanes side by side, stops in order."""

import os
import socket
import threading
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from functions.core.clock import utc_now
from functions.core.jobs.model import Failure, Kind, Lane
from functions.core.jobs.queue import SqsQueues
from functions.core.jobs.store import Jobs
from functions.core.jobs.worker_report import WorkerReports
from functions.core.observability import log
from functions.core.realtime.posts import ApiGatewayPosts
from functions.core.realtime.store import Connections
from functions.core.recordings.media import S3Media
from functions.core.recordings.store import Recordings
from functions.core.table import DynamoTable
from gpu_worker import machine
from gpu_worker.heartbeat import Heartbeat
from gpu_worker.inbox import WAIT_SECONDS, SqsInbox
from gpu_worker.lane import House, LaneWorker
from gpu_worker.language.summary import Summariser, SummaryMisconfigured, UnusableSummariser, choose_summariser
from gpu_worker.live import Live
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.sandbox import Bounds, Sandbox
from gpu_worker.report import Reporter, facts_of_machine
from gpu_worker.settings import WorkerSettings
from gpu_worker.speech.diarization import Diarizer
from gpu_worker.speech.listener import ROWS, Listener
from gpu_worker.speech.loaded_models import LoadedModels
from gpu_worker.speech.models import ModelUnavailable, SpeechModel, on_disk, resolve
from gpu_worker.speech.sherpa import find_diarizer
from gpu_worker.speech.whisper import SpeechEngine, chosen_device
from gpu_worker.tasks.ascii_video import AsciiVideoTask
from gpu_worker.tasks.join import JoinTask
from gpu_worker.tasks.summarise import SummariseTask
from gpu_worker.tasks.task import Task
from gpu_worker.tasks.transcribe import Defaults, TranscribeTask
from gpu_worker.waiting_room import WaitingRoom

STOP_SECONDS: Final = 100
"""How long the batch in hand may take; ECS kills after 110 (template.yaml)."""
SUMMARIES_AT_ONCE: Final = 4
"""They mostly wait for a language model elsewhere."""
GLANCE_SECONDS: Final = 5.0


class Worker:
    """One process with its lanes."""

    def __init__(self, settings: WorkerSettings, stopping: threading.Event) -> None:
        self._settings = settings
        self._stopping = stopping
        self._library = DynamoTable(settings.library_table)
        self._media = S3Media(settings.media_bucket)
        self._device = chosen_device(settings.whisper_device)
        self._model_dir = Path(settings.whisper_model_dir) if settings.whisper_model_dir else None
        self._diarizer_failure: Failure | None = None
        self._find_model = lru_cache(self._found_model)

    def run(self) -> int:
        """Work until the stop; return the exit status."""
        self._house.heartbeat.start()
        try:
            self._start_drawing()
            self._start_listening()
            threads = self._start_lanes()
        except ModelUnavailable as error:
            log.error("no model to work with", detail=error.detail)
            return self._say_why(Failure(error.code, error.detail))
        except Exception as error:  # noqa: BLE001 (whatever it was, somebody must learn of it)
            log.error("the worker could not start")
            return self._say_why(Failure("start-failed", f"It broke ({type(error).__name__}); its log says more."))
        while not self._stopping.wait(GLANCE_SECONDS):
            self._house.reporter.seen()
            self._end_if_the_model_hangs()
        log.info("worker stopping")
        self._stop(threads)
        return 0

    def _say_why(self, failure: Failure) -> int:
        self._house.reporter.could_not_start(failure)
        self._house.reporter.finish()
        return 1

    def _start_listening(self) -> None:
        """Load the model before the first message: a job in hand should not wait for a download."""
        if Lane.SPEECH not in self._settings.worker_lanes:
            self._house.reporter.started_without_speech()
            return
        engine = self._listener.start()
        self._house.reporter.started(
            model=engine.model.name,
            model_notes=engine.model.notes,
            device=engine.device,
            compute_type=engine.compute_type,
            cpu_threads=engine.cpu_threads,
            models_on_disk=tuple(on_disk(self._model_dir)),
        )
        if self._diarizer_failure is not None:
            self._house.reporter.broke(Kind.TRANSCRIBE, self._diarizer_failure)

    def _start_drawing(self) -> None:
        """Have the renderer's server import what it needs while the speech model is loaded."""
        if Lane.PICTURES in self._settings.worker_lanes:
            machine.hide_memory()
            self._sandbox.warm_up()

    def _start_lanes(self) -> list[tuple[LaneWorker, threading.Thread]]:
        started = []
        for lane in sorted(self._settings.worker_lanes):
            self._house.heartbeat.watch_over(self._rooms[lane].beat)
            for number in range(self._at_once(lane)):
                worker = LaneWorker(self._rooms[lane], self._tasks, house=self._house, stopping=self._stopping)
                thread = threading.Thread(target=worker.run, name=f"{lane}-{number}", daemon=True)
                thread.start()
                started.append((worker, thread))
            log.info("lane ready", lane=lane, at_once=self._at_once(lane))
        return started

    def _stop(self, threads: list[tuple[LaneWorker, threading.Thread]]) -> None:
        for room in self._rooms.values():
            room.close()
        for worker, thread in threads:
            # An idle lane is at most in the middle of a poll; one that works gets its time.
            thread.join(WAIT_SECONDS + 1)
            if worker.is_working:
                thread.join(STOP_SECONDS)
        if Lane.SPEECH in self._settings.worker_lanes:
            self._listener.stop()
        # What a poll in hand has brought meanwhile.
        for room in self._rooms.values():
            room.close()
        self._house.heartbeat.stop()
        self._house.reporter.ended()
        self._house.reporter.finish()

    def _end_if_the_model_hangs(self) -> None:
        """A device that hangs is helped by a new process only; the jobs go on from their checkpoints."""
        if (
            Lane.SPEECH in self._settings.worker_lanes
            and self._listener.busy_seconds > self._settings.transcribe_timeout
        ):
            log.error("the model hangs", seconds=round(self._listener.busy_seconds))
            os._exit(70)

    def _at_once(self, lane: Lane) -> int:
        if lane is Lane.SPEECH:
            return self._settings.speech_jobs_at_once or self._listener.rows
        if lane is Lane.PICTURES:
            return self._settings.pictures_jobs_at_once or max(1, machine.cpus() // 2)
        return SUMMARIES_AT_ONCE

    @cached_property
    def _house(self) -> House:
        settings = self._settings
        # A machine may run several.
        worker = f"{socket.gethostname()}-{os.getpid()}"
        lease = timedelta(seconds=settings.lease_seconds)
        return House(
            jobs=Jobs(self._library, clock=utc_now),
            recordings=Recordings(self._library, clock=utc_now),
            media=self._media,
            queues=SqsQueues(settings.queue_urls()),
            heartbeat=Heartbeat(lease),
            reporter=Reporter(
                WorkerReports(self._library),
                clock=utc_now,
                facts=facts_of_machine(
                    settings,
                    worker=worker,
                    clock=utc_now,
                    summary_engine=self._summariser.engine,
                    diarizer=self._diarizer.name if self._diarizer else None,
                ),
            ),
            lease=lease,
            worker=worker,
        )

    @cached_property
    def _rooms(self) -> dict[Lane, WaitingRoom]:
        urls = self._settings.queue_urls()
        return {lane: WaitingRoom(SqsInbox(urls[lane])) for lane in sorted(self._settings.worker_lanes)}

    @cached_property
    def _tasks(self) -> dict[Kind, Task]:
        house, settings = self._house, self._settings
        tasks: dict[Kind, Task] = {
            Kind.SUMMARISE: SummariseTask(
                self._summariser, jobs=house.jobs, recordings=house.recordings, media=self._media
            )
        }
        if Lane.SPEECH in settings.worker_lanes:
            tasks[Kind.JOIN] = JoinTask(recordings=house.recordings, media=self._media)
            tasks[Kind.TRANSCRIBE] = TranscribeTask(
                self._listener,
                lambda name: self._find_model(name or settings.whisper_model),
                recordings=house.recordings,
                media=self._media,
                defaults=Defaults(
                    fast=settings.whisper_fast_mode,
                    timeout_seconds=settings.transcribe_timeout,
                    diarizer=self._diarizer,
                ),
            )
        if Lane.PICTURES in settings.worker_lanes:
            tasks[Kind.ASCII_VIDEO] = AsciiVideoTask(
                self._sandbox, recordings=house.recordings, media=self._media, clock=utc_now, live=self._live
            )
        return tasks

    @cached_property
    def _sandbox(self) -> Sandbox:
        settings = self._settings
        return Sandbox(
            Bounds(
                timeout_seconds=settings.ascii_timeout,
                memory_mb=settings.ascii_memory_mb,
                video=Limits(most_pixels=settings.ascii_most_pixels, longest_seconds=settings.ascii_longest_seconds),
            )
        )

    @cached_property
    def _live(self) -> Live | None:
        settings = self._settings
        if not (settings.presence_table and settings.realtime_url):
            return None
        connections = Connections(DynamoTable(settings.presence_table), clock=utc_now)
        return Live(connections=connections, posts=ApiGatewayPosts(settings.realtime_url), clock=utc_now)

    @cached_property
    def _summariser(self) -> Summariser:
        settings = self._settings
        try:
            return choose_summariser(
                api_key=settings.llm_api_key.get_secret_value(),
                base_url=settings.llm_base_url,
                model=settings.llm_model,
            )
        except SummaryMisconfigured as error:
            log.error("the language model is set wrongly", detail=error.detail)
            return UnusableSummariser(error)

    @cached_property
    def _diarizer(self) -> Diarizer | None:
        settings = self._settings
        if Lane.SPEECH not in settings.worker_lanes:
            return None
        try:
            return find_diarizer(settings.diarization_model_dir, threshold=settings.diarization_threshold)
        except ModelUnavailable as error:
            # Transcripts without speakers are better than none.
            log.error("speakers cannot be told apart by their voices", detail=error.detail)
            self._diarizer_failure = Failure("diarizer-unavailable", error.detail)
            return None

    @cached_property
    def _listener(self) -> Listener:
        models = LoadedModels(self._load, most=self._settings.whisper_models_loaded)
        return Listener(models, self._find_model(self._settings.whisper_model), rows=ROWS[self._device])

    def _load(self, model: SpeechModel) -> SpeechEngine:
        settings = self._settings
        return SpeechEngine(
            model,
            device=self._device,
            compute_type=settings.whisper_compute_type,
            cpu_threads=settings.whisper_cpu_threads,
        )

    def _found_model(self, name: str) -> SpeechModel:
        """Find a model, and fetch it if need be: in the thread of the job that wants it."""
        if name == "auto":
            name = self._settings.whisper_model
        return resolve(name, device=self._device, model_dir=self._model_dir)
