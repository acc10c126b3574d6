"""An encoder for text of one colour on cells that are made of macroblocks."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import numpy as np

from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.h264 import bits, geometry, headers, i_slice, key_desk, p_slice, tiles
from gpu_worker.pictures.h264.frame import EncodedFrame
from gpu_worker.pictures.h264.geometry import MACROBLOCK, USUAL_RATE, Geometry, NotPossible
from gpu_worker.pictures.h264.key_desk import Numbers
from gpu_worker.pictures.h264.tiles import TileNumbers, Tiles
from gpu_worker.pictures.layout import Layout
from gpu_worker.pictures.palette import RGB

_START_CODE: Final = b"\0\0\0\1"
_LONGEST_WAIT: Final = 3
_MOST_BYTES: Final = 400
"""Of a macroblock (A.3.1); `i_slice` sees to it."""
_MOST_TRIED: Final = 4096
"""Bytes that a macroblock may be before that is seen, and what stands around all macroblocks."""


class DirectEncoder:
    """Writes each frame as it comes; exact, see `gpu_worker.pictures.h264`."""

    def __init__(  # noqa: PLR0913 - all but two by name
        self,
        layout: Layout,
        atlas: Atlas,
        *,
        text: RGB,
        background: RGB,
        key_seconds: float = 10,
        rate: float = USUAL_RATE,
    ) -> None:
        """Draw the atlas; `rate` is the most frames in a second.

        Key frames come after each `key_seconds`, but up to three times as late while less than one would take was
        written since: there a key is most of the file, and whoever seeks has little to decode.

        Raises:
            NotPossible: this layout or this atlas cannot be written so.
        """
        _check(layout, atlas)
        self.tiles = tiles.draw(atlas.coverage, text, background)
        self._sides = key_desk.look_at_sides(self.tiles)
        self._across = MACROBLOCK // self.tiles.width
        self.geometry = geometry.plan(layout.width, layout.height, tiles=self.tiles.count, tiles_across=self._across)
        level = self.geometry.level(rate)
        self.headers = headers.sequence(self.geometry, level) + headers.picture()
        self._places, self._empty = _lay_out(self.geometry, self.tiles)
        self._cells = (layout.rows, layout.columns)
        self._key_seconds = key_seconds
        self._before = self._empty
        self._moved = np.zeros((*self._empty.shape, 2), np.int16)
        room = self.geometry.rows * self.geometry.coded_columns * _MOST_BYTES + _MOST_TRIED
        self._payload = np.empty(room // 8, np.int64)
        self._unit = np.empty(room * 3 // 2, np.uint8)
        self._last_key: Fraction | None = None
        self._key_bytes = 0
        self._bytes_since = 0
        self._keys = 0
        self._number = 0

    def encode(self, grid: Grid) -> EncodedFrame:
        """Write a frame.

        Raises:
            ValueError: the grid has other cells than the layout, or glyphs that the atlas has not.
        """
        wanted = self._units(grid.glyphs)
        is_key = self._is_key_due(grid.time)
        data = self._key(wanted) if is_key else self._moved_from(wanted)
        if is_key:
            self._last_key, self._key_bytes, self._bytes_since = grid.time, len(data), 0
        else:
            self._bytes_since += len(data)
        self._before = wanted
        return EncodedFrame(data, grid.time, grid.time, is_key)

    def finish(self) -> Iterator[EncodedFrame]:
        """Nothing is ever left."""
        yield from ()

    def _is_key_due(self, time: Fraction) -> bool:
        if self._last_key is None:
            return True
        waited = time - self._last_key
        if self._bytes_since < self._key_bytes:
            return waited >= _LONGEST_WAIT * self._key_seconds
        return waited >= self._key_seconds

    def _units(self, glyphs: Bytes) -> TileNumbers:
        if glyphs.shape != self._cells or glyphs.max() >= len(self.tiles.of_glyph):
            raise ValueError("the grid is not one of this layout and atlas")
        units = self._empty.copy()
        high = self.tiles.of_glyph.shape[1]
        for at in range(high):
            rows = units[at::high]
            rows[: len(glyphs), : self._cells[1]] = self.tiles.of_glyph[glyphs[: len(rows)], at]
        return units

    def _key(self, wanted: TileNumbers) -> bytes:
        self._keys += 1
        self._number = 0
        state = self._begin(headers.key_slice(self._keys % 2))
        i_slice.put_picture(key_desk.lay_desk(self._payload, state, wanted, self.tiles, self._sides))
        return self._closed(headers.UNIT_OF_KEY, state)

    def _moved_from(self, wanted: TileNumbers) -> bytes:
        self._number = (self._number + 1) % headers.FRAME_NUMBERS
        state = self._begin(headers.p_slice(self._number))
        desk = p_slice.Desk(
            self._payload, state, self._across, wanted, self._before, self._moved, *self._places, self.geometry.period
        )
        p_slice.put_picture(desk)
        return self._closed(headers.UNIT_OF_P, state)

    def _begin(self, header: headers.Syntax) -> bits.State:
        state = bits.new_state()
        bits.put(self._payload, state, len(header.text), int(header.text, 2))
        return state

    def _closed(self, kind: int, state: bits.State) -> bytes:
        size = bits.escape(bits.finish(self._payload, state), self._unit)
        return _START_CODE + bytes([kind]) + self._unit[:size].tobytes()


def _check(layout: Layout, atlas: Atlas) -> None:
    """Cells must lie where macroblocks do; only those of the last row may be cut."""
    _, height, width = atlas.coverage.shape
    are_across = np.array_equal(layout.x_edges, np.arange(layout.columns + 1) * width)
    are_down = np.array_equal(layout.y_edges[:-1], np.arange(layout.rows) * height)
    is_end_right = layout.y_edges[-1] == min(layout.rows * height, layout.height)
    if not (are_across and are_down and is_end_right and layout.x_edges[-1] <= layout.width):
        raise NotPossible("cells do not lie side by side from the upper left corner on")


def _lay_out(where: Geometry, drawn: Tiles) -> tuple[tuple[Numbers, Numbers], TileNumbers]:
    """Place the atlas. Returns in which unit and which first row each tile is, and a picture without text."""
    across = MACROBLOCK // drawn.width
    numbers = np.arange(drawn.count)
    row, column = numbers // across % where.period, numbers // across // where.period
    unit = (where.columns + column) * across + numbers % across
    empty = np.full((where.rows, where.coded_columns * across), drawn.blank, np.uint16)
    for tile in numbers:
        empty[row[tile] :: where.period, unit[tile]] = tile
    return (unit, row), empty
