"""From the light of a picture to characters."""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from functions.core.jobs.ascii_options import Style
from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.characters import BRAILLE_BITS, RAMPS
from gpu_worker.pictures.grid import Bytes
from gpu_worker.pictures.kernels import Parts

_STAY_SHAPE: Final = 0.02
"""By so much another glyph must be more like the picture than the one that is there (square of a distance)."""
_QUARTER_BITS: Final = ((1, 2), (4, 8))
_SHAPE: Final = (4, 3)
_WHOLE: Final = 24.0
"""How much the light of a cell as a whole counts against that of its twelve parts."""
_FEWEST: Final = 0.4
"""Of the fullest part of all: parts that no glyph fills more than so much are not stretched any further."""

Reals = NDArray[np.float64]


class Mapper(Protocol):
    """Chooses glyphs; may remember what it chose, so that noise does not make them flicker."""

    parts: tuple[int, int]
    """Into how many parts a cell is divided, down and across, whose light it is given."""

    def glyphs(self, light: Bytes, tone: Bytes) -> Bytes:
        """Return the glyphs of a picture; `tone` is what each value of `light` is to look like."""
        ...


def mapper(style: Style, atlas: Atlas) -> Mapper:
    """Return what chooses the glyphs of a style."""
    if style in RAMPS:
        return Ramp(len(atlas.characters))
    if style is Style.BLOCKS:
        return Bits(_QUARTER_BITS)
    return Bits(BRAILLE_BITS) if style is Style.BRAILLE else Shapes(atlas)


class Ramp:
    """The lighter a cell, the later its glyph."""

    parts = (1, 1)

    def __init__(self, count: int) -> None:
        self._step_of = (np.arange(256) * count // 256).astype(np.uint8)

    def glyphs(self, light: Bytes, tone: Bytes) -> Bytes:
        """Look each cell up."""
        return np.take(self._step_of[tone], light)


class Bits:
    """Each part of a cell is lit or not; a glyph's number is the sum of what the lit ones count.

    The thresholds are ordered (Bayer), so that an area of grey stays one: with a single threshold, bodies that are not
    bright vanish. Against the mean of its cell a part counts more than by itself, so that edges stay sharp.
    """

    def __init__(self, counts: tuple[tuple[int, ...], ...]) -> None:
        self.parts = (len(counts), len(counts[0]))
        self._lit = Parts(np.array(counts, np.int64), _ordered())

    def glyphs(self, light: Bytes, tone: Bytes) -> Bytes:
        """Compare each part with its threshold."""
        return self._lit.sums(light, tone)


class Shapes:
    """The glyph whose own light lies in its cell most like the picture's."""

    parts = _SHAPE

    def __init__(self, atlas: Atlas) -> None:
        shapes, fullness = _shapes(atlas.coverage)
        # The square of a distance is s² - 2sc + c²; the last is the same for all shapes. One more column brings s² in.
        # To it comes the square of how much the light as a whole differs, so that areas keep theirs.
        of_each = _WHOLE / shapes.shape[1]
        self._shapes = np.vstack(
            [
                -2 * (shapes.T + of_each * fullness),
                (shapes**2).sum(1) + _WHOLE * fullness**2,
            ]
        ).astype(np.float32)
        self._cells = self._distances = np.empty((0, 0), np.float32)
        self._before: Bytes | None = None

    def glyphs(self, light: Bytes, tone: Bytes) -> Bytes:
        """Compare each cell with all glyphs at once."""
        down, across = self.parts
        rows, columns = light.shape[0] // down, light.shape[1] // across
        if self._distances.shape[0] != rows * columns:
            # Kept from frame to frame: megabytes that are fresh from the system are dearer than the arithmetic.
            self._cells = np.ones((rows * columns, down * across + 1), np.float32)
            self._distances = np.empty((rows * columns, self._shapes.shape[1]), np.float32)
            self._before = None
        scale = (tone / np.float32(255)).astype(np.float32)
        parted = np.take(scale, light).reshape(rows, down, columns, across).swapaxes(1, 2)
        self._cells.reshape(rows, columns, -1)[:, :, :-1] = parted.reshape(rows, columns, -1)
        distances = np.matmul(self._cells, self._shapes, out=self._distances)
        best = distances.argmin(1)
        if self._before is not None:
            every = np.arange(rows * columns)
            before = self._before.reshape(-1)
            is_good = distances[every, before] - distances[every, best] < _STAY_SHAPE
            best = np.where(is_good, before, best)
        self._before = best.astype(np.uint8).reshape(rows, columns)
        return self._before


def _ordered() -> Bytes:
    """Return Bayer's thresholds for eight by eight parts: 64 different ones."""
    square = np.zeros((1, 1), np.int64)
    for _ in range(3):
        square = np.block([[4 * square, 4 * square + 2], [4 * square + 3, 4 * square + 1]])
    return (square * 4 + 2).astype(np.uint8)


def _shapes(coverage: Bytes) -> tuple[Reals, Reals]:
    """Return the light of each glyph in each part of its cell, (glyphs, parts), and in all of it.

    No glyph fills its cell, least of all above and below: in each part, the fullest glyph stands for white.
    """
    down, across = _SHAPE
    count, height, width = coverage.shape
    y = np.minimum(np.arange(height) * down // height, down - 1)
    x = np.minimum(np.arange(width) * across // width, across - 1)
    part = (y[:, None] * across + x[None, :]).reshape(-1)
    pixels = coverage.reshape(count, -1) / 255
    sums = np.stack([pixels[:, part == one].sum(1) for one in range(down * across)], axis=1)
    shapes = sums / np.maximum(1, np.bincount(part, minlength=down * across))
    fullest = shapes.max(0)
    shapes /= np.maximum(fullest, max(_FEWEST * fullest.max(), 1e-6))
    fullness = pixels.mean(1)
    return shapes, fullness / max(fullness.max(), 1e-6)
