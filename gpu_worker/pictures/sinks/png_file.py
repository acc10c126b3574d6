"""PNG files of pixels that are laid out already. Sections are those of the W3C's PNG Specification (Third Edition)."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from isal import isal_zlib

from gpu_worker.pictures.grid import Bytes

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"  # section 5.2
_SIZE: Final = struct.Struct(">I")
_HEADER: Final = struct.Struct(">IIBBBBB")  # section 11.2.1


class ColourType(IntEnum):
    """What a pixel is (section 6.1)."""

    RGB = 2
    PALETTE = 3
    RGBA = 6


@dataclass(frozen=True, slots=True)
class PngFormat:
    """What is the same in all pictures of a video."""

    width: int
    height: int
    colour_type: ColourType
    bits: int
    """Of a sample."""


def png(how: PngFormat, scanlines: Bytes, *, palette: bytes = b"", alpha: bytes = b"") -> bytes:
    """Return the file of scanlines, each of which begins with its filter (section 9).

    Args:
        how: size and sort of the pixels.
        scanlines: one after the other.
        palette: red, green and blue of each entry.
        alpha: opacity of each entry of the palette.
    """
    header = _HEADER.pack(how.width, how.height, how.bits, how.colour_type, 0, 0, 0)
    chunks = [_SIGNATURE, _chunk(b"IHDR", header)]
    if palette:
        chunks.append(_chunk(b"PLTE", palette))
    if alpha:
        chunks.append(_chunk(b"tRNS", alpha))
    chunks += [_chunk(b"IDAT", isal_zlib.compress(scanlines, 1)), _chunk(b"IEND", b"")]
    return b"".join(chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    """Section 5.3: the checksum is that of name and data."""
    return b"".join((_SIZE.pack(len(data)), name, data, _SIZE.pack(isal_zlib.crc32(data, isal_zlib.crc32(name)))))
