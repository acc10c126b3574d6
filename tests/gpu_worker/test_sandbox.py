"""What a renderer may do in its child, and what ends it; the renderer is one that does what a test says."""

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from functions.core.jobs.ascii_frames import LiveFrame
from functions.core.jobs.ascii_options import AsciiVideoOptions, Style
from functions.core.jobs.ascii_video import AsciiVideo, File
from gpu_worker.pictures import sandbox as sandbox_module
from gpu_worker.pictures.child import PROGRESS, Word
from gpu_worker.pictures.child_environment import harmless
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.sandbox import Bounds, Died, Sandbox, _Hearing, _View
from tests.gpu_worker.fake_renderer import NAME, STILL
from tests.local_system import eventually, is_alive

ROOT = Path(__file__).parents[2]
MEGABYTE = 1024**2
# The fork server is asked through a socket of this machine that has no address.
pytestmark = pytest.mark.enable_socket
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own limits")


class Stopped(Exception):
    pass


@dataclass
class Watching:
    files: dict[File, bytes] = field(default_factory=lambda: defaultdict(bytes))
    stills: list[bytes] = field(default_factory=list)
    progress: list[tuple[float, float | None, int]] = field(default_factory=list)
    on_tick: Callable[[], None] = lambda: None

    def made(self, file: File, chunk: bytes) -> None:
        self.files[file] += chunk

    def still(self, png: bytes) -> None:
        self.stills.append(png)

    def progressed(self, done: float, total: float | None, frames: int) -> None:
        self.progress.append((done, total, frames))

    def tick(self) -> None:
        self.on_tick()


VIDEO = Limits(most_pixels=1_000_000, longest_seconds=60)


def bounds(**changes: Any) -> Bounds:
    usual: dict[str, Any] = {"timeout_seconds": 60, "memory_mb": 256, "video": VIDEO}
    return Bounds(**usual | changes)


@dataclass
class Sitting:
    """An audience."""

    is_there: bool = False
    frames: list[LiveFrame] = field(default_factory=list)

    def show(self, frame: LiveFrame) -> None:
        self.frames.append(frame)


def render(act: str, watching: Watching | None = None, audience: Sitting | None = None, **changes: Any) -> AsciiVideo:
    source = act.encode()
    return Sandbox(bounds(**changes), renderer=NAME).render(
        AsciiVideoOptions(width=80),
        size=len(source),
        read_range=lambda start, end: source[start:end],
        watcher=watching or Watching(),
        audience=audience,
    )


def refusal(act: str, watching: Watching | None = None, **changes: Any) -> NotRenderable:
    with pytest.raises(NotRenderable) as raised:
        render(act, watching, **changes)
    return raised.value


def test_what_is_made_comes_out_and_the_limits_go_in() -> None:
    watching = Watching()

    video = render("copy 3000000", watching)

    assert watching.files == {File.VIDEO: b"v" * 3_000_000, File.TXT: "кадр".encode()}
    assert watching.stills == [STILL]
    assert watching.progress == [(1.5, 1.5, 3)]
    assert (video.frames, video.columns, video.width, video.height) == (3, 80, 1_000_000, 60)


def test_a_video_that_cannot_be_drawn_says_why() -> None:
    error = refusal("refuse")

    assert (error.code, error.detail) == ("no-video-stream", "В файле нет видео.")


@pytest.mark.parametrize(
    ("act", "changes", "code"),
    [
        ("flood", {"most_bytes": 4 * MEGABYTE}, "output-too-large"),
        ("flood-scratch", {"most_bytes": 4 * MEGABYTE}, "output-too-large"),
        ("wait", {"timeout_seconds": 1}, "timed-out"),
        pytest.param("burn", {}, "timed-out", marks=on_linux),
        pytest.param("hoard", {}, "out-of-memory", marks=on_linux),
        ("raise", {}, "render-crashed"),
        ("segfault", {}, "render-crashed"),
    ],
)
def test_a_renderer_beyond_its_limits_is_ended_with_a_reason(act: str, changes: dict[str, Any], code: str) -> None:
    assert refusal(act, None, **changes).code == code


