"""The 256 colours that a GIF may have, and which of them the levels of a cell are."""

from typing import Final, Protocol

import numpy as np

from functions.core.jobs.ascii_options import AsciiVideoOptions, CellColours
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.palette import RGB, rgb
from gpu_worker.pictures.sinks.levels import LEVELS, ramp

_STEPS: Final = 6
"""Of each of red, green and blue where characters have the colours of the source: 216 in all."""
_STEP: Final = 255 // (_STEPS - 1)


class GifColours(Protocol):
    """How grids become numbers of colours."""

    transparent: int
    """The number that is no colour."""
    ground: int
    """The number of the background."""
    is_repainted: bool
    """Whether an image can leave nothing to the next one."""

    @property
    def table(self) -> bytes:
        """Red, green and blue of all, of which there are a power of two."""
        ...

    def table_of(self, grid: Grid) -> bytes | None:
        """Return the colours of one image, if they are not those of all."""
        ...

    def numbers(self, grid: Grid) -> Bytes:
        """Return the number of each level: (rows, columns, levels)."""
        ...


def gif_colours(options: AsciiVideoOptions) -> GifColours:
    """Return the colours that these options ask for."""
    text, background = rgb(options.text_color), rgb(options.bg_color)
    if options.colors is CellColours.SOURCE:
        return _Cube(background, clear=options.transparent_bg)
    return _Ramp(text, background, clear=options.transparent_bg, changes=options.random_colors)


class _Ramp:
    """The levels between background and text; where there is no background, it is their lowest."""

    def __init__(self, text: RGB, background: RGB, *, clear: bool, changes: bool) -> None:
        self._background = background
        self._changes = changes
        self.transparent = 0 if clear else LEVELS
        self.ground = 0
        self.is_repainted = clear or changes
        self.table = self._table(text)

    def table_of(self, grid: Grid) -> bytes | None:
        return None if grid.text_colour is None else self._table(grid.text_colour)

    def numbers(self, grid: Grid) -> Bytes:
        return np.ascontiguousarray(np.broadcast_to(np.arange(LEVELS, dtype=np.uint8), (*grid.glyphs.shape, LEVELS)))

    def _table(self, text: RGB) -> bytes:
        colours = ramp(np.array(self._background, np.uint8), np.array(text, np.uint8)).tobytes()
        return colours if self.transparent == 0 else colours.ljust(2 * len(colours), b"\0")


class _Cube:
    """Some of all colours, and the background as it is."""

    def __init__(self, background: RGB, *, clear: bool) -> None:
        self.transparent = _STEPS**3
        self._background = np.array(background, np.uint8)
        self.ground = self.transparent + (not clear)
        self.is_repainted = clear
        steps = np.arange(_STEPS, dtype=np.uint8) * np.uint8(_STEP)
        cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).tobytes()
        self.table = (cube + bytes(3) + bytes(background)).ljust(3 * 256, b"\0")

    def table_of(self, grid: Grid) -> bytes | None:  # noqa: ARG002 - the same for all
        return None

    def numbers(self, grid: Grid) -> Bytes:
        assert grid.colours is not None
        nearest = (ramp(self._background, grid.colours).astype(np.uint16) + _STEP // 2) // _STEP
        numbers = (nearest @ np.array([_STEPS**2, _STEPS, 1], np.uint16)).astype(np.uint8)
        numbers[..., 0] = self.ground
        return numbers
