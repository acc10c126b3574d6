"""Videos are opened in a child with hard limits: a hostile one takes down that, and no job beside it.

One child each, forked from a server that has everything imported (10 ms, not a second). The parent reads the source
for it, takes in what it makes, trusts none of its words and ends it when it takes too long.
"""

import json
import math
import multiprocessing
import signal
import struct
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ensure_running
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Protocol

from pydantic import TypeAdapter, ValidationError

from functions.core.jobs.ascii_frames import LiveFrame
from functions.core.jobs.ascii_options import AsciiVideoOptions, Style
from functions.core.jobs.ascii_video import AsciiVideo, File
from functions.core.observability import log
from gpu_worker import machine
from gpu_worker.pictures import child
from gpu_worker.pictures.characters import CHARACTERS
from gpu_worker.pictures.child import CHUNK, FILES, HIDE, PROGRESS, RANGE, SHOW, THERE, TOO_LARGE, Order, Word
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.showing import read_frame
from gpu_worker.remote_file import BLOCK, ReadRange

if TYPE_CHECKING:
    from collections.abc import Iterator

RENDERER: Final = "gpu_worker.pictures.render:render"
MOST_BYTES: Final = 8 * 1024**3
"""Of all that one video is turned into, and of each file on the way there."""
BUDGET_SECONDS_OF_VIDEO: Final = 60
"""The timeout is given for every so many seconds of video, so that an hour of it has hours."""
TICK: Final = 0.2
PATIENCE: Final = 5.0
_LONGEST_WORD: Final = 64 * 1024**2
"""A still of the largest picture that is taken."""
_LONGEST_JSON: Final = 64 * 1024

# Else two threads might both read how a child has ended, which can be read once.
_STARTING: Final = threading.Lock()
_VIDEO: Final = TypeAdapter(AsciiVideo)


class Died(Exception):
    """The child was ended by somebody else, the machine that ran out of memory most likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a video may take."""

    timeout_seconds: int
    """For every minute of video begun."""
    memory_mb: int
    """Beside what the renderer itself takes, which is shared."""
    most_bytes: int = MOST_BYTES
    video: Limits = field(default_factory=Limits)
    """What is refused of the video itself."""


class Watcher(Protocol):
    """Whoever waits for what is made. Anything that it raises ends the child."""

    def made(self, file: File, chunk: bytes) -> None:
        """Take the next bytes of a file."""
        ...

    def still(self, png: bytes) -> None:
        """Take the first frame as a picture."""
        ...

    def progressed(self, done: float, total: float | None, frames: int) -> None:
        """Take note of seconds done, of how many, and of frames."""
        ...

    def tick(self) -> None:
        """Look whether to go on; called several times a second."""
        ...


class Audience(Protocol):
    """Whoever sees frames as they are drawn. Nothing waits for it: it may raise nothing, and may not take long."""

    @property
    def is_there(self) -> bool:
        """Whether anybody is; asked several times a second."""
        ...

    def show(self, frame: LiveFrame) -> None:
        """Take a frame; there are about ten in a second."""
        ...


