"""Where the cells of a picture lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from functions.core.jobs.ascii_options import NARROWEST, WIDEST, AsciiVideoOptions, CellColours, Engine
from gpu_worker.pictures import atlas
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.h264 import tiles
from gpu_worker.pictures.h264.possible import is_possible
from gpu_worker.pictures.media_info import MediaInfo

Edges = NDArray[np.int32]

USUAL_COLUMNS: Final = 120
LINE_BY_CHARACTER: Final = 1.1640625 / 0.60205078
"""How much higher than wide a character of DejaVu Sans Mono is."""
_SNAPPING: Final = {8: 16, 16: 32}
"""Cells that fall on the macroblocks of H.264: the height of each width."""
_LEAST_CUT: Final = 4
"""A last row is drawn if at least one in so many of its lines are on the canvas; less is left to the margin."""
_LEGIBLE: Final = 4
"""Pixels; with narrower characters nobody is served who did not ask for them."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Cells on the canvas: the picture as it is shown, upright and with square pixels."""

    width: int
    height: int
    """Of the canvas, in pixels; what is left of it beside the cells has the colour of the background."""
    columns: int
    rows: int
    x_edges: Edges
    """(columns + 1): where each cell begins, and where the last ends."""
    y_edges: Edges
    """(rows + 1)."""
    engine: Engine
    """What will write an MP4: DIRECT or X264."""

    @property
    def cell_width(self) -> int:
        """The width of the widest cell, in pixels."""
        return int(np.diff(self.x_edges).max())

    @property
    def cell_height(self) -> int:
        """The height of the highest cell, in pixels."""
        return int(np.diff(self.y_edges).max())


def plan(info: MediaInfo, options: AsciiVideoOptions) -> Layout:
    """Lay the cells so that a circle stays a circle.

    A picture has at least two pixels for each character: of a narrower one, the lines are shorter than asked for.

    Raises:
        NotRenderable: the engine that was asked for cannot write this.
    """
    width, height = info.upright_size
    cell = _snapping_cell(width, height, options.width)
    if cell is not None:
        columns = width // cell
        x_edges, y_edges = _steps(columns, cell), _snapped_rows(height, _SNAPPING[cell])
    else:
        columns = _even_columns(width, options.width)
        x_edges, y_edges = _even(width, columns), _even(height, _even_rows(width, height, columns))
    return Layout(
        width=width,
        height=height,
        columns=columns,
        rows=len(y_edges) - 1,
        x_edges=x_edges,
        y_edges=y_edges,
        engine=_engine(width, height, cell, options),
    )


def _snapping_cell(width: int, height: int, columns: int | None) -> int | None:
    """Return how wide the cells are if they snap: as many as are asked for, or the nearest to the usual number."""
    fitting = [cell for cell in _SNAPPING if height >= _SNAPPING[cell]]
    if columns is not None:
        return next((cell for cell in fitting if width // cell == columns), None)
    possible = [cell for cell in fitting if NARROWEST <= width // cell <= WIDEST]
    return min(possible, key=lambda cell: _ratio(width // cell, USUAL_COLUMNS), default=None)


def _ratio(one: int, other: int) -> float:
    return max(one, other) / min(one, other)


def _steps(count: int, size: int) -> Edges:
    return (np.arange(count + 1) * size).astype(np.int32)


def _snapped_rows(height: int, cell: int) -> Edges:
    rows, rest = divmod(height, cell)
    rows += rest * _LEAST_CUT >= cell
    return np.minimum(_steps(rows, cell), height).astype(np.int32)


def _even_columns(width: int, wanted: int | None) -> int:
    columns = wanted if wanted is not None else min(USUAL_COLUMNS, width // _LEGIBLE)
    return max(1, min(columns, width // 2))


def _even_rows(width: int, height: int, columns: int) -> int:
    rows = round(height / (width / columns * LINE_BY_CHARACTER))
    return max(1, min(rows, height // 2))


def _even(size: int, count: int) -> Edges:
    """Divide evenly, with edges on even pixels: a pixel of colour is two pixels of light wide and high."""
    edges = 2 * np.round(np.arange(count + 1) * (size / count) / 2)
    edges[-1] = size
    return edges.astype(np.int32)


def _engine(width: int, height: int, cell: int | None, options: AsciiVideoOptions) -> Engine:
    if not options.save_mp4 or options.engine is Engine.X264 or _has_many_colours(options):
        return Engine.X264
    if cell is not None and _can_be_direct(width, height, cell, options):
        return Engine.DIRECT
    if options.engine is Engine.DIRECT:
        raise NotRenderable("engine-cannot", _what_would_do(width, height, options))
    return Engine.X264


def _has_many_colours(options: AsciiVideoOptions) -> bool:
    return options.random_colors or options.colors is CellColours.SOURCE


def _can_be_direct(width: int, height: int, cell: int, options: AsciiVideoOptions) -> bool:
    glyphs = atlas.build(options.style, cell, _SNAPPING[cell]).coverage
    return is_possible(
        width=width,
        height=height,
        cell_width=cell,
        cell_height=_SNAPPING[cell],
        glyphs=len(glyphs),
        # Glyphs share parts: braille, whose number is the largest, has the fewest in its upper and lower halves.
        tiles=len(tiles.cut(glyphs)[0]),
    )


def _what_would_do(width: int, height: int, options: AsciiVideoOptions) -> str:
    widths = list(_direct_widths(width, height, options))
    start = f"The engine 'direct' cannot write this video of {width}×{height} pixels"
    if not widths:
        return f"{start} in the style '{options.style}'; leave the engine to 'auto'."
    return f"{start} with lines of that many characters; it could with a width of {' or '.join(map(str, widths))}."


def _direct_widths(width: int, height: int, options: AsciiVideoOptions) -> Iterator[int]:
    for cell in _SNAPPING:
        if (
            height >= _SNAPPING[cell]
            and NARROWEST <= width // cell <= WIDEST
            and _can_be_direct(width, height, cell, options)
        ):
            yield width // cell
