"""The macroblocks of every other frame (7.3.4): where in the picture before this one to look, and nothing else.

A motion vector is sent as its difference from a prediction: the median of those to the left (A), above (B) and above
to the right (C) (8.4.1.3). A macroblock that moves exactly so is skipped, and only the number of skipped ones in a row
is sent; but next to one that stands still, or at the left or upper edge, to be skipped means to stand still (8.4.1.1).

Where cells are 8 pixels wide, the halves of a macroblock may come from two places. The left half is then predicted
from A alone and the right half from C alone, if there is such (8.4.1.3).

The same tile is to be found in many places: where it was before, in the atlas, by chance near where the prediction
points. The one of the fewest bits is taken.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.compiling import kernel, part
from gpu_worker.pictures.h264.bits import State, Words, put_se, put_ue, se_length
from gpu_worker.pictures.h264.geometry import REACH
from gpu_worker.pictures.h264.tiles import TileNumbers

Vectors = NDArray[np.int16]
"""(rows, units, 2): right and down, in units and in rows of macroblocks."""
Vector = tuple[int, int]

_P_16X16: Final = 0
_P_8X16: Final = 2
_NO_LEVELS: Final = 0
"""coded_block_pattern of 0, as Table 9-4 numbers it for Inter."""

_NOWHERE: Final = 1 << 20
"""More bits than any vector has."""


class Desk(NamedTuple):
    """What such a frame needs at hand: arrays only, for compiled code."""

    buffer: Words
    state: State
    across: int
    """Units (tiles) in a macroblock: 1 or 2."""
    wanted: TileNumbers
    """(rows, units): the picture."""
    before: TileNumbers
    """The one before."""
    moved: Vectors
    """How each unit moved."""
    atlas_columns: NDArray[np.int64]
    """Where each tile is in the atlas, in units,"""
    atlas_rows: NDArray[np.int64]
    """and the first of its rows; the others are each `period` further down."""
    period: int


@kernel
def put_picture(desk: Desk) -> None:
    """Append all macroblocks."""
    skipped = 0
    for row in range(desk.wanted.shape[0]):
        for first in range(0, desk.wanted.shape[1], desk.across):
            skip = _skip_vector(desk, row, first)
            if _is_there(desk, row, first, desk.across, skip):
                for unit in range(first, first + desk.across):
                    desk.moved[row, unit, 0], desk.moved[row, unit, 1] = skip
                skipped += 1
            else:
                put_ue(desk.buffer, desk.state, skipped)
                skipped = 0
                _put_moved(desk, row, first)
    if skipped:
        put_ue(desk.buffer, desk.state, skipped)


@part
def _put_moved(desk: Desk, row: int, first: int) -> None:
    """Append a macroblock that is not skipped."""
    predicted = _predict(desk, row, first, desk.across)
    whole, cost = _search(desk, row, first, desk.across, predicted)
    are_apart = False
    if desk.across == 2:
        of_left = _vector(desk, row, first - 1) if first else _predict(desk, row, first, 1)
        left, cost_of_left = _search(desk, row, first, 1, of_left)
        of_right = _predict_right_half(desk, row, first, left)
        right, cost_of_right = _search(desk, row, first + 1, 1, of_right)
        if cost_of_left + cost_of_right + 2 < cost:
            are_apart = True
            put_ue(desk.buffer, desk.state, _P_8X16)
            _put_vector(desk, row, first, left, of_left)
            _put_vector(desk, row, first + 1, right, of_right)
    if not are_apart:
        put_ue(desk.buffer, desk.state, _P_16X16)
        _put_vector(desk, row, first, whole, predicted)
        last = first + desk.across - 1
        desk.moved[row, last, 0], desk.moved[row, last, 1] = whole
    put_ue(desk.buffer, desk.state, _NO_LEVELS)


@part
def _put_vector(desk: Desk, row: int, unit: int, vector: Vector, predicted: Vector) -> None:
    """Append mvd_l0, in quarters of a pixel, and remember the vector."""
    put_se(desk.buffer, desk.state, (vector[0] - predicted[0]) * (64 // desk.across))
    put_se(desk.buffer, desk.state, (vector[1] - predicted[1]) * 64)
    desk.moved[row, unit, 0], desk.moved[row, unit, 1] = vector


@part
def _vector(desk: Desk, row: int, unit: int) -> Vector:
    return int(desk.moved[row, unit, 0]), int(desk.moved[row, unit, 1])


@part
def _skip_vector(desk: Desk, row: int, first: int) -> Vector:
    """Find how a skipped macroblock moves (8.4.1.1)."""
    if row == 0 or first == 0:
        return 0, 0
    left, above = _vector(desk, row, first - 1), _vector(desk, row - 1, first)
    if (left[0] == 0 and left[1] == 0) or (above[0] == 0 and above[1] == 0):
        return 0, 0
    return _predict(desk, row, first, desk.across)


@part
def _predict(desk: Desk, row: int, first: int, width: int) -> Vector:
    """Find the median for a part so many units wide (8.4.1.3.1). What there is not stands still."""
    left = _vector(desk, row, first - 1) if first else (0, 0)
    if row == 0:
        return left
    above = _vector(desk, row - 1, first)
    if first + width < desk.moved.shape[1]:
        corner = _vector(desk, row - 1, first + width)
    elif first:
        corner = _vector(desk, row - 1, first - 1)
    else:
        return above
    return _median(left[0], above[0], corner[0]), _median(left[1], above[1], corner[1])


@part
def _predict_right_half(desk: Desk, row: int, first: int, left_half: Vector) -> Vector:
    """Take C, or where the picture ends what is above to the left (D)."""
    if row == 0:
        return left_half
    return _vector(desk, row - 1, first + 2 if first + 2 < desk.moved.shape[1] else first)


@part
def _median(a: int, b: int, c: int) -> int:
    return max(min(a, b), min(max(a, b), c))


@part
def _is_there(desk: Desk, row: int, first: int, width: int, vector: Vector) -> bool:
    """Whether the units that are wanted here were where the vector points."""
    y, x = row + vector[1], first + vector[0]
    if y < 0 or y >= desk.before.shape[0] or x < 0 or x + width > desk.before.shape[1]:
        return False
    if desk.before[y, x + width - 1] != desk.wanted[row, first + width - 1]:
        return False
    return bool(desk.before[y, x] == desk.wanted[row, first])


@part
def _search(desk: Desk, row: int, first: int, width: int, predicted: Vector) -> tuple[Vector, int]:
    """Find the vector of the fewest bits for a part of so many units, and those; there may be none for two units."""
    best, cost = (0, 0), _NOWHERE
    if _is_there(desk, row, first, width, best):
        cost = _bits(desk, best, predicted)
    in_atlas = _in_atlas(desk, row, first, predicted)
    if width == 1 or _is_there(desk, row, first, width, in_atlas):
        bits = _bits(desk, in_atlas, predicted)
        if bits < cost:
            best, cost = in_atlas, bits
    before, (right, down) = desk.before, predicted
    tile, last_tile = desk.wanted[row, first], desk.wanted[row, first + width - 1]
    top, bottom = max(row + down - 1, row - REACH, 0), min(row + down + 1, row + REACH, before.shape[0] - 1)
    for y in range(top, bottom + 1):
        for x in range(max(first + right - 2, 0), min(first + right + 2, before.shape[1] - width) + 1):
            if before[y, x] == tile and before[y, x + width - 1] == last_tile:
                bits = _bits(desk, (x - first, y - row), predicted)
                if bits < cost:
                    best, cost = (x - first, y - row), bits
    return best, cost


@part
def _in_atlas(desk: Desk, row: int, first: int, predicted: Vector) -> Vector:
    """Find the one of a tile's places in the atlas whose row is the nearest to the predicted one, within reach."""
    tile, period = desk.wanted[row, first], desk.period
    base = desk.atlas_rows[tile]
    lowest, highest = max(0, row - REACH), min(desk.before.shape[0] - 1, row + REACH)
    times = (row + predicted[1] - base + period // 2) // period
    times = max(min(times, (highest - base) // period), -((base - lowest) // period))
    return desk.atlas_columns[tile] - first, base + times * period - row


@part
def _bits(desk: Desk, vector: Vector, predicted: Vector) -> int:
    """Count the bits of a vector."""
    right, down = vector[0] - predicted[0], vector[1] - predicted[1]
    return se_length(right * (64 // desk.across)) + se_length(down * 64)