class Sandbox:
    """Renders videos, each in a child of its own; any thread may."""

    def __init__(self, bounds: Bounds, *, renderer: str = RENDERER) -> None:
        self._bounds = bounds
        self._renderer = renderer
        self._context = multiprocessing.get_context("forkserver")
        rehearsal = ["gpu_worker.pictures.child_rehearsal"] if renderer == RENDERER else []
        self._context.set_forkserver_preload(
            ["gpu_worker.pictures.child_environment", "gpu_worker.pictures.child", *rehearsal]
        )

    def warm_up(self) -> None:
        """Have the server load everything before the first video comes; does not wait for it."""
        ensure_running()

    def render(
        self,
        options: AsciiVideoOptions,
        *,
        size: int,
        read_range: ReadRange,
        watcher: Watcher,
        audience: Audience | None = None,
    ) -> AsciiVideo:
        """Turn a source of so many bytes into ASCII.

        Raises:
            NotRenderable: no further attempt would help.
            Died: the child was ended by somebody else.
        """
        with TemporaryDirectory(prefix="parley-ascii-") as scratch, self._child(options, size, scratch) as started:
            process, source, words = started
            answers = _Answers(source, read_range, size)
            try:
                view = _View(words, audience, options.style) if audience else None
                return _Hearing(process, words, watcher, self._bounds, view).hear_out()
            except NotRenderable:
                answers.raise_failure()
                raise
            finally:
                process.kill()
                words.close()
                answers.join(PATIENCE)

    @contextmanager
    def _child(
        self, options: AsciiVideoOptions, size: int, scratch: str
    ) -> "Iterator[tuple[ForkServerProcess, Connection, Connection]]":
        source, their_source = self._context.Pipe()
        words, their_words = self._context.Pipe()
        order = self._order(options, size, scratch)
        process = self._context.Process(target=child.live, args=(order, their_source, their_words), daemon=True)
        with _STARTING:
            process.start()
        their_source.close()
        their_words.close()
        try:
            yield process, source, words
        finally:
            process.kill()
            with _STARTING:
                process.join()
                process.close()

    def _order(self, options: AsciiVideoOptions, size: int, scratch: str) -> Order:
        bounds = self._bounds
        minutes = math.ceil(bounds.video.longest_seconds / BUDGET_SECONDS_OF_VIDEO)
        return Order(
            options=options,
            size=size,
            scratch=scratch,
            renderer=self._renderer,
            limits=bounds.video,
            memory_bytes=bounds.memory_mb * 1024**2,
            # As much as all processors do in the longest time that there may be: the clock ends it before.
            cpu_seconds=bounds.timeout_seconds * minutes * machine.cpus(),
            most_bytes=bounds.most_bytes,
        )


