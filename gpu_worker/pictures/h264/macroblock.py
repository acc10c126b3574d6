"""One macroblock of a key frame, written (7.3.5).

In this order: its type; the mode of each 4 x 4 block, one bit where it is the lesser of its neighbours' (8.3.1.1); the
mode of its colours; which of its quarters have any levels (coded_block_pattern); its QP, if it has levels; the levels.
"""

from typing import Final

import numpy as np

from gpu_worker.pictures.compiling import part
from gpu_worker.pictures.h264.bits import put, put_se, put_ue
from gpu_worker.pictures.h264.cavlc import CHROMA_DC, expected_count, put_block
from gpu_worker.pictures.h264.key_desk import Desk
from gpu_worker.pictures.h264.prediction import DC

_I_NXN: Final = 0
_I_16X16: Final = 1
"""And the mode: of those without any levels (Table 7-11)."""
_I_PCM: Final = 25

# Table 9-4 for Intra_4x4: the coded_block_pattern of each number by which it is sent.
_PATTERNS: Final = (
    *(47, 31, 15, 0, 23, 27, 29, 30, 7, 11, 13, 14, 39, 43, 45, 46, 16, 3, 5, 10, 12, 19, 21, 26),
    *(28, 35, 37, 42, 44, 1, 2, 4, 8, 17, 18, 20, 24, 6, 9, 22, 25, 32, 33, 34, 36, 40, 38, 41),
)
_NUMBER_OF_PATTERN: Final = np.argsort(np.array(_PATTERNS))


@part
def expected_mode(desk: Desk, y: int, x: int) -> int:
    """Find predIntra4x4PredMode (8.3.1.1)."""
    lesser = min(desk.modes[y - 1, x], desk.modes[y, x - 1])
    return int(lesser) if lesser >= 0 else DC


@part
def put_blank(desk: Desk, row: int, column: int, mode: int, colour_mode: int) -> None:
    """Append one that is as its surroundings predict it, as a whole (Intra_16x16)."""
    put_ue(desk.buffer, desk.state, _I_16X16 + mode)
    put_ue(desk.buffer, desk.state, colour_mode)
    put_se(desk.buffer, desk.state, 0)  # mb_qp_delta
    nc = expected_count(desk.counts, 1 + 4 * row, 1 + 4 * column)
    put_block(desk.buffer, desk.state, np.zeros(16, np.int16), nc)
    _set_modes_to_dc(desk, row, column)
    _set_counts(desk, row, column, 0)


