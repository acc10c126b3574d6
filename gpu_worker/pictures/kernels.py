"""The loops over all pixels of a frame. They are compiled once and kept; importing this compiles nothing."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.compiling import kernel
from gpu_worker.pictures.grid import Bytes

Places = NDArray[np.int32]

_EDGE: Final = 3
"""How much more, in quarters, the light of a part counts against that of its cell: by this, edges are drawn sharp."""
_STAY: Final = 10
"""Of 256; by so much a part must be lighter or darker than where it was, before it changes."""
_FIRST_LIT: Final = 1
_LAST_DARK: Final = 250
"""What is black or white is so, whatever was before."""


@kernel
def _box_means(  # noqa: PLR0913, PLR0917 - a kernel has no objects
    plane: Any, stride: Any, left: Any, right: Any, top: Any, bottom: Any, sums: Any, means: Any
) -> None:
    for row in range(means.shape[0]):
        sums[:] = 0
        for y in range(top[row], bottom[row]):
            line = plane[y * stride : y * stride + sums.shape[0]]
            for x in range(sums.shape[0]):
                sums[x] += line[x]
        for column in range(means.shape[1]):
            total = 0
            for x in range(left[column], right[column]):
                total += sums[x]
            count = (bottom[row] - top[row]) * (right[column] - left[column])
            means[row, column] = (total + count // 2) // count


class Boxes:
    """Rectangles of a plane, row by row and column by column, and their means."""

    def __init__(self, left: Places, right: Places, top: Places, bottom: Places) -> None:
        """From (included) and to (excluded) where the columns and the rows reach; none is empty."""
        self._edges = tuple(np.ascontiguousarray(one, np.int32) for one in (left, right, top, bottom))
        self._sums = np.zeros(int(right.max()), np.int32)
        self._shape = (len(top), len(left))

    def means(self, plane: Bytes, stride: int) -> Bytes:
        """Return the mean of each rectangle, rounded. `plane` is flat; its lines begin `stride` bytes apart.

        The columns of pixels are summed first, which the processor does many at a time.
        """
        means = np.empty(self._shape, np.uint8)
        left, right, top, bottom = self._edges
        _box_means(plane, stride, left, right, top, bottom, self._sums, means)
        return means


@kernel
def _light_parts(  # noqa: PLR0913, PLR0917 - a kernel has no objects
    light: Any, tone: Any, thresholds: Any, counts: Any, lit: Any, glyphs: Any
) -> None:
    down, across = counts.shape
    parts = down * across
    for row in range(glyphs.shape[0]):
        for column in range(glyphs.shape[1]):
            whole = 0
            for y in range(row * down, (row + 1) * down):
                for x in range(column * across, (column + 1) * across):
                    whole += tone[light[y, x]]
            glyph = 0
            for y in range(row * down, (row + 1) * down):
                for x in range(column * across, (column + 1) * across):
                    toned = parts * tone[light[y, x]]
                    # Not % and no branches: they are half of the price.
                    threshold = thresholds[lit[y, x], y & 7, x & 7]
                    is_lit = 4 * toned + _EDGE * (toned - whole) > 4 * parts * threshold
                    lit[y, x] = is_lit
                    glyph += is_lit * counts[y - row * down, x - column * across]
            glyphs[row, column] = glyph


class Parts:
    """Which parts of cells are lit: each has a threshold, which depends a little on whether it is lit already."""

    def __init__(self, counts: NDArray[np.int64], thresholds: Bytes) -> None:
        """`counts`: what each part of a cell counts; `thresholds`: eight by eight, repeated all over."""
        self._counts = counts
        self._at_first = np.stack([thresholds, thresholds]).astype(np.int64)
        stays = self._at_first + np.array([_STAY, -_STAY])[:, None, None]
        self._later: NDArray[np.int64] = np.clip(stays, _FIRST_LIT, _LAST_DARK)
        self._lit: Bytes | None = None

    def sums(self, light: Bytes, tone: Bytes) -> Bytes:
        """Return of each cell what its lit parts count together."""
        thresholds = self._later
        if self._lit is None or self._lit.shape != light.shape:
            self._lit, thresholds = np.zeros(light.shape, np.uint8), self._at_first
        down, across = self._counts.shape
        sums = np.empty((light.shape[0] // down, light.shape[1] // across), np.uint8)
        _light_parts(light, tone, thresholds, self._counts, self._lit, sums)
        return sums
