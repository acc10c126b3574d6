"""Blocks of coefficients as bits: CAVLC, context-adaptive variable-length codes (9.2).

A block is a row of numbers of which most are zero, and more so towards the end. Written are, in this order: how many
are not zero and how many of the last of these are 1 or -1 (coeff_token); the signs of those ones; the other numbers
from the last to the first; how many zeros there are before the last number; and how many of them before each.

The first of these codes is chosen by nC: how many numbers the blocks to the left and above have (9.2.1).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.compiling import kernel, part
from gpu_worker.pictures.h264.bits import State, Words, bits_written, new_state, put
from gpu_worker.pictures.h264.cavlc_tables import COEFF_TOKEN, RUN_BEFORE, TOTAL_ZEROS, TOTAL_ZEROS_OF_CHROMA_DC

Levels = NDArray[np.int16]
Counts = NDArray[np.int8]

CHROMA_DC: Final = -1
"""As nC: the four means of a plane of colour have a table of their own."""

_CLASS_OF_NC: Final = np.array([0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3], np.int32)
_CLASS_OF_CHROMA_DC: Final = 4


@part
def expected_count(counts: Counts, y: int, x: int) -> int:
    """Find nC of the block at this place; -1 stands around the picture, where there are no blocks."""
    left, above = counts[y, x - 1], counts[y - 1, x]
    if left >= 0 and above >= 0:
        return int((left + above + 1) >> 1)
    return int(max(left, above, 0))


@kernel
def put_block(buffer: Words, state: State, levels: Levels, nc: int) -> int:
    """Append a block in zigzag order. Returns how many of its levels are not zero (total_coeff)."""
    total = ones = 0
    last = -1
    for at in range(len(levels)):
        if levels[at]:
            total += 1
            last = at
            ones = min(ones + 1, 3) if abs(levels[at]) == 1 else 0
    group = _CLASS_OF_CHROMA_DC if nc == CHROMA_DC else _CLASS_OF_NC[nc]
    token = COEFF_TOKEN[group, ones, total]
    put(buffer, state, token[0], token[1])
    if total:
        _put_levels(buffer, state, levels, last, total, ones)
        _put_zeros(buffer, state, levels, last, total)
    return total


@part
def _put_levels(buffer: Words, state: State, levels: Levels, last: int, total: int, ones: int) -> None:  # noqa: PLR0913, PLR0917 - compiled
    """Append what the levels are, the last first (9.2.2)."""
    suffix_length = 1 if total > 10 and ones < 3 else 0
    seen = 0
    for at in range(last, -1, -1):
        level = int(levels[at])
        if level == 0:
            continue
        seen += 1
        if seen <= ones:
            put(buffer, state, 1, 1 if level < 0 else 0)
            continue
        code = 2 * level - 2 if level > 0 else -2 * level - 1
        if seen == ones + 1 and ones < 3:
            code -= 2  # It cannot be 1 or -1, or it would be one of the ones.
        _put_level(buffer, state, code, suffix_length)
        suffix_length = max(suffix_length, 1)
        if abs(level) > 3 << (suffix_length - 1) and suffix_length < 6:
            suffix_length += 1


@part
def _put_level(buffer: Words, state: State, code: int, suffix_length: int) -> None:
    """Append level_prefix, that many zeros and a one, and level_suffix (9.2.2.1)."""
    if suffix_length == 0 and code < 14:
        put(buffer, state, code + 1, 1)
    elif suffix_length == 0 and code < 30:
        put(buffer, state, 15 + 4, 1 << 4 | (code - 14))
    elif suffix_length and code < 15 << suffix_length:
        low = code & ((1 << suffix_length) - 1)
        put(buffer, state, (code >> suffix_length) + 1 + suffix_length, 1 << suffix_length | low)
    else:
        put(buffer, state, 16 + 12, 1 << 12 | (code - (15 << suffix_length if suffix_length else 30)))


@part
def _put_zeros(buffer: Words, state: State, levels: Levels, last: int, total: int) -> None:
    """Append total_zeros (9.2.3) and each run_before (9.2.3.1)."""
    left = last + 1 - total
    if total < len(levels):
        table = TOTAL_ZEROS_OF_CHROMA_DC if len(levels) == 4 else TOTAL_ZEROS
        put(buffer, state, table[total - 1, left, 0], table[total - 1, left, 1])
    at = last
    while left > 0 and total > 1:
        run = 0
        while levels[at - 1 - run] == 0:
            run += 1
        group = min(left, 7) - 1
        put(buffer, state, RUN_BEFORE[group, run, 0], RUN_BEFORE[group, run, 1])
        at -= run + 1
        left -= run
        total -= 1


@kernel
def count_bits(blocks: Levels, nc: Counts) -> NDArray[np.int64]:
    """Count what each block of (blocks, 16) takes."""
    sizes = np.zeros(len(blocks), np.int64)
    scratch = np.zeros(32, np.int64)
    for at in range(len(blocks)):
        state = new_state()
        put_block(scratch, state, blocks[at], nc[at])
        sizes[at] = bits_written(state)
    return sizes
