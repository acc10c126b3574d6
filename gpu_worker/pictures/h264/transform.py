"""Between 4 x 4 differences of pixels and the levels that are sent (8.5). Arrays hold many blocks: (blocks, 4, 4).

A level times its step is a coefficient; 64 of the first coefficient make a block lighter by exactly 1, everywhere.
At a QP of 4, 10, 16, 22 ... the step of the first coefficient is a power of two, which is what `lattice` rests on.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.h264.cavlc import Levels

Blocks = NDArray[np.int32]
"""(blocks, 4, 4): rows of pixels, or of differences."""
Coefficients = NDArray[np.float64]
"""(blocks, 16): in zigzag order."""

_ZIGZAG: Final = ([0, 0, 1, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 2, 3, 3], [0, 1, 0, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 3, 2, 3])
"""Rows and columns (Figure 8-8)."""
# normAdjust4x4 for m = 4 (8-315): even places, odd places, and mixed ones.
_SCALE: Final = np.array([[16, 20, 16, 20], [20, 25, 20, 25], [16, 20, 16, 20], [20, 25, 20, 25]], np.int32)
_FORWARD: Final = np.array([[1, 1, 1, 1], [2, 1, -1, -2], [1, -1, -1, 1], [1, -2, 2, -1]])
_NORM: Final = np.array([4, 5, 4, 5])
"""What each row of it is, times what the decoder has in its place."""


def steps(qp: int) -> NDArray[np.int32]:
    """Tell how much of its coefficient a level is, in zigzag order; QP is 4, 10, 16 or 22 (8.5.12.1)."""
    return _SCALE[_ZIGZAG] << (qp // 6)


def coefficients(difference: Blocks) -> Coefficients:
    """Transform into what the decoder transforms back."""
    found: Coefficients = (_FORWARD @ difference @ _FORWARD.T * 64 / np.outer(_NORM, _NORM))[:, *_ZIGZAG]
    return found


def quantised(wanted: Coefficients, qp: int, rounding: float) -> Levels:
    """Divide by steps; what is left counts as one more from 1 less `rounding` on."""
    return (np.sign(wanted) * np.floor(abs(wanted) / steps(qp) + rounding)).astype(np.int16)


def reconstruct(prediction: Blocks, levels: Levels, qp: int) -> Blocks:
    """Do what the decoder does (8.5.12, 8.5.14): transform back, add to the prediction, clip."""
    found = np.zeros((len(levels), 4, 4), np.int32)
    found[:, *_ZIGZAG] = levels * steps(qp)
    rows = np.stack(_inverse(*np.moveaxis(found, 2, 0)), 2)
    both = np.stack(_inverse(*np.moveaxis(rows, 1, 0)), 1)
    return np.clip(prediction + ((both + 32) >> 6), 0, 255)


def _inverse(
    first: NDArray[np.int32], second: NDArray[np.int32], third: NDArray[np.int32], fourth: NDArray[np.int32]
) -> list[NDArray[np.int32]]:
    """Transform lines of four back (8.5.12.2)."""
    a, b = first + third, first - third
    c, d = (second >> 1) - fourth, second + (fourth >> 1)
    return [a + d, b + c, b - c, a - d]
