"""How far things are, on standard error: bars where a person looks on, plain lines in a log."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from parley.answers import Job, Recording
from parley.show import clock, plain, size_of
from parley.uploads import Source, UploadWatcher

Say = Callable[[str], None]
QUARTERS: Final = 4
LONG_READ: Final = 200_000_000
"""From so many bytes on, reading a file takes long enough to be shown."""


def _console() -> Console | None:
    """Return where bars can be drawn, if anywhere. FORCE_COLOR makes rich call a file a terminal; we ask the file."""
    console = Console(stderr=True, highlight=False, markup=False)
    return console if sys.stderr.isatty() and not console.is_dumb_terminal else None


@contextmanager
def reading_progress(source: Source, say: Say) -> Iterator[UploadWatcher]:
    """Show how far a file is read while the block runs, if that takes long."""
    if source.size < LONG_READ:
        yield _Silence()
        return
    with upload_progress(source, say, doing="reading") as watcher:
        yield watcher


@contextmanager
def upload_progress(source: Source, say: Say, *, doing: str = "uploading") -> Iterator[UploadWatcher]:
    """Show one upload while the block runs."""
    console = _console()
    if console is None:
        yield _UploadLines(source, say, doing)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        yield _UploadBar(bars, source, doing)


class _Silence:
    def sent(self, size: int) -> None:
        pass

    def again(self, reason: str) -> None:
        pass


class _UploadBar:
    def __init__(self, bars: Progress, source: Source, doing: str) -> None:
        self._bars = bars
        self._name = plain(source.name)
        self._task = bars.add_task(f"{doing} {self._name}", total=source.size)

    def sent(self, size: int) -> None:
        self._bars.update(self._task, completed=size)

    def again(self, reason: str) -> None:
        self._bars.console.print(f"{self._name}: {reason}; trying again")


class _UploadLines:
    def __init__(self, source: Source, say: Say, doing: str) -> None:
        self._name = plain(source.name)
        self._size = source.size
        self._say = say
        self._quarter = 0
        say(f"{self._name}: {doing} {size_of(source.size)}")

    def sent(self, size: int) -> None:
        quarter = size * QUARTERS // self._size
        if self._quarter < quarter < QUARTERS:
            self._say(f"{self._name}: {quarter * 100 // QUARTERS} %")
        self._quarter = quarter

    def again(self, reason: str) -> None:
        self._say(f"{self._name}: {reason}; trying again")


@contextmanager
def jobs_progress(say: Say) -> Iterator[Callable[[Recording], None]]:
    """Show a recording's jobs while the block runs: call what it gives with each newer state."""
    console = _console()
    if console is None:
        yield _JobLines(say).show
        return
    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[words]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        yield _JobBars(bars).show


@contextmanager
def drawing_progress(name: str, say: Say) -> Iterator[Callable[[float, float | None, int], None]]:
    """Show how far a video is drawn: call what it gives with seconds done, of how many, and frames."""
    console = _console()
    if console is None:
        say(f"{plain(name)}: drawing")
        yield lambda _done, _total, _frames: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[words]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(plain(name), total=None, words="")

        def told(done: float, total: float | None, frames: int) -> None:
            words = f"{clock(done)}{f' of {clock(total)}' if total else ''}, {frames} frames"
            bars.update(task, completed=done, total=total, words=words)

        yield told


class _JobBars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._arrival: TaskID | None = None

    def show(self, recording: Recording) -> None:
        if self._arrival is None:
            self._arrival = self._bars.add_task(plain(recording.title) or recording.id, total=None, words="")
        there = recording.status != "awaiting_upload"
        self._bars.update(
            self._arrival, words=_arrival(recording), total=1 if there else None, completed=1 if there else 0
        )
        for job in recording.jobs:
            if job.id not in self._tasks:
                self._tasks[job.id] = self._bars.add_task(f"  {plain(job.kind)}", total=None, words="")
            waiting = job.status == "queued"  # a bar without a total pulses
            self._bars.update(
                self._tasks[job.id], total=None if waiting else 1.0, completed=job.progress, words=_words(job)
            )


class _JobLines:
    """A line whenever there is something new to say, at most one every ten per cent."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._said: dict[str, object] = {}

    def show(self, recording: Recording) -> None:
        name = plain(recording.title) or recording.id
        self._tell(recording.id, recording.status, f"{name}: {_arrival(recording)}")
        for job in recording.jobs:
            state = (job.status, job.stage, int(job.progress * 10))
            self._tell(job.id, state, f"  {plain(job.kind)}: {_words(job)}")

    def _tell(self, about: str, state: object, line: str) -> None:
        if self._said.get(about) != state:
            self._said[about] = state
            self._say(line)


def _arrival(recording: Recording) -> str:
    return {"awaiting_upload": "arriving", "uploaded": "there"}.get(recording.status, plain(recording.status))


def _words(job: Job) -> str:
    """Say in one line where a job is."""
    if job.status == "queued":
        return f"waiting to try again: {plain(str(job.error))}" if job.error else "waiting"
    if job.is_over:
        return {"succeeded": "done"}.get(job.status, job.status)
    words = [f"{job.progress:.0%}".replace("%", " %"), plain(job.stage)]
    if job.message:
        words.append(plain(job.message))
    if job.eta_seconds is not None:
        words.append(f"{clock(job.eta_seconds)} left")
    if job.attempts > 1:
        words.append(f"attempt {job.attempts}")
    return " · ".join(filter(None, words))
