"""The process in which one video is opened and drawn: it may ask for bytes of it and hand over what it makes, no more.

What it says is bytes, numbers and JSON, never pickles: whoever has taken this process over must not reach the one that
listens.
"""

import ctypes
import errno
import importlib
import io
import json
import math
import os
import resource
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from typing_extensions import Buffer

from functions.core.jobs.ascii_options import AsciiVideoOptions
from functions.core.jobs.ascii_video import File, ascii_video_to_json
from gpu_worker.pictures.child_environment import forget_the_rest
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.showing import Showing
from gpu_worker.remote_file import RemoteFile

RANGE: Final = struct.Struct("<QQ")
"""What is asked for of the source: from one position up to another."""
PROGRESS: Final = struct.Struct("<ddQ")
"""Seconds done, seconds in all (not a number: unknown), frames."""
SHOW: Final = b"\x01"
"""The only thing that is ever said to the child: whether its frames are watched."""
HIDE: Final = b"\x00"
THERE: Final = b"\x01"
"""What bytes of the source begin with; an answer without it: they cannot be read."""
CHUNK: Final = 1024**2
FILES: Final = tuple(File)
OUT_OF_MEMORY: Final = "It takes more memory than a video may have."
TOO_LARGE: Final = "What it makes is larger than may be kept."

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_OPEN_FILES: Final = 64
_SAYS_EVERY: Final = 0.1


class Word(IntEnum):
    """What a message of the child is about: its first byte."""

    OUTPUT = 1
    PROGRESS = 2
    STILL = 3
    DONE = 4
    NOT_RENDERABLE = 5
    BROKEN = 6
    FRAME = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one child shall do, and within what."""

    options: AsciiVideoOptions
    size: int
    """Of the source, in bytes."""
    scratch: str
    renderer: str
    """`module:function`."""
    limits: Limits
    memory_bytes: int
    """Beside what the renderer itself takes."""
    cpu_seconds: int
    most_bytes: int
    """Of all that it makes."""


def live(order: Order, source: Connection, words: Connection) -> None:
    """Do an order; the life of the child."""
    forget_the_rest()
    _confine(order)
    voice = _Voice(words)
    showing = Showing(lambda frame: voice.say(Word.FRAME, frame))
    _listen(words, showing)
    try:
        _render(order, source, voice, showing)
    except NotRenderable as error:
        voice.say(Word.NOT_RENDERABLE, _reason(error.code, error.detail))
    except MemoryError:
        voice.say(Word.NOT_RENDERABLE, _reason("out-of-memory", OUT_OF_MEMORY))
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass  # the parent is gone
    except Exception as error:  # noqa: BLE001 (whatever it was, the parent must learn of it)
        _say_what_broke(voice, error)
    # Not the long way round: threads of FFmpeg may still be at it.
    os._exit(0)


def _render(order: Order, source: Connection, voice: "_Voice", showing: Showing) -> None:
    outputs: list[BinaryIO] = []

    def open_output(file: File) -> BinaryIO:
        outputs.append(cast("BinaryIO", io.BufferedWriter(_Output(file, voice), CHUNK)))
        return outputs[-1]

    module, _, name = order.renderer.partition(":")
    render = getattr(importlib.import_module(module), name)
    with RemoteFile(_asking(source), order.size) as remote:
        video = render(
            cast("BinaryIO", io.BufferedReader(remote)),
            order.options,
            open_output=open_output,
            scratch=Path(order.scratch),
            on_progress=voice.progressed,
            on_still=lambda png: voice.say(Word.STILL, png),
            on_frame=showing.drew,
            limits=order.limits,
        )
        # FFmpeg takes a source that breaks off for one that ends.
        remote.raise_failure()
    for output in outputs:
        if not output.closed:
            output.close()
    voice.say(Word.DONE, ascii_video_to_json(video))


def _asking(source: Connection) -> Callable[[int, int], bytes]:
    def read_range(start: int, end: int) -> bytes:
        source.send_bytes(RANGE.pack(start, end))
        answer = source.recv_bytes()
        if not answer.startswith(THERE):
            raise OSError(errno.EIO, "The source cannot be read.")
        return answer[len(THERE) :]

    return read_range


def _say_what_broke(voice: "_Voice", error: Exception) -> None:
    match getattr(error, "errno", None):
        case errno.ENOMEM:
            voice.say(Word.NOT_RENDERABLE, _reason("out-of-memory", OUT_OF_MEMORY))
        case errno.EFBIG:
            voice.say(Word.NOT_RENDERABLE, _reason("output-too-large", TOO_LARGE))
        case _:
            traceback.print_exc()
            voice.say(Word.BROKEN, type(error).__name__.encode())


def _reason(code: str, detail: str) -> bytes:
    return json.dumps([code, detail]).encode()


class _Voice:
    """Says words; any thread may."""

    def __init__(self, words: Connection) -> None:
        self._words = words
        self._lock = threading.Lock()
        self._said = 0.0

    def say(self, word: Word, body: Buffer = b"") -> None:
        """Say one; waits where the parent is busy."""
        with self._lock:
            self._words.send_bytes(bytes([word]) + bytes(body))

    def progressed(self, progress: Any) -> None:
        """Say how far it is, if that was not just said."""
        now = time.monotonic()
        if now - self._said < _SAYS_EVERY:
            return
        self._said = now
        total = math.nan if progress.total is None else float(progress.total)
        self.say(Word.PROGRESS, PROGRESS.pack(float(progress.done), total, progress.frames))


class _Output(io.RawIOBase):
    """A file that is made, chunk by chunk."""

    def __init__(self, file: File, voice: _Voice) -> None:
        super().__init__()
        self._head = bytes([FILES.index(file)])
        self._voice = voice

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Buffer) -> int:
        """Hand it over."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), CHUNK):
            self._voice.say(Word.OUTPUT, self._head + view[start : start + CHUNK])
        return len(view)


def _confine(order: Order) -> None:
    """Take away all that a video does not need, before anything of it is read."""
    # Ctrl-C is for the parent, which ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (order.most_bytes, order.most_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (order.cpu_seconds, order.cpu_seconds + 1))
    os.nice(5)
    if sys.platform == "linux":
        # Not RLIMIT_AS: that counts address space that is only reserved, of which allocators, compilers and FFmpeg's
        # threads take gigabytes; nor is there a limit on what is resident. This counts what may be written to.
        most = _data_bytes() + order.memory_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        # Where memory runs out all the same, this goes first, and not the worker.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _data_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[5]
    return int(pages) * resource.getpagesize()


def _listen(words: Connection, showing: Showing) -> None:
    """Do as the other side says, and end when it closes, which it does with the parent, however that ends."""

    def listen() -> None:
        try:
            while True:
                showing.is_wanted = words.recv_bytes() == SHOW
        finally:
            os._exit(1)

    threading.Thread(target=listen, name="leash", daemon=True).start()
