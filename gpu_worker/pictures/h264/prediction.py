"""What a decoder takes a 4 x 4 block for, from the pixels that are there already (Intra_4x4, 8.3.1.2).

    M A B C D E F G H        an edge holds these in the order L K J I M A B C D E F G H
    I . . . .
    J . . . .
    K . . . .
    L . . . .

But for the mean of A to D and I to L, each pixel is a blend of at most three that follow each other in this order.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.h264.transform import Blocks

Edges = NDArray[np.int32]
"""(blocks, 13)."""

VERTICAL: Final = 0
HORIZONTAL: Final = 1
DC: Final = 2
DOWN_LEFT: Final = 3
DOWN_RIGHT: Final = 4
VERTICAL_RIGHT: Final = 5
HORIZONTAL_DOWN: Final = 6
VERTICAL_LEFT: Final = 7
HORIZONTAL_UP: Final = 8

_I: Final = 3
_M: Final = 4
_A: Final = 5
_H: Final = 12

Taps = tuple[int, int, int, int]
"""Places of pixels whose sum, and 2, is divided by 4."""


def predict(mode: int, edges: Edges) -> Blocks:
    """Fill blocks in this mode (8.3.1.2.1 to 8.3.1.2.9)."""
    if mode == DC:
        mean = (edges[:, : _I + 1].sum(1) + edges[:, _A : _A + 4].sum(1) + 4) >> 3
        return np.broadcast_to(mean[:, None, None], (len(edges), 4, 4)).astype(np.int32)
    blended: Blocks = (edges[:, _TAPS[mode]].sum(3) + 2) >> 2
    return blended


def _one(place: int) -> Taps:
    return place, place, place, place


def _two(place: int, way: int) -> Taps:
    return (*_one(place)[:2], *_one(place + way)[:2])


def _three(place: int, way: int) -> Taps:
    """Beyond its ends the edge goes on as it ended."""
    first, second, third = (min(max(place + way * at, 0), _H) for at in range(3))
    return first, second, second, third


def _shallow(place: int, odd: int, way: int) -> Taps:
    """Blend two, or three in odd lines."""
    second = min(max(place + way, 0), _H)
    return _three(place, way) if odd else (place, place, second, second)


def _steep(along: int, across: int, way: int) -> Taps:
    """Go two along for one across, from the corner; what passes it comes from the other side."""
    if across == 0 and along >= 2:
        return _three(_M - way * along, way)
    place = _M + way * (across - (along >> 1))
    return _three(place - way, way) if along & 1 else _two(place, way)


def _taps(y: int, x: int) -> list[Taps]:
    """Tell the taps of a pixel in each mode; those of the mean say nothing."""
    return [
        _one(_A + x),
        _one(_I - y),
        _one(_M),
        _three(_A + x + y, 1),
        _three(_M - 1 + x - y, 1),
        _steep(y, x, 1),
        _steep(x, y, -1),
        _shallow(_A + x + (y >> 1), y & 1, 1),
        _shallow(max(_I - y - (x >> 1), 0), x & 1, -1),
    ]


_TAPS: Final = np.array([[_taps(y, x) for x in range(4)] for y in range(4)]).transpose(2, 0, 1, 3)
"""[mode, row, column]."""
