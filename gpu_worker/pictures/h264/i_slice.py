"""The macroblocks of a key frame: tiles as `lattice` has drawn them, corrected for where they stand.

A blank macroblock next to blank edges is predicted as a whole and costs less than a byte. One that would be longer
than the standard allows is sent as its pixels; no font has such.
"""

from typing import Final

from gpu_worker.pictures.compiling import kernel, part
from gpu_worker.pictures.h264.bits import bits_written
from gpu_worker.pictures.h264.colour import correct_colour, make_levels
from gpu_worker.pictures.h264.headers import QP
from gpu_worker.pictures.h264.key_desk import Desk
from gpu_worker.pictures.h264.macroblock import expected_mode, put_blank, put_drawn, put_pixels
from gpu_worker.pictures.h264.prediction import DC, HORIZONTAL, VERTICAL

_FINE_QP: Final = QP - 6
_MOST_BITS: Final = 3200
"""Of a macroblock (A.3.1)."""


@kernel
def put_picture(desk: Desk) -> None:
    """Append all macroblocks."""
    across = len(desk.here)
    qp = QP
    for row in range(desk.units.shape[0]):
        for column in range(desk.units.shape[1] // across):
            _take(desk, row, column)
            colour_mode = correct_colour(desk)
            whole = _whole_mode(desk)
            if whole >= 0:
                put_blank(desk, row, column, whole, colour_mode)
                continue
            is_fine = _correct_luma(desk, row, column)
            factor, wanted = (2, _FINE_QP) if is_fine else (1, QP)
            make_levels(desk, factor)
            began = desk.state[0], desk.state[1], desk.state[2]
            before = bits_written(desk.state)
            has_levels = put_drawn(desk, row, column, colour_mode, factor, wanted - qp)
            if bits_written(desk.state) - before > _MOST_BITS:
                desk.state[0], desk.state[1], desk.state[2] = began
                put_pixels(desk, row, column)
            elif has_levels:
                qp = wanted


@part
def _take(desk: Desk, row: int, column: int) -> None:
    """Take a macroblock in hand."""
    across = len(desk.here)
    first = column * across
    for at in range(across):
        desk.here[at] = desk.units[row, first + at]
        desk.above[at] = desk.units[row - 1, first + at] if row else -1
        desk.beside[at] = desk.units[row, first + at - 1] if first + at else -1


@part
def _whole_mode(desk: Desk) -> int:
    """Find the side from which a blank macroblock can be filled (8.3.3); -1: it isn't blank, or there is none."""
    for unit in desk.here:
        if unit != desk.blank:
            return -1
    for plane in range(2):
        for at in range(4):
            if desk.means[plane, at]:
                return -1
    if desk.beside[0] >= 0 and desk.sides.is_right_clear[desk.beside[0]]:
        return HORIZONTAL
    for unit in desk.above:
        if unit < 0 or not desk.sides.is_below_clear[unit]:
            return -1
    return VERTICAL


@part
def _correct_luma(desk: Desk, row: int, column: int) -> bool:
    """Choose how the first block of each tile is predicted, and its correction. Returns whether one is odd."""
    width = desk.drawings.modes.shape[2]
    top, start = 1 + 4 * row, 1 + 4 * column
    for y in range(4):
        for x in range(4):
            desk.modes[top + y, start + x] = desk.drawings.modes[desk.here[x // width], y, x % width]
    is_odd = False
    for at in range(len(desk.here)):
        x = start + at * width
        mode, correction = _first_block(desk, at, expected_mode(desk, top, x))
        desk.modes[top, x] = mode
        desk.correction[at] = correction
        is_odd |= correction % 2 != 0
    return is_odd


@part
def _first_block(desk: Desk, at: int, expected: int) -> tuple[int, int]:
    """Choose whence a first block is predicted. Returns the mode, and by how much background is lighter than that."""
    sides, above, left = desk.sides, desk.above[at], desk.beside[at]
    ground = desk.ground[0]
    total = seen = 0
    best, correction, lowest = DC, 0, 1 << 30
    if above >= 0:
        total += sides.below_sum[above]
        seen += 4
        tried = ground - sides.below[above]
        if sides.below[above] >= 0 and _cost(tried, VERTICAL, expected) < lowest:
            best, correction, lowest = VERTICAL, tried, _cost(tried, VERTICAL, expected)
    if left >= 0:
        total += sides.right_sum[left]
        seen += 4
        tried = ground - sides.right[left]
        if sides.right[left] >= 0 and _cost(tried, HORIZONTAL, expected) < lowest:
            best, correction, lowest = HORIZONTAL, tried, _cost(tried, HORIZONTAL, expected)
    tried = ground - ((total + (seen >> 1)) // seen if seen else 128)
    if _cost(tried, DC, expected) < lowest:
        best, correction = DC, tried
    return best, correction


@part
def _cost(correction: int, mode: int, expected: int) -> int:
    """Guess at bits."""
    cost = 0 if mode == expected else 3
    if correction:
        cost += 100 if correction % 2 else 8
    return cost
