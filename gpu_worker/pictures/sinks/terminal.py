"""Grids as what a terminal is sent: only what is another than before."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.palette import RGB
from gpu_worker.pictures.sinks.lettering import Lettering

Colours = NDArray[np.uint32]
Mask = NDArray[np.bool_]

_BLANKS: Final = " \u2800"
"""Characters that have no colour, the second one in braille."""
_MOST_OFF: Final = 12
_LONGEST_GAP: Final = 6
"""Going over so many unchanged characters costs as much as writing them anew."""


@dataclass(frozen=True, slots=True)
class _Screen:
    glyphs: Bytes
    colours: Colours
    """Red, green and blue in one number; a blank has the colour of what is on its left."""


class Terminal:
    """Writes the changes from one grid to the next, in 24 bits of colour.

    A colour of the source is written anew once what is shown is off by more than a twentieth: noise that nobody sees
    would make every character another one in every frame.
    """

    def __init__(self, characters: str, *, text: RGB, background: RGB) -> None:
        self._lettering = Lettering(characters)
        self._is_blank = np.array([character in _BLANKS for character in characters])
        self._text = text
        self._ground = "\x1b[0;48;2;{};{};{}m".format(*background)
        self._shown: _Screen | None = None
        self._tints: Bytes | None = None
        self._colour: int | None = None

    def forget(self) -> None:
        """Write the next grid whole."""
        self._shown = self._tints = None

    def written(self, grid: Grid) -> str:
        """Return what turns what is shown into the grid."""
        screen = self._screen(grid)
        if self._shown is None:
            self._colour = None
            text = "\x1b[?25l" + self._ground + self._runs(screen, np.ones(grid.glyphs.shape, bool))
        else:
            text = self._runs(screen, self._changed(screen, self._shown))
        self._shown = screen
        return text

    def _screen(self, grid: Grid) -> _Screen:
        if grid.colours is None:
            colour = np.uint32(int.from_bytes(bytes(grid.text_colour or self._text)))
            return _Screen(grid.glyphs, np.full(grid.glyphs.shape, colour))
        self._tints = self._kept_where_near(grid.colours)
        colours = self._tints.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
        places = np.where(self._is_blank[grid.glyphs], 0, np.arange(grid.glyphs.shape[1]))
        return _Screen(grid.glyphs, np.take_along_axis(colours, np.maximum.accumulate(places, axis=1), axis=1))

    def _kept_where_near(self, colours: Bytes) -> Bytes:
        # With fewer colours, characters beside each other more often have the same.
        rounded: Bytes = colours & np.uint8(0b1111_1000) | colours >> np.uint8(5)
        if self._tints is None:
            return rounded
        off = np.abs(colours.astype(np.int16) - self._tints).max(axis=-1, keepdims=True)
        kept: Bytes = np.where(off <= _MOST_OFF, self._tints, rounded)
        return kept

    def _changed(self, screen: _Screen, before: _Screen) -> Mask:
        recoloured = (screen.colours != before.colours) & ~self._is_blank[screen.glyphs]
        changed: Mask = (screen.glyphs != before.glyphs) | recoloured
        return changed

    def _runs(self, screen: _Screen, wanted: Mask) -> str:
        parts: list[str] = []
        row = column = -1
        for begin, end in _runs(wanted, screen.colours):
            if begin // wanted.shape[1] != row or begin % wanted.shape[1] != column:
                row, column = divmod(begin, wanted.shape[1])
                parts.append(f"\x1b[{row + 1};{column + 1}H")
            parts.append(self._coloured(int(screen.colours.flat[begin])))
            parts.append(self._lettering.run(screen.glyphs.reshape(-1)[begin:end]))
            column += end - begin
        return "".join(parts)

    def _coloured(self, colour: int) -> str:
        if colour == self._colour:
            return ""
        self._colour = colour
        return f"\x1b[38;2;{colour >> 16};{colour >> 8 & 255};{colour & 255}m"


def _runs(wanted: Mask, colours: Colours) -> list[tuple[int, int]]:
    """Return where runs of one colour begin and end, counted through all rows; none goes on in the next row."""
    wanted = _without_short_gaps(wanted, colours)
    is_new = np.ones(wanted.shape, bool)
    is_new[:, 1:] = ~wanted[:, :-1] | (colours[:, 1:] != colours[:, :-1])
    begins = np.flatnonzero(wanted & is_new)
    is_last = np.ones(wanted.shape, bool)
    is_last[:, :-1] = ~wanted[:, 1:] | is_new[:, 1:]
    ends = np.flatnonzero(wanted & is_last) + 1
    return list(zip(begins.tolist(), ends.tolist(), strict=True))


def _without_short_gaps(wanted: Mask, colours: Colours) -> Mask:
    """Take in characters between two that are wanted, where all have one colour."""
    places = np.arange(wanted.shape[1])
    last = np.maximum.accumulate(np.where(wanted, places, -1), axis=1)
    following = np.minimum.accumulate(np.where(wanted, places, wanted.shape[1])[:, ::-1], axis=1)[:, ::-1]
    is_between = (last >= 0) & (following < wanted.shape[1]) & (following - last <= _LONGEST_GAP + 1)
    alike = np.take_along_axis(colours, np.maximum(last, 0), axis=1) == colours
    filled: Mask = wanted | (is_between & alike)
    return filled
