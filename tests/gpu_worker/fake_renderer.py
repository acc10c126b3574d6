"""A renderer that does what its source says: for tests of the child that renderers live in.

It is imported there by its name, as the real one is.
"""

import ctypes
import itertools
import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from functions.core.jobs.ascii_options import AsciiVideoOptions
from functions.core.jobs.ascii_video import AsciiVideo, File
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.limits import Limits

NAME = "tests.gpu_worker.fake_renderer:render"
STILL = b"\x89PNG still"


@dataclass(frozen=True)
class Progress:
    done: float
    total: float | None
    frames: int


def render(
    source: BinaryIO,
    options: AsciiVideoOptions,
    *,
    open_output: Callable[[File], BinaryIO],
    scratch: Path,
    on_progress: Callable[[Progress], None],
    on_still: Callable[[bytes], None],
    on_frame: Callable[[Grid], None],
    limits: Limits,
) -> AsciiVideo:
    order, *_ = source.read().partition(b"\n")
    name, _, argument = order.decode().partition(" ")
    on_still(STILL)
    if name == "film":
        _film(on_frame, on_progress)
    said = ACTS[name](argument, open_output, on_progress, scratch)
    (scratch / "used").write_text("x")
    video = AsciiVideo(
        frames=3,
        duration=1.5,
        columns=options.width or 120,
        rows=34,
        width=limits.most_pixels,
        height=int(limits.longest_seconds),
        style=options.style,
        engine="x264",
        has_audio=False,
        files={},
        warnings=(said,) if said else (),
    )
    on_progress(Progress(1.5, 1.5, 3))
    return video


def _copy(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    with open_output(File.VIDEO) as video, open_output(File.TXT) as txt:
        video.write(b"v" * int(argument or 10))
        txt.write("кадр".encode())
    return ""


def _flood(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    with open_output(File.VIDEO) as video:
        while True:
            video.write(bytes(1024**2))


def _flood_scratch(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    with (scratch / "large").open("wb") as file:
        while True:
            file.write(bytes(1024**2))


def _film(on_frame: Callable[[Grid], None], on_progress: Callable[[Progress], None]) -> None:
    # For ever: whoever watches ends it.
    for number in itertools.count():
        on_frame(Grid(number, Fraction(number, 25), np.full((2, 4), number % 10, np.uint8)))
        if number == 0:
            on_progress(Progress(0.04, None, 1))


def _wait(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    on_progress(Progress(1.0, 4.0, 2))
    threading.Event().wait()
    return ""


def _burn(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
    while True:
        pass


def _hoard(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    kept = []
    while True:
        kept.append(b"x" * 16 * 1024**2)


def _refuse(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    raise NotRenderable("no-video-stream", "В файле нет видео.")


def _raise(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    raise ZeroDivisionError


def _segfault(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    ctypes.string_at(0)
    return ""


def _be_killed(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()
    return ""


def _tell(argument: str, open_output: Any, on_progress: Any, scratch: Path) -> str:
    on_linux = sys.platform == "linux"
    return json.dumps(
        {
            "pid": os.getpid(),
            "environ": sorted(os.environ),
            "seen": Path("/proc/self/environ").read_text() if on_linux else "",
            "oom": Path("/proc/self/oom_score_adj").read_text().strip() if on_linux else "1000",
            "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
            "files": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
            "size": resource.getrlimit(resource.RLIMIT_FSIZE)[1],
            "nice": os.nice(0),
        }
    )


ACTS = {
    "copy": _copy,
    "flood": _flood,
    "flood-scratch": _flood_scratch,
    "wait": _wait,
    "burn": _burn,
    "hoard": _hoard,
    "refuse": _refuse,
    "raise": _raise,
    "segfault": _segfault,
    "be-killed": _be_killed,
    "tell": _tell,
}
