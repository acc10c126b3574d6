"""The glyphs of an atlas, cut into tiles: a macroblock each (16 x 16), or half of one (8 x 16)."""

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.grid import Bytes
from gpu_worker.pictures.h264 import lattice
from gpu_worker.pictures.h264.geometry import MACROBLOCK, NotPossible
from gpu_worker.pictures.h264.lattice import Drawings
from gpu_worker.pictures.palette import RGB

TileNumbers = NDArray[np.uint16]
Colour = NDArray[np.int64]
"""Brightness, blue, red."""

WIDTHS: Final = (8, 16)


@dataclass(frozen=True, slots=True)
class Tiles:
    """What is drawn, and which glyph is made of what."""

    drawings: Drawings
    of_glyph: TileNumbers
    """(glyphs, tiles in a cell): from the top."""
    blank: int
    """The tile that is all background."""
    background: Colour

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.drawings.luma)

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.drawings.luma.shape[2])


def yuv(colour: RGB) -> NDArray[np.float64]:
    """Convert as BT.709 has it, with black at 16 and white at 235."""
    red, green, blue = (part / 255 for part in colour)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return np.array([16 + 219 * light, 128 + 224 * (blue - light) / 1.8556, 128 + 224 * (red - light) / 1.5748])


def blended(coverage: Bytes, text: RGB, background: RGB) -> tuple[Bytes, Bytes]:
    """Colour pictures of (n, height, width): brightness, and (n, 2, height / 2, width / 2) of blue and red."""
    of_text, of_background = yuv(text), yuv(background)
    share = coverage / 255
    count, height, width = coverage.shape
    quarters = share.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4))
    luma = of_background[0] + (of_text[0] - of_background[0]) * share
    blue, red = (of_background[part] + (of_text[part] - of_background[part]) * quarters for part in (1, 2))
    return np.rint(luma).astype(np.uint8), np.rint(np.stack([blue, red], 1)).astype(np.uint8)


def cut(coverage: Bytes) -> tuple[Bytes, TileNumbers, int]:
    """Cut glyphs into tiles, each different one once: those, of which each glyph is made, and which is blank.

    Raises:
        NotPossible: tiles do not fill a cell.
    """
    glyphs, height, width = coverage.shape
    if width not in WIDTHS or height % MACROBLOCK or not height:
        raise NotPossible(f"cells of {width} by {height} pixels are not made of tiles")
    pieces = coverage.reshape(-1, MACROBLOCK, width)
    numbers: dict[bytes, int] = {}
    of_piece = [numbers.setdefault(piece.tobytes(), len(numbers)) for piece in pieces]
    blank = numbers.setdefault(bytes(MACROBLOCK * width), len(numbers))
    different = np.frombuffer(b"".join(numbers), np.uint8).reshape(-1, MACROBLOCK, width)
    return different, np.array(of_piece, np.uint16).reshape(glyphs, height // MACROBLOCK), blank


def draw(coverage: Bytes, text: RGB, background: RGB) -> Tiles:
    """Draw what a decoder will show of each glyph; what was drawn before is kept, since most videos look alike.

    Raises:
        NotPossible: as for `cut`.
    """
    return _drawn(coverage.tobytes(), coverage.shape, text, background)


@functools.lru_cache(maxsize=16)
def _drawn(coverage: bytes, shape: tuple[int, ...], text: RGB, background: RGB) -> Tiles:
    different, of_glyph, blank = cut(np.frombuffer(coverage, np.uint8).reshape(shape))
    luma, chroma = blended(different, text, background)
    ground = np.rint(yuv(background)).astype(np.int64)
    return Tiles(lattice.draw(luma, chroma, ground), of_glyph, blank, ground)
