"""Draws grids as YUV pictures with half the resolution in colour (4:2:0, BT.709, limited range)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.compiling import kernel
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.layout import Edges, Layout
from gpu_worker.pictures.palette import RGB
from gpu_worker.pictures.sinks.scanlines import within

Planes = tuple[Bytes, Bytes, Bytes]
Signed = NDArray[np.int32]
Odd = tuple[np.uint64, np.uint64]

_Index = np.uint64
_FULL: Final = 255
_FOUR_FULL: Final = 4 * _FULL
_NO_GLYPH: Final = -1
# ITU-R BT.709-6, sections 3.2 to 3.5.
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722])
_BLUE_SPAN: Final = 1.8556
_RED_SPAN: Final = 1.5748


def yuv(colours: Bytes) -> Bytes:
    """Convert red, green and blue (..., 3) to luma and the two differences."""
    parts = colours / _FULL
    luma = parts @ _LUMA
    blue = (parts[..., 2] - luma) / _BLUE_SPAN
    red = (parts[..., 0] - luma) / _RED_SPAN
    converted: Bytes = np.round(np.stack([16 + 219 * luma, 128 + 224 * blue, 128 + 224 * red], axis=-1)).astype(
        np.uint8
    )
    return converted


def even(length: int) -> int:
    """Return the next even number: half a pixel of colour cannot be coded, and not be cropped either."""
    return length + length % 2


class YuvPainter:
    """Draws one grid after the other over the same planes, and only the cells that are others than before."""

    def __init__(self, layout: Layout, atlas: Atlas, *, text: RGB, background: RGB) -> None:
        self._coverage = atlas.coverage.copy()  # one that may be written to, as kernels are compiled for
        self._edges = within(layout)
        self._text = yuv(np.array(text, np.uint8))
        self._background = yuv(np.array(background, np.uint8))
        shape = (layout.rows, layout.columns)
        self._drawn = np.full((*shape, 4), (_NO_GLYPH, *self._background), np.int32)
        self._wanted = np.zeros((*shape, 4), np.int32)

    def clear(self, planes: Planes) -> None:
        """Make all of it background, also what no cell lies on."""
        for plane, value in zip(planes, self._background, strict=True):
            plane[:] = value

    def draw(self, grid: Grid, planes: Planes) -> None:
        """Draw over what the last call drew."""
        self._wanted[..., 0] = grid.glyphs
        self._wanted[..., 1:] = self._colours(grid)
        _draw(self._wanted, self._drawn, (self._coverage, self._background), self._edges, planes)

    def _colours(self, grid: Grid) -> Bytes:
        if grid.colours is not None:
            return yuv(grid.colours)
        return self._text if grid.text_colour is None else yuv(np.array(grid.text_colour, np.uint8))


@kernel
def _draw(wanted: Signed, drawn: Signed, ink: tuple[Bytes, Bytes], edges: tuple[Edges, Edges], planes: Planes) -> None:
    """Cells are (rows, columns, 4): glyph, luma and the two differences."""
    coverage, background = ink
    x_edges, y_edges = edges
    one, two = _Index(1), _Index(2)
    for row in range(_Index(wanted.shape[0])):
        top, bottom = _Index(y_edges[row]), _Index(y_edges[row + _Index(1)])
        for column in range(_Index(wanted.shape[1])):
            cell = wanted[row, column]
            before = drawn[row, column]
            if _are_same(cell, before):
                continue
            is_coloured = _has_colour(cell, background) or _has_colour(before, background)
            for place in range(cell.size):
                before[place] = cell[place]
            left, right = _Index(x_edges[column]), _Index(x_edges[column + _Index(1)])
            glyph = coverage[cell[0], : bottom - top, : right - left]
            _draw_luma(glyph, background[0], cell[1], planes[0][top:bottom, left:right])
            if is_coloured:
                area = (
                    slice((top + one) // two, (bottom + one) // two),
                    slice((left + one) // two, (right + one) // two),
                )
                odd = (left % two, top % two)
                _draw_difference(glyph, odd, background[1], cell[2], planes[1][area])
                _draw_difference(glyph, odd, background[2], cell[3], planes[2][area])


@kernel
def _are_same(one: Signed, other: Signed) -> bool:
    for place in range(one.size):  # noqa: SIM110 - a generator takes long to compile
        if one[place] != other[place]:
            return False
    return True


@kernel
def _has_colour(cell: Signed, background: Bytes) -> bool:
    return bool(cell[2] != background[1] or cell[3] != background[2])


@kernel
def _draw_luma(glyph: Bytes, background: int, text: int, plane: Bytes) -> None:
    dark = np.int32(background) * np.int32(_FULL) + np.int32(_FULL // 2)
    step = np.int32(text) - np.int32(background)
    for y in range(_Index(glyph.shape[0])):
        for x in range(_Index(glyph.shape[1])):
            plane[y, x] = np.uint32(dark + step * np.int32(glyph[y, x])) // np.uint32(_FULL)


@kernel
def _draw_difference(glyph: Bytes, odd: Odd, background: int, text: int, plane: Bytes) -> None:
    """A pixel of colour is four of luma, and belongs to the cell that has the upper left one.

    `odd` is 1 where the cell begins in the middle of a pixel of colour.
    """
    height, width = _Index(glyph.shape[0]), _Index(glyph.shape[1])
    dark = np.int32(background) * np.int32(_FOUR_FULL) + np.int32(_FOUR_FULL // 2)
    step = np.int32(text) - np.int32(background)
    for y in range(_Index(plane.shape[0])):
        upper = _Index(2) * y + odd[1]
        lower = min(upper + _Index(1), height - _Index(1))
        for x in range(_Index(plane.shape[1])):
            left = _Index(2) * x + odd[0]
            right = min(left + _Index(1), width - _Index(1))
            over = np.int32(glyph[upper, left]) + np.int32(glyph[upper, right])
            under = np.int32(glyph[lower, left]) + np.int32(glyph[lower, right])
            plane[y, x] = np.uint32(dark + step * (over + under)) // np.uint32(_FOUR_FULL)