@part
def put_pixels(desk: Desk, row: int, column: int) -> None:
    """Append one as what it is (I_PCM): 384 bytes."""
    put_ue(desk.buffer, desk.state, _I_PCM)
    put(desk.buffer, desk.state, (8 - desk.state[2]) % 8, 0)  # pcm_alignment_zero_bit
    width = desk.drawings.luma.shape[2]
    for y in range(16):
        for x in range(16):
            put(desk.buffer, desk.state, 8, desk.drawings.luma[desk.here[x // width], y, x % width])
    half = width // 2
    for plane in range(2):
        for y in range(8):
            for x in range(8):
                put(desk.buffer, desk.state, 8, desk.drawings.chroma[desk.here[x // half], plane, y, x % half])
    _set_modes_to_dc(desk, row, column)
    _set_counts(desk, row, column, 16)


@part
def put_drawn(desk: Desk, row: int, column: int, colour_mode: int, factor: int, qp_delta: int) -> bool:  # noqa: PLR0913, PLR0917 - compiled
    """Append one that is made of 4 x 4 blocks, all levels times a factor.

    Returns whether it has any levels, and so a QP of its own.
    """
    put_ue(desk.buffer, desk.state, _I_NXN)
    _put_modes(desk, row, column)
    put_ue(desk.buffer, desk.state, colour_mode)
    luma, chroma = _luma_pattern(desk), _chroma_pattern(desk)
    put_ue(desk.buffer, desk.state, _NUMBER_OF_PATTERN[16 * chroma + luma])
    _set_counts(desk, row, column, 0)
    if luma or chroma:
        put_se(desk.buffer, desk.state, qp_delta)
        _put_luma(desk, row, column, luma, factor)
        _put_chroma(desk, row, column, chroma, factor)
    return luma > 0 or chroma > 0


@part
def _set_modes_to_dc(desk: Desk, row: int, column: int) -> None:
    """Remember that it has none (8.3.1.1)."""
    for y in range(4):
        for x in range(4):
            desk.modes[1 + 4 * row + y, 1 + 4 * column + x] = DC


@part
def _set_counts(desk: Desk, row: int, column: int, count: int) -> None:
    for y in range(4):
        for x in range(4):
            desk.counts[1 + 4 * row + y, 1 + 4 * column + x] = count
            desk.chroma_counts[y >> 1, 1 + 2 * row + (y & 1), 1 + 2 * column + (x & 1)] = count


@part
def _place(index: int) -> tuple[int, int]:
    """Find row and column of a block by its number: a Z of four, in a Z of four quarters (6.4.3)."""
    return (index >> 3) * 2 + ((index >> 1) & 1), ((index >> 2) & 1) * 2 + (index & 1)


@part
def _put_modes(desk: Desk, row: int, column: int) -> None:
    for index in range(16):
        y, x = _place(index)
        mode = int(desk.modes[1 + 4 * row + y, 1 + 4 * column + x])
        expected = expected_mode(desk, 1 + 4 * row + y, 1 + 4 * column + x)
        if mode == expected:
            put(desk.buffer, desk.state, 1, 1)
        else:
            put(desk.buffer, desk.state, 4, mode - 1 if mode > expected else mode)


@part
def _luma_pattern(desk: Desk) -> int:
    """Mark the quarters that have levels."""
    pattern = 0
    across = len(desk.here)
    for quarter in range(4):
        y, x = quarter >> 1, quarter & 1
        unit, of_unit = (x, 0) if across == 2 else (0, x)
        is_corrected = y == 0 and of_unit == 0 and desk.correction[unit] != 0
        if is_corrected or desk.has_levels[desk.here[unit], y, of_unit]:
            pattern |= 1 << quarter
    return pattern


@part
def _chroma_pattern(desk: Desk) -> int:
    """Tell nothing (0), means alone (1), and anything else (2)."""
    pattern = 0
    for plane in range(2):
        for at in range(4):
            if desk.means[plane, at]:
                pattern = 1
    for unit in desk.here:
        if desk.has_colour[unit]:
            pattern = 2
    return pattern


@part
def _put_luma(desk: Desk, row: int, column: int, pattern: int, factor: int) -> None:
    levels = np.zeros(16, np.int16)
    width = desk.drawings.modes.shape[2]
    for index in range(16):
        if not pattern >> (index >> 2) & 1:
            continue
        y, x = _place(index)
        unit, of_unit = x // width, x % width
        for at in range(16):
            levels[at] = desk.drawings.levels[desk.here[unit], y, of_unit, at] * factor
        if y == 0 and of_unit == 0:
            levels[0] += desk.correction[unit] if factor == 2 else desk.correction[unit] >> 1
        top, start = 1 + 4 * row + y, 1 + 4 * column + x
        nc = expected_count(desk.counts, top, start)
        desk.counts[top, start] = put_block(desk.buffer, desk.state, levels, nc)


@part
def _put_chroma(desk: Desk, row: int, column: int, pattern: int, factor: int) -> None:
    levels = np.zeros(15, np.int16)
    for plane in range(2 if pattern else 0):
        put_block(desk.buffer, desk.state, desk.means[plane], CHROMA_DC)
    for plane in range(2 if pattern == 2 else 0):
        for index in range(4):
            y, x = index >> 1, index & 1
            unit, of_unit = (x, 0) if len(desk.here) == 2 else (0, x)
            for at in range(15):
                levels[at] = desk.drawings.chroma_levels[desk.here[unit], plane, y, of_unit, at] * factor
            top, start = 1 + 2 * row + y, 1 + 2 * column + x
            nc = expected_count(desk.chroma_counts[plane], top, start)
            desk.chroma_counts[plane, top, start] = put_block(desk.buffer, desk.state, levels, nc)
