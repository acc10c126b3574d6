"""Frames of videos that are being drawn, to the open connections of their owners that watch.

Best effort and beside the work, which waits for nothing here and is touched by nothing that goes wrong here. There is
room for one frame that waits to be posted, and the next takes its place: where posts are slow, fewer are shown.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from functions.core.clock import Clock
from functions.core.jobs.ascii_frames import LiveFrame, event_of
from functions.core.jobs.model import Job
from functions.core.observability import log
from functions.core.realtime.posts import ConnectionGone, NotPosted, Posts
from functions.core.realtime.push import written
from functions.core.realtime.store import Connections

LOOK_SECONDS: Final = 2.0
"""Who watches is read so often: half a read unit of DynamoDB, for every job that is drawn."""
STILL_SECONDS: Final = 2.0
"""A picture that stays the same is posted again after so many: each post costs, and a client wants to see life."""
LEAST_PERIOD: Final = 0.05
"""Seconds from one frame to the next, whatever the child says."""


class Screen:
    """Shows the frames of one job to whoever watches it now; the only one who shows, so that they come in order."""

    def __init__(  # noqa: PLR0913 - each is another matter, and all but two have names
        self,
        job: Job,
        characters: str,
        *,
        connections: Connections,
        posts: Posts,
        clock: Clock,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job = job
        self._characters = characters
        self._connections = connections
        self._posts = posts
        self._clock = clock
        self._now = now
        self._watchers: tuple[str, ...] = ()
        self._gone: set[str] = set()
        self._resting: set[str] = set()
        self._look_at = now()
        self._shown = b""
        self._shown_at = 0.0

    @property
    def is_watched(self) -> bool:
        """Whether anybody has watched at the last look."""
        return bool(self._watchers)

    @property
    def seconds_to_look(self) -> float:
        """How long until the next look."""
        return max(0.0, self._look_at - self._now())

    def look(self) -> None:
        """Read who watches, if that was not just read."""
        if self.seconds_to_look:
            return
        self._look_at = self._now() + LOOK_SECONDS
        self._resting.clear()
        # Where that fails, nobody is known to watch.
        before, self._watchers = self._watchers, ()
        self._watchers = self._read_watchers()
        if not set(self._watchers) <= set(before):
            # Whoever has come sees also what has not changed.
            self._shown = b""

    def show(self, frame: LiveFrame) -> None:
        """Post a frame, if it looks different or the last was long ago."""
        if not self._watchers:
            return
        if frame.glyphs == self._shown and self._now() - self._shown_at < STILL_SECONDS:
            return
        self._shown, self._shown_at = frame.glyphs, self._now()
        self._post(event_of(self._job.id, frame, self._characters))

    def end(self) -> None:
        """Say that no more frames come, also to whoever has just come or could not be reached."""
        self._resting.clear()
        self._watchers = self._read_watchers()
        self._post({"type": "ascii.end", "job_id": self._job.id})

    def _read_watchers(self) -> tuple[str, ...]:
        owner, now = self._job.owner_id, self._clock()
        open_connections = self._connections.of({owner}).get(owner, ())
        return tuple(one.id for one in open_connections if one.watches(self._job.id, now) and one.id not in self._gone)

    def _post(self, event: dict[str, Any]) -> None:
        data = written(event)
        for watcher in self._watchers:
            if watcher in self._resting:
                continue
            try:
                self._posts.post(watcher, data)
            except ConnectionGone:
                # The registry learns of it from others: this process may not write there.
                self._gone.add(watcher)
            except NotPosted as error:
                # Until the next look: the others do not wait for it with every frame.
                self._resting.add(watcher)
                log.warning("a connection could not be shown a frame", reason=str(error))
        self._watchers = tuple(one for one in self._watchers if one not in self._gone)


class Projector:
    """Runs a screen in a thread of its own, and hands it the newest frame."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._frame: LiveFrame | None = None
        self._is_over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    @property
    def is_there(self) -> bool:
        """Whether anybody watches."""
        return self._screen.is_watched

    def show(self, frame: LiveFrame) -> None:
        """Have a frame shown, unless the next comes first."""
        with self._changed:
            self._frame = frame
            self._changed.notify()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Have the end told, without waiting for it."""
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def join(self, seconds: float | None = None) -> None:
        """Wait until the end is told."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._is_over:
            self._guarded(self._turn)
        self._guarded(self._screen.end)

    def _turn(self) -> None:
        self._screen.look()
        frame = self._taken(self._screen.seconds_to_look)
        if frame is not None:
            self._screen.show(frame)
            self._pause(LEAST_PERIOD)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:  # noqa: BLE001 (nobody's work depends on it, and the next look may go well)
            log.error("frames could not be shown")
            self._pause(LOOK_SECONDS)

    def _taken(self, seconds: float) -> LiveFrame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._is_over, seconds)
            frame, self._frame = self._frame, None
            return frame

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_over, seconds)


class Live:
    """Shows what is drawn in this process."""

    def __init__(self, *, connections: Connections, posts: Posts, clock: Clock) -> None:
        self._connections = connections
        self._posts = posts
        self._clock = clock

    @contextmanager
    def showing(self, job: Job, characters: str) -> Iterator[Projector]:
        """Show what is drawn for a job inside the block."""
        screen = Screen(job, characters, connections=self._connections, posts=self._posts, clock=self._clock)
        projector = Projector(screen)
        projector.start()
        try:
            yield projector
        finally:
            projector.stop()
