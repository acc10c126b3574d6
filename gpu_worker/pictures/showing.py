"""Frames on their way out of the child while somebody watches: a few of them, as they are drawn."""

import struct
import time
from collections.abc import Callable
from typing import Final

from functions.core.jobs.ascii_frames import MOST_CHARACTERS, LiveFrame
from gpu_worker.pictures.grid import Grid

PERIOD: Final = 0.1
"""Seconds by the clock on the wall, whatever the video's own say: a render runs ahead of its film, often by far."""

_HEAD: Final = struct.Struct("<QQHH")
_MOST_MILLISECONDS: Final = 2**53
"""What every client can count."""


class Showing:
    """Hands over a frame every now and then; one that nobody watches costs a look at a flag."""

    def __init__(self, hand_over: Callable[[bytes], None], *, now: Callable[[], float] = time.monotonic) -> None:
        self.is_wanted = False
        self._hand_over = hand_over
        self._now = now
        self._next = 0.0

    def drew(self, grid: Grid) -> None:
        """Take the next frame, or leave it."""
        if not self.is_wanted:
            return
        now = self._now()
        if now < self._next:
            return
        self._next = now + PERIOD
        rows, columns = grid.glyphs.shape
        self._hand_over(_HEAD.pack(grid.number, int(grid.time * 1000), columns, rows) + grid.glyphs.tobytes())


def read_frame(body: bytes, *, glyphs: int) -> LiveFrame:
    """Read what was handed over, of a style that has so many glyphs; raises ValueError where that is no frame."""
    if len(body) <= _HEAD.size or len(body) > _HEAD.size + MOST_CHARACTERS:
        raise ValueError("a frame that is none")
    number, milliseconds, columns, rows = _HEAD.unpack_from(body)
    drawn = body[_HEAD.size :]
    if len(drawn) != columns * rows or max(drawn) >= glyphs or max(number, milliseconds) > _MOST_MILLISECONDS:
        raise ValueError("a frame that is none")
    return LiveFrame(number, milliseconds, columns, rows, drawn)
