"""Whether everything is as it should be: one sentence for each thing that an admin would look at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from functions.core.jobs.model import Lane
from functions.core.jobs.queue_depths import QueueDepth
from functions.core.jobs.worker_report import WorkerReport
from functions.core.settings import Speech

LONGEST_WAIT: Final = timedelta(hours=1)
"""As the alarms of the queues (template.yaml)."""
ERRORS_COUNT_FOR: Final = timedelta(hours=1)
"""An older error is told and is no problem any more: jobs have gone through since, or it would be younger."""
AUTO: Final = "auto"
DEMO: Final = "demo"


class Found(NamedTuple):
    """How one thing is, in a sentence."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that can be seen of the house from outside its workers."""

    report: WorkerReport | None
    lanes: Mapping[Lane, QueueDepth]
    dead: Mapping[str, int]
    speech: Speech
    now: datetime


def findings(sight: Sight) -> list[Found]:
    """Look at everything; always the same names in the same order."""
    return [
        Found("worker", *_worker(sight)),
        *_of_the_worker(sight),
        *(Found(f"{lane} queue", *_queue(depth)) for lane, depth in sight.lanes.items()),
        *(Found(name, *_dead(count)) for name, count in sight.dead.items()),
        Found("last error", *_last_error(sight)),
    ]


def _worker(sight: Sight) -> tuple[bool, str]:
    report, waiting = sight.report, sum(depth.waiting for depth in sight.lanes.values())
    if report is None:
        return False, f"No worker has ever reported; {_jobs(waiting)}. Start one: nothing else is known before."
    seen = f"{report.worker}, seen {_span(sight.now - report.last_seen)} ago"
    if report.lives(sight.now):
        jobs = f"jobs done: {report.jobs_done}, broken: {report.jobs_broken}"
        return True, f"{seen}, up for {_span(sight.now - report.started_at)}; {jobs}."
    if waiting or any(depth.in_flight for depth in sight.lanes.values()):
        return False, f"None lives, and {_jobs(waiting)}. The last one was {seen}."
    # Where workers are started for work and stopped after it, this is how rest looks.
    return True, f"None lives, and none is needed: the queues are empty. The last one was {seen}."


def _of_the_worker(sight: Sight) -> Iterator[Found]:
    checks: dict[str, Callable[[WorkerReport, Speech], tuple[bool, str]]] = {
        "python": _version_of("python", says="Python"),
        "faster-whisper": _version_of("faster-whisper"),
        "ctranslate2": _version_of("ctranslate2", says="CTranslate2"),
        "ffmpeg": _ffmpeg,
        "cuda": _cuda,
        "model": _model,
        "summary engine": lambda report, _: (True, f"{report.summary_engine}."),
        "diarizer": _diarizer,
    }
    for name, check in checks.items():
        unknown = (False, "Unknown: no worker has ever reported.")
        yield Found(name, *(check(sight.report, sight.speech) if sight.report else unknown))


def _version_of(package: str, *, says: str = "") -> Callable[[WorkerReport, Speech], tuple[bool, str]]:
    def check(report: WorkerReport, _: Speech) -> tuple[bool, str]:
        version = report.versions.get(package)
        return (True, f"{says or package} {version}.") if version else (False, "The worker has not said.")

    return check


def _ffmpeg(report: WorkerReport, _: Speech) -> tuple[bool, str]:
    if "av" not in report.versions:
        return False, "The worker has not said."
    ffmpeg = report.versions.get("ffmpeg")
    return True, f"PyAV {report.versions['av']}{f' with FFmpeg {ffmpeg}' if ffmpeg else ''}."


def _cuda(report: WorkerReport, speech: Speech) -> tuple[bool, str]:
    gpu = ""
    if report.gpu is not None:
        memory = f", {report.gpu.memory_mb} MB" if report.gpu.memory_mb else ""
        driver = f", driver {report.versions['nvidia-driver']}" if "nvidia-driver" in report.versions else ""
        gpu = f"{report.gpu.name}{memory}{driver}"
    if report.device is None:
        return False, "No model is loaded, on no device."
    if report.device == "cuda":
        return True, f"In use: {gpu or 'a GPU that did not say its name'}."
    if speech.whisper_device == "cuda":
        return False, f"WHISPER_DEVICE is cuda, but the model runs on: {report.device}."
    if speech.whisper_device == "cpu":
        return True, "Not used: WHISPER_DEVICE is cpu."
    return (False, f"There is one that is not used: {gpu}.") if gpu else (True, "Not used: the worker has no GPU.")


def _model(report: WorkerReport, speech: Speech) -> tuple[bool, str]:
    if report.model is None:
        return False, f"WHISPER_MODEL is {speech.whisper_model}, and no model could be loaded."
    there = "" if report.models_on_disk is None else f" On disk: {', '.join(report.models_on_disk)}."
    if report.model == DEMO and speech.whisper_model == AUTO:
        return False, f"Only the demo model is there, which knows a few words. Put another one on disk.{there}"
    return True, f"{report.model} on {report.device}, as {report.compute_type}.{there}"


def _diarizer(report: WorkerReport, _: Speech) -> tuple[bool, str]:
    if report.diarizer is None:
        return True, "None: speakers are told apart by channels only."
    return True, f"{report.diarizer}."


def _queue(depth: QueueDepth) -> tuple[bool, str]:
    full = f"{depth.waiting} waiting, {depth.in_flight} in flight"
    if not depth.waiting and not depth.in_flight:
        return True, f"{full}."
    if depth.oldest is None:
        return True, f"{full}; the age of the oldest is unknown."
    # What is in flight may be old: a long recording takes its time.
    return not depth.waiting or depth.oldest < LONGEST_WAIT, f"{full}; the oldest is {_span(depth.oldest)} old."


def _dead(count: int) -> tuple[bool, str]:
    return (True, "None.") if not count else (False, f"{count}: somebody must look at them.")


def _last_error(sight: Sight) -> tuple[bool, str]:
    error = sight.report.last_error if sight.report else None
    if error is None:
        return True, "None."
    age = sight.now - error.at
    where = error.kind or "start"
    return age >= ERRORS_COUNT_FOR, f"{_span(age)} ago, {where}: {error.detail} ({error.code})"


def _jobs(waiting: int) -> str:
    match waiting:
        case 0:
            return "no job waits"
        case 1:
            return "1 job waits"
        case _:
            return f"{waiting} jobs wait"


def _span(time: timedelta) -> str:
    seconds = max(int(time.total_seconds()), 0)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
