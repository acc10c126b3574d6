"""A real video in a real child: what is shown on the way is what stands in the files at the end."""

import io
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from functions.core.jobs.ascii_frames import LiveFrame, text_of
from functions.core.jobs.ascii_options import AsciiVideoOptions, Style
from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.characters import CHARACTERS
from gpu_worker.pictures.sandbox import Bounds, Sandbox
from tests.video_making import moving_square, video

pytestmark = pytest.mark.enable_socket

RATE = 120


@dataclass
class Cinema:
    """Takes files and frames. Somebody comes when the first files are there, and leaves after two frames."""

    files: dict[File, bytes] = field(default_factory=lambda: defaultdict(bytes))
    frames: list[LiveFrame] = field(default_factory=list)
    is_there: bool = False
    shown_before: int = 0

    def made(self, file: File, chunk: bytes) -> None:
        self.files[file] += chunk

    def still(self, png: bytes) -> None:
        self.shown_before = len(self.frames)
        self.is_there = True

    def progressed(self, done: float, total: float | None, frames: int) -> None:
        pass

    def tick(self) -> None:
        pass

    def show(self, frame: LiveFrame) -> None:
        self.frames.append(frame)
        self.is_there = len(self.frames) < 2


@pytest.mark.parametrize("style", [Style.NORMAL, Style.BRAILLE])
def test_frames_are_those_of_the_text_files(style: Style) -> None:
    film = video(moving_square(30, width=320, height=240), rate=1)
    cinema = Cinema()

    Sandbox(Bounds(timeout_seconds=120, memory_mb=1024)).render(
        AsciiVideoOptions(width=80, style=style, fps=RATE, save_mp4=False, save_txt=True, save_png=True),
        size=len(film),
        read_range=lambda start, end: film[start:end],
        watcher=cinema,
        audience=cinema,
    )

    assert cinema.shown_before == 0
    assert len(cinema.frames) >= 2
    with zipfile.ZipFile(io.BytesIO(cinema.files[File.TXT])) as texts:
        assert len(texts.namelist()) == 30 * RATE
        for frame in cinema.frames:
            assert text_of(frame, CHARACTERS[style]) == texts.read(f"frame_{frame.number:06}.txt").decode()
            assert frame.milliseconds == frame.number * 1000 // RATE
