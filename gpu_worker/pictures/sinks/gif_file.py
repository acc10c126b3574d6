"""Animated GIF files, written from the beginning to the end. Sections are those of the GIF89a specification."""

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from gpu_worker.pictures.grid import Bytes
from gpu_worker.pictures.sinks.lzw import Lzw

_SCREEN: Final = struct.Struct("<HHBBB")  # section 18
_CONTROL: Final = struct.Struct("<BBBBHBB")  # section 23
_IMAGE: Final = struct.Struct("<BHHHHB")  # section 20
_FOREVER: Final = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
_HAS_COLOURS: Final = 0x80
_KEEP: Final = 1 << 2
_CLEAR: Final = 2 << 2
LONGEST_DELAY: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class GifImage:
    """What is drawn at once."""

    pixels: Bytes
    """Numbers of colours."""
    left: int = 0
    top: int = 0
    colours: bytes | None = None
    """Of this image alone."""


class GifFile:
    """A GIF that is repeated forever; what it is written to stays open.

    Args:
        file: where it goes.
        size: width and height.
        colours: red, green and blue of each, of which there are a power of two.
        transparent: the colour that leaves what is below it.
        clears: whether an image is gone when the next one is drawn.
    """

    def __init__(
        self, file: BinaryIO, size: tuple[int, int], colours: bytes, *, transparent: int, clears: bool
    ) -> None:
        self._file = file
        self._transparent = transparent
        self._disposal = _CLEAR if clears else _KEEP
        self._bits = _bits(colours)
        width, height = size
        self._lzw = Lzw(self._bits, width * height)
        screen = _SCREEN.pack(width, height, _HAS_COLOURS | 7 << 4 | self._bits - 1, 0, 0)
        file.write(b"GIF89a" + screen + colours + _FOREVER)

    def draw(self, image: GifImage, centiseconds: int) -> None:
        """Draw, and show it for so long."""
        height, width = image.pixels.shape
        table = 0 if image.colours is None else _HAS_COLOURS | _bits(image.colours) - 1
        place = _IMAGE.pack(0x2C, image.left, image.top, width, height, table)
        drawn = place + (image.colours or b"") + self._lzw.compressed(image.pixels)
        while centiseconds > 0:
            delay = min(centiseconds, LONGEST_DELAY)
            control = _CONTROL.pack(0x21, 0xF9, 4, self._disposal | 1, delay, self._transparent, 0)
            self._file.write(control + drawn)
            centiseconds -= delay

    def finish(self) -> None:
        """Write the end."""
        self._file.write(b"\x3b")


def _bits(colours: bytes) -> int:
    return (len(colours) // 3 - 1).bit_length()
