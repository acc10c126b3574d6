"""LZW as GIF has it (GIF89a specification, appendix F)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.compiling import kernel
from gpu_worker.pictures.grid import Bytes

_CODES: Final = 4096
_MOST_BITS: Final = 12
_BLOCK: Final = 255

_Index = np.uint64
_ONE: Final = np.uint64(1)
_BYTE: Final = np.uint64(8)
_NONE: Final = np.uint16(0)
"""No word ends in the code 0: all that are longer than a pixel have later ones."""

Codes = NDArray[np.uint16]
Writing = tuple[np.uint64, np.uint64, np.uint64]
"""Bits that wait, how many they are, and how many bytes are written."""


class Lzw:
    """Compresses pictures of one size at most."""

    def __init__(self, colour_bits: int, most_pixels: int) -> None:
        self._colour_bits = max(2, colour_bits)
        # Noise takes twelve bits a pixel, and a code to begin anew now and then.
        self._out: Bytes = np.empty(most_pixels * 3 // 2 + most_pixels // 512 + 64, np.uint8)
        self._longer = np.empty((_CODES, 1 << self._colour_bits), np.uint16)

    def compressed(self, pixels: Bytes) -> bytes:
        """Return the data of an image: the width of a pixel, blocks of codes and the block that is empty."""
        size = _compress(pixels.ravel(), self._colour_bits, self._longer, self._out)
        codes = self._out[:size].tobytes()
        blocks = [codes[begins : begins + _BLOCK] for begins in range(0, size, _BLOCK)]
        return bytes([self._colour_bits]) + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


@kernel
def _compress(pixels: Bytes, colour_bits: int, longer: Codes, out: Bytes) -> int:
    """`longer` is, for each word and one more pixel, the code of the longer word."""
    clear = _ONE << _Index(colour_bits)
    first_width = _Index(colour_bits) + _ONE
    width, next_code = first_width, clear + _Index(2)
    longer[:] = _NONE
    writing = _put(clear, width, (_Index(0), _Index(0), _Index(0)), out)
    word = _Index(pixels[0])
    for place in range(_ONE, _Index(pixels.size)):
        pixel = pixels[place]
        known = longer[word, pixel]
        if known != _NONE:
            word = _Index(known)
            continue
        writing = _put(word, width, writing, out)
        # The reader learns a code later than the writer does.
        if next_code >= _ONE << width and width < _Index(_MOST_BITS):
            width += _ONE
        if next_code < _Index(_CODES):
            longer[word, pixel] = next_code
            next_code += _ONE
        else:
            writing = _put(clear, width, writing, out)
            width, next_code = first_width, clear + _Index(2)
            longer[:] = _NONE
        word = _Index(pixel)
    writing = _put(word, width, writing, out)
    if next_code >= _ONE << width and width < _Index(_MOST_BITS):
        width += _ONE
    bits, count, written = _put(clear + _ONE, width, writing, out)
    if count:
        out[written] = bits
        written += _ONE
    return int(written)


@kernel
def _put(code: np.uint64, width: np.uint64, writing: Writing, out: Bytes) -> Writing:
    """Write a code, its least bit first."""
    bits, count, written = writing
    bits |= code << count
    count += width
    while count >= _BYTE:
        out[written] = bits & _Index(255)
        written += _ONE
        bits >>= _BYTE
        count -= _BYTE
    return bits, count, written
