"""Drawings of tiles that come out the same wherever they stand.

An encoder draws a macroblock as what the decoder predicts from the pixels around it, and a correction of that. So the
same glyph among other neighbours costs other corrections, and comes out a little different each time; nothing could
point to it as if it were the same. A tile is therefore drawn such that it knows nothing of its surroundings:

- Blocks of its first row are predicted from their left (modes 1, 8), and those of its first column from above (modes 0,
  3, 7). The others may use anything: it is all of the tile.
- The first block has to look outside. It is drawn as if it saw background. Where it does not, it takes the mean of
  what it sees (mode 2), or a side that is of one colour, and the difference is added to its first coefficient. Steps of
  that coefficient are powers of two: at QP 22 it moves by 2, and at QP 16 by 1. At QP 16 all other steps are half of
  what they are at QP 22 too, so that the same levels, doubled, give the same pixels. Hence every tile can be drawn
  exactly in every place: at QP 22 where the difference is even, as it nearly always is (0), and else at QP 16.
- Colour is predicted as a mean for each of its 4 x 4 blocks. The same is done there, at QPs lower by 12: every mean
  can be sent exactly.

What a tile looks like after that differs from the font by little (over 40 dB), by definition is what we draw, and is
what the decoder shows to the last bit.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.grid import Bytes
from gpu_worker.pictures.h264 import prediction, transform
from gpu_worker.pictures.h264.cavlc import Counts, Levels, count_bits
from gpu_worker.pictures.h264.headers import CHROMA_QP_OFFSET, QP
from gpu_worker.pictures.h264.transform import Blocks

# What a bit is worth in squared errors. Encoders take half of this; text is none the worse for it, and smaller.
_LAMBDA: Final = 1.7 * 2 ** ((QP - 12) / 3)
_COLOUR_QP: Final = QP + CHROMA_QP_OFFSET
_ROUNDINGS: Final = (0.5, 0.33, 0.2)


class Drawings(NamedTuple):
    """All tiles; the first index is the tile's number. Blocks are in rows, from the top."""

    luma: Bytes
    """(tiles, 16, width) as decoded."""
    chroma: Bytes
    """(tiles, 2, 8, width / 2) as decoded: blue, red."""
    modes: Counts
    """(tiles, 4, width / 4): the mode of each 4 x 4 block; that of the first says nothing."""
    levels: Levels
    """(tiles, 4, width / 4, 16): at QP 22, in zigzag order."""
    means: Levels
    """(tiles, 2, 2, width / 8): how far the mean of each block of colour is from the background."""
    chroma_levels: Levels
    """(tiles, 2, 2, width / 8, 15): the rest of it, at QP 10."""