def test_a_renderer_that_somebody_else_killed_is_no_fault_of_the_video() -> None:
    with pytest.raises(Died):
        render("be-killed")


def test_whoever_stops_it_ends_the_child_at_once() -> None:
    watching = Watching()
    began = time.monotonic()

    def stop() -> None:
        if watching.progress:
            raise Stopped

    watching.on_tick = stop

    with pytest.raises(Stopped):
        render("wait", watching)

    assert time.monotonic() - began < 10


def until(is_enough: Callable[[], bool]) -> Watching:
    """Stop as soon as that is so."""

    def stop() -> None:
        if is_enough():
            raise Stopped

    return Watching(on_tick=stop)


def test_whoever_watches_from_the_beginning_sees_frames_in_their_order() -> None:
    audience = Sitting(is_there=True)

    with pytest.raises(Stopped):
        render("film", until(lambda: len(audience.frames) >= 3), audience)

    numbers = [frame.number for frame in audience.frames]
    assert numbers == sorted(set(numbers))
    for frame in audience.frames:
        assert (frame.milliseconds, frame.columns, frame.rows) == (frame.number * 40, 4, 2)
        assert frame.glyphs == bytes([frame.number % 10]) * 8


def test_whoever_comes_in_the_middle_sees_the_rest_and_nobody_nothing() -> None:
    audience, watching = Sitting(), Watching()

    def come() -> None:
        assert audience.is_there or not audience.frames
        if watching.progress:
            # The first frame is drawn.
            audience.is_there = True
        if audience.frames:
            raise Stopped

    watching.on_tick = come

    with pytest.raises(Stopped):
        render("film", watching, audience)

    assert audience.frames[0].number > 0


def test_when_all_have_gone_no_frame_leaves_the_child() -> None:
    audience = Sitting(is_there=True)
    counts: list[int] = []

    def go() -> None:
        audience.is_there = audience.is_there and not audience.frames
        counts.append(len(audience.frames))
        # While somebody watches there are two in a tick.
        if counts[-1] > 0 and counts[-5:] == [counts[-1]] * 5:
            raise Stopped

    with pytest.raises(Stopped):
        render("film", Watching(on_tick=go), audience)


def test_a_child_that_is_killed_while_somebody_watches_is_no_fault_of_the_video() -> None:
    with pytest.raises(Died):
        render("be-killed", None, Sitting(is_there=True))


def test_a_child_that_is_stopped_with_its_worker_did_not_die() -> None:
    watching = Watching()

    def stop() -> None:
        raise Stopped

    watching.on_tick = stop

    with pytest.raises(Stopped):
        render("be-killed", watching)


def test_a_source_that_cannot_be_read_is_no_fault_of_the_video() -> None:
    def read_range(start: int, end: int) -> bytes:
        raise ConnectionError("the bucket is away")

    with pytest.raises(ConnectionError, match="the bucket is away"):
        Sandbox(bounds(), renderer=NAME).render(AsciiVideoOptions(), size=10, read_range=read_range, watcher=Watching())


def test_the_child_knows_no_secret_and_has_few_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(render("tell", most_bytes=5 * MEGABYTE).warnings[0])

    assert (told["oom"], told["core"], told["files"], told["size"]) == ("1000", 0, 64, 5 * MEGABYTE)
    assert told["nice"] >= 5
    assert [name for name in told["environ"] if name.startswith(("AWS_", "LLM_"))] == []
    assert not is_alive(told["pid"])


@on_linux
def test_not_even_the_kernel_shows_the_child_what_its_server_was_started_with() -> None:
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.gpu_worker.test_sandbox import render\n"
        "print(render('tell').warnings[0])\n"
    )
    environ = harmless(os.environ) | {"AWS_SECRET_ACCESS_KEY": "hush-hush", "LLM_API_KEY": "hush-hush"}

    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )

    told = json.loads(ran.stdout)
    assert "hush-hush" not in told["seen"]
    assert "AWS_SECRET_ACCESS_KEY" not in told["environ"]


