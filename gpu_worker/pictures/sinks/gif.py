"""An animated GIF."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np

from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.compiling import kernel
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.layout import Edges, Layout
from gpu_worker.pictures.sinks.gif_colours import gif_colours
from gpu_worker.pictures.sinks.gif_file import GifFile, GifImage
from gpu_worker.pictures.sinks.levels import levels
from gpu_worker.pictures.sinks.scanlines import within
from gpu_worker.pictures.sinks.sink import Scene

_WIDEST_CELL: Final = 8
_SHORTEST: Final = 2
"""Centiseconds: browsers show what is to be seen for less as if it were for ten."""


class GifSink:
    """Writes the frames as a GIF, in which times are centiseconds.

    A frame begins at the centisecond nearest to its time, however long the video. One that would be seen for less than
    two centiseconds gives its place to the next.

    GIF compresses poorly, and players hold all of it in memory. So where characters are wider than eight pixels, the
    picture is made smaller by a whole factor: 1920 by 1080 with the usual 120 characters becomes 960 by 540, a quarter
    of the pixels. Of each image only what is another than before is written.
    """

    def __init__(self, scene: Scene) -> None:
        self._factor = -(-scene.layout.cell_width // _WIDEST_CELL)
        self._full_size = scene.layout.width, scene.layout.height
        layout = _reduced(scene.layout, self._factor)
        self._size = layout.width, layout.height
        self._colours = gif_colours(scene.options)
        self._pixels = _reduced_levels(scene.atlas, self._factor)
        self._edges = within(layout)
        self._shown: Bytes | None = None
        self._waiting: Grid | None = None
        self._begins = 0
        self._merged = 0
        self._output = scene.open_output(File.GIF)
        self._file = GifFile(
            self._output,
            self._size,
            self._colours.table,
            transparent=self._colours.transparent,
            clears=scene.options.transparent_bg,
        )

    def take(self, grid: Grid) -> None:
        """Take the next frame, and draw the one before."""
        time = round(grid.time * 100)
        if self._waiting is not None and _are_same(self._waiting, grid):
            return
        if self._waiting is not None and time - self._begins < _SHORTEST:
            self._waiting = grid
            self._merged += 1
            return
        self._draw(time)
        self._waiting, self._begins = grid, time

    def finish(self, end: Fraction) -> tuple[str, ...]:
        """Draw the last frame and close."""
        self._draw(max(round(end * 100), self._begins + _SHORTEST))
        self._file.finish()
        self._output.close()
        return tuple(self._warnings())

    def abort(self) -> None:
        """Close as it is."""
        self._output.close()

    def _draw(self, end: int) -> None:
        grid = self._waiting
        if grid is None:
            return
        pixels = np.full((self._size[1], self._size[0]), self._colours.ground, np.uint8)
        _draw(grid.glyphs, self._colours.numbers(grid), self._pixels, self._edges, pixels)
        image = self._changed(pixels)
        self._file.draw(replace(image, colours=self._colours.table_of(grid)), end - self._begins)
        self._shown = pixels

    def _changed(self, pixels: Bytes) -> GifImage:
        if self._shown is None or self._colours.is_repainted:
            return GifImage(pixels)
        is_other = pixels != self._shown
        if not is_other.any():
            return GifImage(np.full((1, 1), self._colours.transparent, np.uint8))
        rows, columns = np.flatnonzero(is_other.any(axis=1)), np.flatnonzero(is_other.any(axis=0))
        area = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        left_out = np.where(is_other[area], pixels[area], np.uint8(self._colours.transparent))
        return GifImage(left_out, left=int(columns[0]), top=int(rows[0]))

    def _warnings(self) -> Iterator[str]:
        width, height = self._size
        if self._factor > 1:
            yield (
                f"The GIF is {width} by {height} pixels, the picture divided by {self._factor}: with more, it would be "
                "too large to be played."
            )
        if self._merged:
            yield f"{self._merged} frames are not in the GIF: it can show at most 50 a second."


def _are_same(one: Grid, other: Grid) -> bool:
    if one.text_colour != other.text_colour or not np.array_equal(one.glyphs, other.glyphs):
        return False
    return one.colours is other.colours or (
        one.colours is not None and other.colours is not None and np.array_equal(one.colours, other.colours)
    )


def _reduced(layout: Layout, factor: int) -> Layout:
    x_edges, y_edges = within(layout)
    return replace(
        layout,
        width=max(1, layout.width // factor),
        height=max(1, layout.height // factor),
        x_edges=x_edges // factor,
        y_edges=y_edges // factor,
    )


def _reduced_levels(atlas: Atlas, factor: int) -> Bytes:
    """Take means of as many pixels as become one."""
    count, height, width = atlas.coverage.shape
    rows, columns = -(-height // factor), -(-width // factor)
    padding = ((0, 0), (0, rows * factor - height), (0, columns * factor - width))
    padded = np.pad(atlas.coverage, padding, mode="edge")
    means = padded.reshape(count, rows, factor, columns, factor).mean(axis=(2, 4))
    return levels(np.round(means).astype(np.uint8))


@kernel
def _draw(glyphs: Bytes, numbers: Bytes, pixels: Bytes, edges: tuple[Edges, Edges], canvas: Bytes) -> None:
    """`numbers` are those of each level: (rows, columns, levels)."""
    x_edges, y_edges = edges
    for row in range(glyphs.shape[0]):
        for column in range(glyphs.shape[1]):
            glyph = pixels[glyphs[row, column]]
            number = numbers[row, column]
            for y in range(y_edges[row], y_edges[row + 1]):
                line = canvas[y]
                for x in range(x_edges[column], x_edges[column + 1]):
                    line[x] = number[glyph[y - y_edges[row], x - x_edges[column]]]
