"""Bits into bytes, and bytes into a unit of the stream.

Numbers of unknown size are written as Exp-Golomb codes (9.1): n zeros, a one, n more bits. 0 is `1`, 1 is `010`, 2 is
`011`, 3 is `00100`: small numbers are short.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.compiling import kernel, part
from gpu_worker.pictures.grid import Bytes

Words = NDArray[np.int64]
"""64 bits each, the first of them the highest."""
State = NDArray[np.int64]
"""Of a writer: whole words written; bits that are no whole word yet; how many those are."""

LONGEST: Final = 48
"""Bits that can be put at once."""

_LENGTHS: Final = np.array([number.bit_length() for number in range(256)], np.int64)


@kernel
def new_state() -> State:
    """Begin at the first bit."""
    return np.zeros(3, np.int64)


@kernel
def bits_written(state: State) -> int:
    """Count."""
    return int(state[0] * 64 + state[2])


@kernel
def put(buffer: Words, state: State, count: int, value: int) -> None:
    """Append the lowest `count` bits of `value`, which has no others."""
    free = 64 - state[2]
    if count < free:
        state[1] = (state[1] << count) | value
        state[2] += count
    else:
        buffer[state[0]] = (state[1] << free) | (value >> (count - free))
        state[0] += 1
        state[1] = value & ((1 << (count - free)) - 1)
        state[2] = count - free


@part
def put_ue(buffer: Words, state: State, value: int) -> None:
    """Append ue(v): a number from 0."""
    put(buffer, state, ue_length(value), value + 1)


@part
def put_se(buffer: Words, state: State, value: int) -> None:
    """Append se(v): a number of either sign, in the order 0, 1, -1, 2, -2 (9.1.1)."""
    put_ue(buffer, state, 2 * value - 1 if value > 0 else -2 * value)


@part
def ue_length(value: int) -> int:
    """Count the bits of ue(v), for a value below 65535."""
    number = value + 1
    digits = 8 + _LENGTHS[number >> 8] if number >= 256 else _LENGTHS[number]
    return int(2 * digits - 1)


@part
def se_length(value: int) -> int:
    """Count the bits of se(v)."""
    return ue_length(2 * value - 1 if value > 0 else -2 * value)


def finish(buffer: Words, state: State) -> Bytes:
    """Append rbsp_trailing_bits (7.3.2.11): a one, then zeros up to a whole byte. Returns all bytes."""
    put(buffer, state, 1, 1)
    size = -(-bits_written(state) // 8)
    put(buffer, state, (64 - state[2]) % 64 // 2, 0)
    put(buffer, state, (64 - state[2]) % 64, 0)
    return buffer[: state[0]].byteswap().view(np.uint8)[:size]


@kernel
def escape(payload: Bytes, unit: Bytes) -> int:
    """Copy so that no three bytes look like a start code: a 3 comes between two zeros and anything up to 3 (7.4.1).

    `unit` has room for half as much again. Returns the bytes there are.
    """
    written = zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            unit[written] = 3
            written += 1
            zeros = 0
        unit[written] = byte
        written += 1
        zeros = zeros + 1 if byte == 0 else 0
    return written
