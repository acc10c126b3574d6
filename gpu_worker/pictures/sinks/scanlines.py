"""Draws grids straight into scanlines as PNG has them: a byte for the filter, then the pixels.

In the kernels every index is unsigned: of a signed one it would be asked each time whether it counts from the end.
"""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.compiling import kernel
from gpu_worker.pictures.grid import Bytes
from gpu_worker.pictures.layout import Edges, Layout
from gpu_worker.pictures.palette import RGB
from gpu_worker.pictures.sinks.levels import fade, levels, ramp

Words = NDArray[np.uint64]
Cells = tuple[Bytes, Bytes]

_Index = np.uint64
_PIXELS: Final = 16
"""In a word of 64 bits, of four bits each."""
_WHOLE: Final = {4: "u2", 8: "u4", 16: "u8"}
"""What holds one row of a cell that is so many pixels wide."""


class LevelScanlines(Protocol):
    """Levels of blending, two pixels to a byte; the left one is the upper half."""

    def draw(self, glyphs: Bytes) -> Bytes:
        """Draw; the next call draws over it."""
        ...


def level_scanlines(layout: Layout, coverage: Bytes) -> LevelScanlines:
    """Return the fastest way to draw this layout."""
    x_edges, _ = within(layout)
    widths = set(np.diff(x_edges).tolist())
    if widths <= _WHOLE.keys() and widths == {coverage.shape[2]} and x_edges[0] % 2 == 0:
        return _WholeCells(layout, coverage)
    return _AnyCells(layout, coverage)


class _WholeCells:
    """A row of a cell is copied as one number."""

    def __init__(self, layout: Layout, coverage: Bytes) -> None:
        x_edges, self._y_edges = within(layout)
        values = levels(coverage)
        pairs = values[..., 0::2] << 4 | values[..., 1::2]
        self._rows = np.ascontiguousarray(pairs.view(_WHOLE[coverage.shape[2]])[..., 0].T)
        self._cells = np.zeros((layout.height, layout.columns), self._rows.dtype)
        self._lines = _empty_lines(layout)
        first = 1 + int(x_edges[0]) // 2
        self._inner = self._lines[:, first : first + layout.columns * self._rows.itemsize]

    def draw(self, glyphs: Bytes) -> Bytes:
        _draw_whole(glyphs, self._rows, self._y_edges, self._cells)
        self._inner[:] = self._cells.view(np.uint8)
        return self._lines


class _AnyCells:
    """Rows of cells are shifted together."""

    def __init__(self, layout: Layout, coverage: Bytes) -> None:
        self._words = _packed(levels(coverage))
        self._x_edges, self._y_edges = within(layout)
        self._lines = _empty_lines(layout)

    def draw(self, glyphs: Bytes) -> Bytes:
        _draw_shifted(glyphs, self._words, self._x_edges, self._y_edges, self._lines)
        return self._lines


class ColourScanlines:
    """Red, green and blue of each pixel, and its opacity where there is no background."""

    def __init__(self, layout: Layout, coverage: Bytes, background: RGB | None) -> None:
        self._levels = levels(coverage)
        self._background = None if background is None else np.array(background, np.uint8)
        self._edges = within(layout)
        samples = 4 if background is None else 3
        self._lines = np.zeros((layout.height, 1 + samples * layout.width), np.uint8)
        if self._background is not None:
            self._lines[:, 1:] = np.tile(self._background, layout.width)

    def draw(self, glyphs: Bytes, colours: Bytes) -> Bytes:
        """Draw; the next call draws over it."""
        blends = ramp(self._background, colours) if self._background is not None else fade(colours)
        _draw_colours((glyphs, blends), self._levels, self._edges, self._lines)
        return self._lines


def within(layout: Layout) -> tuple[Edges, Edges]:
    """Return the edges of cells, of which none lies beyond the canvas."""
    return np.minimum(layout.x_edges, layout.width), np.minimum(layout.y_edges, layout.height)


