"""The characters of a style, drawn."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from functions.core.jobs.ascii_options import Style
from gpu_worker.pictures import font
from gpu_worker.pictures.characters import BRAILLE, BRAILLE_BITS, CHARACTERS, QUARTERS
from gpu_worker.pictures.grid import Bytes

_SHADES: Final = {"░": 1, "▒": 2, "▓": 3, "█": 4}
"""How many pixels of four are lit."""
_LIT_FIRST: Final = ((0, 2), (3, 1))
"""The order in which the four pixels of a shade are lit."""
_SHADE_WIDTH: Final = 8
"""A cell has so many steps of a shade's pattern; one step is one pixel of narrower cells."""
_DOT: Final = 0.86
"""The diameter of a dot of braille by the room that it has."""
_SAMPLES: Final = 8
"""A pixel at the edge of a dot is measured at so many places, across and down."""


@dataclass(frozen=True, slots=True)
class Atlas:
    """Each glyph of a style as pixels of one cell; a glyph's number is its place."""

    characters: str
    """What each glyph is in text."""
    coverage: Bytes
    """(glyphs, height, width): 0 is background, 255 is text, between them the edge is blended."""


@functools.lru_cache(maxsize=16)
def build(style: Style, width: int, height: int) -> Atlas:
    """Draw every character of a style for cells of this size."""
    draw = _DRAWN_BY_US.get(style, _letter)
    characters = CHARACTERS[style]
    coverage = np.stack([draw(character, width, height) for character in characters])
    coverage.flags.writeable = False
    return Atlas(characters, coverage)


def _letter(character: str, width: int, height: int) -> Bytes:
    return font.drawn(character, width, height)


def _shade(character: str, width: int, height: int) -> Bytes:
    """Draw true patterns that go on from cell to cell, which a font's do not."""
    step = max(1, width // _SHADE_WIDTH)
    y, x = np.mgrid[0:height, 0:width] // step % 2
    return np.where(np.array(_LIT_FIRST)[y, x] < _SHADES.get(character, 0), 255, 0).astype(np.uint8)


def _quarters(character: str, width: int, height: int) -> Bytes:
    lit = QUARTERS.index(character)
    y, x = np.mgrid[0:height, 0:width]
    quarter = (x >= width // 2) + 2 * (y >= height // 2)
    drawn: Bytes = np.where(lit >> quarter & 1, 255, 0).astype(np.uint8)
    return drawn


def _dots(character: str, width: int, height: int) -> Bytes:
    lit = BRAILLE.index(character)
    rooms = [
        [_dot(*room) if lit & bit else np.zeros(room[::-1], np.uint8) for bit, room in zip(bits, line, strict=True)]
        for bits, line in zip(BRAILLE_BITS, _rooms(width, height), strict=True)
    ]
    return np.block(rooms).astype(np.uint8)


def _rooms(width: int, height: int) -> list[list[tuple[int, int]]]:
    """Return width and height of the room for each dot, row by row."""
    widths = [width - width // 2, width // 2]
    heights = np.diff([row * height // 4 for row in range(5)])
    return [[(across, int(down)) for across in widths] for down in heights]


@functools.lru_cache(maxsize=64)
def _dot(width: int, height: int) -> Bytes:
    if not width or not height:
        return np.zeros((height, width), np.uint8)
    across, down = _from_middle(width), _from_middle(height)
    inside = (across[None, :] ** 2 + down[:, None] ** 2 <= _DOT**2).reshape(height, _SAMPLES, width, _SAMPLES)
    dot: Bytes = np.round(inside.mean((1, 3)) * 255).astype(np.uint8)
    return dot


def _from_middle(size: int) -> NDArray[np.float64]:
    """Return where the samples are: -1 is one edge, 1 the other."""
    return np.linspace(-1, 1, 2 * size * _SAMPLES + 1)[1::2]


_DRAWN_BY_US: Final[dict[Style, Callable[[str, int, int], Bytes]]] = {
    Style.GRADIENT: _shade,
    Style.BLOCKS: _quarters,
    Style.BRAILLE: _dots,
}
"""What the font lacks, or draws so that it does not meet its neighbours."""