class _Answers:
    """Reads the source for the child, in a thread: what is made is taken in meanwhile."""

    def __init__(self, source: Connection, read_range: ReadRange, size: int) -> None:
        self._source = source
        self._read_range = read_range
        self._size = size
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="ascii-source", daemon=True)
        self._thread.start()

    def join(self, seconds: float | None = None) -> None:
        """Wait for its end, which comes with that of the child; a bucket that hangs is not waited for."""
        self._thread.join(seconds)

    def raise_failure(self) -> None:
        """Raise what a read has failed with: that is no fault of the video."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        # What the child says may be anything, and the connection may close in the middle of it.
        with suppress(EOFError, OSError, ValueError, struct.error):
            while True:
                start, end = RANGE.unpack(self._source.recv_bytes(RANGE.size))
                if not start <= end <= min(start + BLOCK, self._size):
                    raise ValueError("a range that is none")
                self._source.send_bytes(self._read(start, end))
        self._source.close()

    def _read(self, start: int, end: int) -> bytes:
        try:
            return THERE + self._read_range(start, end)
        except Exception as error:  # noqa: BLE001 (raised again where it is asked for)
            self._failure = error
            return b""


class _View:
    """Has the child hand over frames while there is an audience."""

    def __init__(self, words: Connection, audience: Audience, style: Style) -> None:
        self._words = words
        self._audience = audience
        self._glyphs = len(CHARACTERS[style])
        self._is_open = False

    def look(self) -> None:
        """Tell the child, if somebody has come or all have gone."""
        if self._audience.is_there is not self._is_open:
            self._is_open = not self._is_open
            # Of a child that is gone its other end tells.
            with suppress(OSError):
                self._words.send_bytes(SHOW if self._is_open else HIDE)

    def take(self, body: bytes) -> None:
        """Show a frame."""
        try:
            frame = read_frame(body, glyphs=self._glyphs)
        except ValueError as error:
            raise _broken("it drew a frame that is none") from error
        self._audience.show(frame)


class _Hearing:
    """Listens to a child until it is done, and believes nothing."""

    def __init__(
        self,
        process: ForkServerProcess,
        words: Connection,
        watcher: Watcher,
        bounds: Bounds,
        view: _View | None = None,
    ) -> None:
        self._process = process
        self._words = words
        self._watcher = watcher
        self._bounds = bounds
        self._view = view
        self._began = time.monotonic()
        self._ticked = self._began
        self._seconds_done = 0.0
        self._bytes_made = 0
        self._video: AsciiVideo | None = None
        self._hear: dict[int, Callable[[bytes], None]] = {
            Word.OUTPUT: self._take_output,
            Word.PROGRESS: self._take_progress,
            Word.STILL: watcher.still,
            Word.DONE: self._take_video,
            Word.NOT_RENDERABLE: self._take_reason,
            Word.BROKEN: self._take_break,
        }
        if view is not None:
            self._hear[Word.FRAME] = view.take

    def hear_out(self) -> AsciiVideo:
        """Return what it says in the end."""
        while self._video is None:
            ready = wait([self._words, self._process.sentinel], timeout=TICK)
            self._look_at_the_clock()
            if self._view is not None:
                self._view.look()
            if self._words in ready:
                self._hear_one()
            elif ready:
                self._raise_death()
        return self._video

    def _hear_one(self) -> None:
        try:
            message = self._words.recv_bytes(_LONGEST_WORD)
        except (EOFError, ConnectionError):
            self._raise_death()
        except OSError as error:
            raise _broken("it said too much at once") from error
        hear = self._hear.get(message[0]) if message else None
        if hear is None:
            raise _broken("it said nothing that is known")
        hear(message[1:])

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if now - self._ticked < TICK:
            return
        self._ticked = now
        self._watcher.tick()
        # By what is done, not by what the file says of itself, which may be a lie.
        budget = self._bounds.timeout_seconds * max(1.0, self._seconds_done / BUDGET_SECONDS_OF_VIDEO)
        if now - self._began > budget:
            raise NotRenderable("timed-out", f"The conversion took longer than the {budget:.0f} s that it had.")

    def _take_output(self, body: bytes) -> None:
        if not body or body[0] >= len(FILES) or len(body) > CHUNK + 1:
            raise _broken("it made a file that is none")
        self._bytes_made += len(body) - 1
        if self._bytes_made > self._bounds.most_bytes:
            raise NotRenderable("output-too-large", TOO_LARGE)
        self._watcher.made(FILES[body[0]], body[1:])

    def _take_progress(self, body: bytes) -> None:
        if len(body) != PROGRESS.size:
            raise _broken("its progress is none")
        done, total, frames = PROGRESS.unpack(body)
        if not 0 <= done < math.inf:
            raise _broken("its progress is none")
        self._seconds_done = min(done, self._bounds.video.longest_seconds)
        self._watcher.progressed(done, total if 0 < total < math.inf else None, frames)

    def _take_video(self, body: bytes) -> None:
        if len(body) > _LONGEST_JSON:
            raise _broken("its result is too long")
        try:
            # Extra members are not read.
            self._video = _VIDEO.validate_json(body)
        except ValidationError as error:
            raise _broken("its result is none") from error

    def _take_reason(self, body: bytes) -> None:
        with suppress(ValueError, TypeError):
            code, detail = json.loads(body[:_LONGEST_JSON])
            raise NotRenderable(str(code)[:64], str(detail)[:500])
        raise _broken("its reason is none")

    def _take_break(self, body: bytes) -> None:
        raise _broken(body[:64].decode("ascii", "replace"))

    def _raise_death(self) -> None:
        with _STARTING:
            self._process.join(1)
            code = self._process.exitcode
        # Whoever stops the worker may have stopped all that it has started.
        self._watcher.tick()
        log.warning("a renderer died", exit_code=code)
        match -(code or 0):
            case signal.SIGXCPU:
                raise NotRenderable("timed-out", "The conversion took more processor time than it had.")
            case signal.SIGSEGV | signal.SIGBUS | signal.SIGABRT | signal.SIGILL | signal.SIGFPE as number:
                raise _broken(signal.Signals(number).name)
        raise Died(f"exit status {code}")


def _broken(what: str) -> NotRenderable:
    return NotRenderable("render-crashed", f"The renderer broke on this video ({what}).")
