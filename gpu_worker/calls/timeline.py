"""The sounds of both sides of a call on one clock; pure.

Each side is placed by when it began; what is missing is silence. That both clocks run at the same speed is taken for
granted: two sound cards differ by some 50 millionths, which is a fifth of a second in an hour.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SAMPLE_RATE: Final = 48_000
CHUNK: Final = SAMPLE_RATE
"""Samples that are in memory at a time, besides what a decoder gives at once."""
LONGEST: Final = 24 * 3600 * SAMPLE_RATE
"""Samples of a call; what is said later is left out."""


def delays_of(starts: Sequence[datetime]) -> list[int]:
    """Return how many samples of silence come before each sound: none before the one that began first."""
    earliest = min(starts)
    return [min(LONGEST, round((start - earliest).total_seconds() * SAMPLE_RATE)) for start in starts]


class Side:
    """The sound of one side from the beginning of the call on, taken bit by bit."""

    def __init__(self, blocks: Iterator[Samples], *, delay: int) -> None:
        self._blocks = blocks
        self._silence = delay
        self._kept: Samples = np.zeros(0, np.float32)
        self.samples = 0
        """How many of its own were taken."""

    def take(self, count: int) -> Samples:
        """Return the next samples; fewer than asked for only where the sound ends."""
        silent = min(count, self._silence)
        self._silence -= silent
        parts, missing = [np.zeros(silent, np.float32)], count - silent
        while missing:
            if not len(self._kept):
                block = next(self._blocks, None)
                if block is None:
                    break
                self._kept = block
                continue
            parts.append(self._kept[:missing])
            self._kept = self._kept[missing:]
            missing -= len(parts[-1])
            self.samples += len(parts[-1])
        return np.concatenate(parts)


def side_by_side(sides: Sequence[Side], *, chunk: int = CHUNK, most: int = LONGEST) -> Iterator[Samples]:
    """Yield all sides for the same time together, one row each, until the last of them ends."""
    done = 0
    while done < most:
        parts = [side.take(min(chunk, most - done)) for side in sides]
        length = max(map(len, parts))
        if not length:
            return
        done += length
        yield np.stack([np.pad(part, (0, length - len(part))) for part in parts])