def _empty_lines(layout: Layout) -> Bytes:
    """All of it background, and no filter: what filters win on glyphs, they cost."""
    return np.zeros((layout.height, 1 + -(-layout.width // 2)), np.uint8)


def _packed(values: Bytes) -> Words:
    """Pack (glyphs, height, width) of levels as (height, words, glyphs); the first pixel is the most significant."""
    glyphs, height, width = values.shape
    padded = np.zeros((glyphs, height, -(-width // _PIXELS) * _PIXELS), np.uint8)
    padded[:, :, :width] = values
    pairs = padded[..., 0::2] << 4 | padded[..., 1::2]
    return np.ascontiguousarray(pairs.view(">u8").astype(np.uint64).transpose(1, 2, 0))


@kernel
def _draw_whole(
    glyphs: Bytes, rows: NDArray[np.unsignedinteger], y_edges: Edges, cells: NDArray[np.unsignedinteger]
) -> None:
    """`rows` are (height, glyphs)."""
    for row in range(_Index(glyphs.shape[0])):
        top = _Index(y_edges[row])
        for y in range(_Index(y_edges[row + _Index(1)]) - top):
            for column in range(_Index(glyphs.shape[1])):
                cells[top + y, column] = rows[y, glyphs[row, column]]


@kernel
def _put(word: np.uint64, line: Bytes, at: np.uint64, count: np.uint64) -> None:
    """Write the first bytes of a word; eight of them become one instruction."""
    for byte in range(count):
        line[at + byte] = np.uint8(word >> (_Index(56) - _Index(8) * byte))


@kernel
def _draw_line(glyphs: Bytes, words: Words, x_edges: Edges, line: Bytes) -> None:
    """Shift the words of one row of pixels together; `words` are (words, glyphs)."""
    at = _Index(1 + x_edges[0] // _PIXELS * 8)
    filled = _Index(x_edges[0] % _PIXELS)
    word = _Index(0)
    for column in range(_Index(glyphs.size)):
        left = _Index(x_edges[column + _Index(1)] - x_edges[column])
        part = _Index(0)
        while left > _Index(0):
            count = min(left, _Index(_PIXELS))
            # Shifting by all 64 bits is undefined, here and below.
            cut = _Index(4) * (_Index(_PIXELS) - count)
            more = (words[part, glyphs[column]] >> cut) << cut
            word |= more >> (_Index(4) * filled)
            filled += count
            left -= count
            part += _Index(1)
            if filled >= _Index(_PIXELS):
                _put(word, line, at, _Index(8))
                at += _Index(8)
                filled -= _Index(_PIXELS)
                word = (more << (_Index(4) * (count - filled - _Index(1)))) << _Index(4) if filled else _Index(0)
    if filled:
        _put(word, line, at, min(_Index(8), _Index(line.size) - at))


@kernel
def _draw_shifted(glyphs: Bytes, words: Words, x_edges: Edges, y_edges: Edges, lines: Bytes) -> None:
    for row in range(_Index(glyphs.shape[0])):
        top = _Index(y_edges[row])
        for y in range(_Index(y_edges[row + _Index(1)]) - top):
            _draw_line(glyphs[row], words[y], x_edges, lines[top + y])


@kernel
def _draw_cell(glyph: Bytes, blend: Bytes, begins: np.uint64, lines: Bytes) -> None:
    """`glyph` is (height, width), `blend` is (levels, samples), and a line begins at its filter."""
    samples = _Index(blend.shape[1])
    for y in range(_Index(glyph.shape[0])):
        line = lines[y]
        at = _Index(1) + samples * begins
        for x in range(_Index(glyph.shape[1])):
            level = glyph[y, x]
            line[at] = blend[level, 0]
            line[at + _Index(1)] = blend[level, 1]
            line[at + _Index(2)] = blend[level, 2]
            if samples == _Index(4):
                line[at + _Index(3)] = blend[level, 3]
            at += samples


@kernel
def _draw_colours(cells: Cells, pixels: Bytes, edges: tuple[Edges, Edges], lines: Bytes) -> None:
    """`cells` are glyphs and (rows, columns, levels, samples)."""
    glyphs, blends = cells
    x_edges, y_edges = edges
    for row in range(_Index(glyphs.shape[0])):
        top, bottom = _Index(y_edges[row]), _Index(y_edges[row + _Index(1)])
        for column in range(_Index(glyphs.shape[1])):
            left, right = _Index(x_edges[column]), _Index(x_edges[column + _Index(1)])
            glyph = pixels[glyphs[row, column], : bottom - top, : right - left]
            _draw_cell(glyph, blends[row, column], left, lines[top:bottom])