def draw(luma: Bytes, chroma: Bytes, background: NDArray[np.int64]) -> Drawings:
    """Find for each tile what comes nearest to it for the fewest bits."""
    count, _, width = luma.shape
    drawings = Drawings(
        luma=np.zeros_like(luma),
        chroma=np.zeros_like(chroma),
        modes=np.zeros((count, 4, width // 4), np.int8),
        levels=np.zeros((count, 4, width // 4, 16), np.int16),
        means=np.zeros((count, 2, 2, width // 8), np.int16),
        chroma_levels=np.zeros((count, 2, 2, width // 8, 15), np.int16),
    )
    counts = np.zeros((count, 5, width // 4 + 1), np.int8)
    for y in range(4):
        for x in range(width // 4):
            _draw_block(luma, int(background[0]), (y, x), counts, drawings)
    for plane in range(2):
        for y in range(2):
            for x in range(width // 8):
                _draw_colour(chroma, int(background[1 + plane]), (plane, y, x), drawings)
    return drawings


def _draw_colour(chroma: Bytes, background: int, block: tuple[int, int, int], drawings: Drawings) -> None:
    plane, y, x = block
    place = (slice(None), plane, slice(4 * y, 4 * y + 4), slice(4 * x, 4 * x + 4))
    found = transform.coefficients(chroma[place].astype(np.int32) - background)
    means = np.rint(found[:, 0] / 64).astype(np.int16)
    # But for means, steps of QP 16 are fine enough.
    levels = 2 * transform.quantised(found, _COLOUR_QP + 6, 0.33)
    levels[:, 0] = 0
    predicted = np.broadcast_to(background + means[:, None, None].astype(np.int32), (len(means), 4, 4))
    drawings.chroma[place] = transform.reconstruct(predicted, levels, _COLOUR_QP)
    drawings.means[:, plane, y, x] = means
    drawings.chroma_levels[:, plane, y, x] = levels[:, 1:]


def _draw_block(luma: Bytes, background: int, block: tuple[int, int], counts: Counts, drawings: Drawings) -> None:
    """Try every mode with every rounding on this block of all tiles."""
    y, x = block
    place = (slice(None), slice(4 * y, 4 * y + 4), slice(4 * x, 4 * x + 4))
    target = luma[place].astype(np.int32)
    edges = _edges(drawings.luma, y, x, background)
    usual = _usual_modes(drawings.modes, y, x)
    nc = (
        ((counts[:, y + 1, x] + counts[:, y, x + 1] + 1) >> 1) if x and y else counts[:, y + 1, x] + counts[:, y, x + 1]
    )
    best = np.full(len(luma), np.inf)
    for mode in _allowed(y, x, luma.shape[2]):
        predicted = prediction.predict(mode, edges)
        wanted = transform.coefficients(target - predicted)
        for rounding in _ROUNDINGS:
            levels = transform.quantised(wanted, QP, rounding)
            drawn = transform.reconstruct(predicted, levels, QP)
            size = count_bits(levels, nc) + np.where(usual == mode, 1, 4)
            cost = ((drawn - target) ** 2).sum((1, 2)) + _LAMBDA * size
            better = cost < best
            best[better] = cost[better]
            drawings.modes[better, y, x] = mode
            drawings.levels[better, y, x] = levels[better]
            drawings.luma[place][better] = drawn[better]
    counts[:, y + 1, x + 1] = (drawings.levels[:, y, x] != 0).sum(1)


def _edges(drawn: Bytes, y: int, x: int, background: int) -> Blocks:
    """Read the pixels around a block, where they are of its tile (`prediction`); the first block sees background."""
    edges = np.full((len(drawn), 13), background, np.int32)
    top, left = 4 * y, 4 * x
    if x:
        edges[:, 3::-1] = drawn[:, top : top + 4, left - 1]
    if x and y:
        edges[:, 4] = drawn[:, top - 1, left - 1]
    if y:
        edges[:, 5:9] = drawn[:, top - 1, left : left + 4]
        edges[:, 9:] = edges[:, 8:9]
    if y and (x % 2 == 0 or (drawn.shape[2], y, x) == (16, 2, 1)):
        # What is above to the right was drawn before, and is of this tile (6.4.11.4).
        edges[:, 9:] = drawn[:, top - 1, left + 4 : left + 8]
    return edges


def _usual_modes(modes: Counts, y: int, x: int) -> Counts:
    """Find the mode that costs one bit; nothing is known of what is outside."""
    outside = np.full(len(modes), prediction.DC, np.int8)
    return np.minimum(modes[:, y - 1, x] if y else outside, modes[:, y, x - 1] if x else outside)


def _allowed(y: int, x: int, width: int) -> Iterator[int]:
    """Tell the modes in which this block is predicted from its own tile alone."""
    if (y, x) == (0, 0):
        yield prediction.DC
    elif y == 0:
        yield from (prediction.HORIZONTAL, prediction.HORIZONTAL_UP)
    else:
        yield prediction.VERTICAL
        if (width, y, x) != (8, 2, 1):
            # There, a tile 8 pixels wide would see the other half of the macroblock, if it is the left one.
            yield from (prediction.DOWN_LEFT, prediction.VERTICAL_LEFT)
        if x:
            yield from (prediction.HORIZONTAL, prediction.DC, prediction.DOWN_RIGHT)
            yield from (prediction.VERTICAL_RIGHT, prediction.HORIZONTAL_DOWN, prediction.HORIZONTAL_UP)
