"""Whether everything is as it should be: one sentence for each thing that an admin would look at."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from functions.core.jobs.model import Lane
from functions.core.jobs.queue_depths import QueueDepth
from functions.core.jobs.worker_report import WorkerReport
from functions.core.settings import Speech
from functions.core.webhooks.store import Unwell

LONGEST_WAIT: Final = timedelta(hours=1)
"""As the alarms of the queues (template.yaml)."""
ERRORS_COUNT_FOR: Final = timedelta(hours=1)
"""An older error is told and is no problem any more: jobs have gone through since, or it would be younger."""
MOST_TOLD: Final = 10
UNKNOWN: Final = "Unknown: no worker has ever reported."
LOOK: Final = "somebody must look at them."
REMEDIES: Final = {
    "dead jobs": "the function that ends them fails; look at its log.",
    "dead uploads": "nobody took them in; parley check --redrive uploads has it tried again.",
    "dead changes": "nobody followed them up; parley check --redrive changes has it tried again, for a day.",
    "dead webhooks": "they were not even tried; parley check --redrive webhooks has it tried again.",
}
"""What to do about dead letters; more of it in docs/operating.md."""
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
    """Of the worker that speaks for all: what the house runs."""
    workers: Sequence[WorkerReport]
    """Those that spoke within a day, whoever spoke last first."""
    lanes: Mapping[Lane, QueueDepth]
    dead: Mapping[str, int]
    webhooks: Unwell
    speech: Speech
    now: datetime

    @property
    def known(self) -> Sequence[WorkerReport]:
        """All workers that anything is known of."""
        return self.workers or ([self.report] if self.report else [])

    @property
    def living(self) -> Sequence[WorkerReport]:
        """The workers that spoke lately."""
        return [one for one in self.known if one.lives(self.now)]


def findings(sight: Sight) -> list[Found]:
    """Look at everything; always the same names in the same order."""
    return [
        Found("worker", *_worker(sight)),
        Found("last start", *_last_start(sight)),
        *_of_the_worker(sight),
        *(Found(f"{lane} queue", *_queue(depth)) for lane, depth in sight.lanes.items()),
        *(Found(name, *_dead(name, count)) for name, count in sight.dead.items()),
        Found("webhooks", *_webhooks(sight.webhooks)),
        Found("last error", *_last_error(sight)),
    ]


def _worker(sight: Sight) -> tuple[bool, str]:
    waiting = sum(depth.waiting for depth in sight.lanes.values())
    if not sight.known:
        return False, f"No worker has ever reported; {_jobs(waiting)}. Start one: nothing else is known before."
    if sight.living:
        unserved = list(_unserved(sight))
        told = [_described(one, sight.now) for one in sight.living[:MOST_TOLD]]
        more = len(sight.living) - len(told)
        return not unserved, " ".join([*told, *([f"And {more} more."] if more else []), *unserved])
    last = max(sight.known, key=lambda one: one.last_seen)
    seen = f"{last.worker}, seen {_span(sight.now - last.last_seen)} ago"
    if waiting or any(depth.in_flight for depth in sight.lanes.values()):
        return False, f"None lives, and {_jobs(waiting)}. The last one was {seen}."
    # Where workers are started for work and stopped after it, this is how rest looks.
    return True, f"None lives, and none is needed: the queues are empty. The last one was {seen}."


def _described(one: WorkerReport, now: datetime) -> str:
    what = [*one.lanes, *([f"on {one.device}"] if one.device else [])]
    name = f"{one.worker} ({' '.join(what)})" if what else one.worker
    seen = f"seen {_span(now - one.last_seen)} ago, up for {_span(now - one.started_at)}"
    return f"{name}, {seen}, {_work(one, now)}; jobs done: {one.jobs_done}, broken: {one.jobs_broken}."


def _work(one: WorkerReport, now: datetime) -> str:
    if not one.in_hand:
        return "idle"
    kinds = Counter(job.kind for job in one.in_hand)
    longest = _span(now - min(job.since for job in one.in_hand))
    return f"busy for {longest} with {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}"


def _unserved(sight: Sight) -> Iterator[str]:
    for lane, depth in sight.lanes.items():
        if (depth.waiting or depth.in_flight) and not any(one.works(lane) for one in sight.living):
            yield f"None of them works off {lane}, and {_jobs(depth.waiting)}."


def _last_start(sight: Sight) -> tuple[bool, str]:
    if not sight.known:
        return False, UNKNOWN
    last = max(sight.known, key=lambda one: one.started_at)
    if not last.could_not_start or last.last_error is None:
        runs = f"{last.model} on {last.device}" if last.model else "no speech model"
        return True, f"{last.worker}, {_span(sight.now - last.started_at)} ago: {runs}."
    age = sight.now - last.last_error.at
    reason = f"{last.worker} could not start {_span(age)} ago: {last.last_error.detail} ({last.last_error.code})"
    return bool(sight.living) and age >= ERRORS_COUNT_FOR, reason


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
        yield Found(name, *(check(sight.report, sight.speech) if sight.report else (False, UNKNOWN)))


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


def _dead(name: str, count: int) -> tuple[bool, str]:
    return (True, "None.") if not count else (False, f"{count}: {REMEDIES.get(name, LOOK)}")


def _webhooks(unwell: Unwell) -> tuple[bool, str]:
    if not unwell.failing and not unwell.disabled:
        return True, "None is failing or disabled."
    # Receivers are their owners' affair, who see why.
    return True, f"{unwell.failing} failing, {unwell.disabled} disabled; their owners see why."


def _last_error(sight: Sight) -> tuple[bool, str]:
    errors = [one.last_error for one in sight.known if one.last_error is not None]
    if not errors:
        return True, "None."
    error = max(errors, key=lambda one: one.at)
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
