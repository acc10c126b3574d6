"""How the colours of a macroblock are predicted in a key frame (8.3.4), and what is to be added to that."""

from typing import Final

from gpu_worker.pictures.compiling import part
from gpu_worker.pictures.h264.key_desk import Desk

MEANS: Final = 0
FROM_LEFT: Final = 1
FROM_ABOVE: Final = 2


@part
def correct_colour(desk: Desk) -> int:
    """Fill in by how much each block's mean is to differ from what is predicted. Returns the mode."""
    if _fill_means(desk, 1):
        return MEANS
    mode = MEANS
    if desk.beside[0] >= 0 and desk.sides.is_colour_right_clear[desk.beside[0]]:
        mode = FROM_LEFT
    elif _is_clear_above(desk):
        mode = FROM_ABOVE
    if mode != MEANS:
        _fill_means(desk, 0)
    return mode


@part
def _fill_means(desk: Desk, corrections: int) -> bool:
    """Fill in those of the tiles among background, and so many times the correction. Returns whether there is none."""
    across = len(desk.here)
    is_clean = True
    for plane in range(2):
        for y in range(2):
            for x in range(2):
                unit, of_unit = (x, 0) if across == 2 else (0, x)
                correction = desk.ground[1 + plane] - _predicted_mean(desk, plane, y, x)
                is_clean &= correction == 0
                own = desk.drawings.means[desk.here[unit], plane, y, of_unit]
                desk.means[plane, 2 * y + x] = own + corrections * correction
    return is_clean


@part
def _predicted_mean(desk: Desk, plane: int, y: int, x: int) -> int:
    """Predict one block (8.3.4.1 to 8.3.4.3): from both sides, but in two of the corners from the nearer one alone."""
    left = desk.beside[0]
    unit, of_unit = (x, 0) if len(desk.here) == 2 else (0, x)
    above = desk.above[unit]
    total = seen = 0
    if left >= 0 and not (y == 0 and x == 1 and above >= 0):
        total += desk.sides.colour_right[left, plane, y]
        seen += 4
    if above >= 0 and not (y == 1 and x == 0 and left >= 0):
        total += desk.sides.colour_below[above, plane, of_unit]
        seen += 4
    return (total + (seen >> 1)) // seen if seen else 128


@part
def _is_clear_above(desk: Desk) -> bool:
    is_clear = True
    for unit in desk.above:
        is_clear &= unit >= 0 and desk.sides.is_colour_below_clear[unit]
    return is_clear


@part
def make_levels(desk: Desk, factor: int) -> None:
    """Make levels of means (8.5.11), where all levels are multiplied by a factor.

    A mean is the sum of its plane's four levels, some of them with a minus; and the levels are such sums of the means.
    """
    for plane in range(2):
        a, b, c, d = desk.means[plane, 0], desk.means[plane, 1], desk.means[plane, 2], desk.means[plane, 3]
        desk.means[plane, 0] = (a + b + c + d) * factor
        desk.means[plane, 1] = (a - b + c - d) * factor
        desk.means[plane, 2] = (a + b - c - d) * factor
        desk.means[plane, 3] = (a - b - c + d) * factor