@on_linux
def test_the_child_goes_with_a_worker_that_is_killed() -> None:
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.gpu_worker.test_sandbox import Watching, render\n"
        "watching = Watching()\n"
        "import multiprocessing, threading\n"
        "def tell():\n"
        "    if watching.progress: print(*[one.pid for one in multiprocessing.active_children()], flush=True)\n"
        "watching.on_tick = tell\n"
        "render('wait', watching)\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    with worker.stdout:
        child = int(worker.stdout.readline())
        assert is_alive(child)

        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()

    eventually(lambda: not is_alive(child), within=10)


class Process:
    """A child that has ended."""

    exitcode = 0
    sentinel = -1

    def join(self, timeout: float) -> None:
        pass


class Liar:
    """A connection from whose other end anything may come."""

    def __init__(self, *messages: bytes) -> None:
        self._messages = list(messages)

    def recv_bytes(self, most: int) -> bytes:
        if not self._messages:
            raise EOFError
        if len(self._messages[0]) > most:
            raise OSError("bad message length")
        return self._messages.pop(0)


def word(kind: Word, body: bytes = b"") -> bytes:
    return bytes([kind]) + body


def frame_of(columns: int, rows: int, glyphs: bytes = b"", *, number: int = 0) -> bytes:
    return struct.pack("<QQHH", number, 0, columns, rows) + glyphs


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00",
        b"\xffwhat",
        word(Word.OUTPUT),
        word(Word.OUTPUT, b"\x09../../etc/passwd"),
        word(Word.OUTPUT, b"\x00" + bytes(2 * MEGABYTE)),
        word(Word.PROGRESS, b"12"),
        word(Word.PROGRESS, PROGRESS.pack(float("nan"), 1.0, 1)),
        word(Word.PROGRESS, PROGRESS.pack(float("inf"), 1.0, 1)),
        word(Word.DONE, b"{}"),
        word(Word.DONE, b"[1"),
        word(Word.DONE, b" " * 70_000),
        word(Word.NOT_RENDERABLE, b"[1]"),
        word(Word.NOT_RENDERABLE, b"\xff"),
        word(Word.STILL, bytes(65 * MEGABYTE)),
        word(Word.FRAME),
        word(Word.FRAME, frame_of(1, 1)),
        word(Word.FRAME, frame_of(2, 2, b"123")),
        word(Word.FRAME, frame_of(0, 0, b"")),
        word(Word.FRAME, frame_of(2, 1, b"\x09\x0a")),
        word(Word.FRAME, frame_of(1, 1, b"\x00", number=2**60)),
        word(Word.FRAME, frame_of(65535, 1, bytes(65535))),
    ],
    ids=lambda message: repr(message[:24]),
)
def test_a_child_that_talks_nonsense_is_not_believed(message: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    liar: Any = Liar(message)
    process: Any = Process()
    monkeypatch.setattr(sandbox_module, "wait", lambda things, timeout: [liar])

    with pytest.raises(NotRenderable) as raised:
        _Hearing(process, liar, Watching(), bounds(), _View(liar, Sitting(), Style.NORMAL)).hear_out()

    assert raised.value.code == "render-crashed"


def test_a_frame_that_nobody_asked_for_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    liar: Any = Liar(word(Word.FRAME, frame_of(1, 1, b"\x00")))
    process: Any = Process()
    monkeypatch.setattr(sandbox_module, "wait", lambda things, timeout: [liar])

    with pytest.raises(NotRenderable):
        _Hearing(process, liar, Watching(), bounds()).hear_out()


@pytest.mark.parametrize(
    "asked_for",
    [struct.pack("<QQ", 0, 10**12), struct.pack("<QQ", 9, 3), b"what", bytes(99)],
    ids=["too much", "backwards", "too short", "too long"],
)
def test_ranges_of_nowhere_are_not_answered(asked_for: bytes) -> None:
    asked: list[tuple[int, int]] = []

    def read_range(start: int, end: int) -> bytes:
        asked.append((start, end))
        return b""

    ours, theirs = Pipe()
    answers = sandbox_module._Answers(ours, read_range, 100)

    theirs.send_bytes(asked_for)
    answers.join()

    assert asked == []
    with pytest.raises((EOFError, ConnectionResetError)):
        theirs.recv_bytes()
    theirs.close()
