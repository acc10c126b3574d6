"""Scenes, grids and outputs for the tests of sinks, and what a picture of a grid is by definition."""

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from functions.core.jobs.ascii_options import AsciiVideoOptions, Engine
from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.layout import Layout
from gpu_worker.pictures.sinks.sink import Scene, Sink

CHARACTERS = " .:-=+*#%@"
EVERYTHING = {"save_mp4": True, "save_txt": True, "save_png": True, "save_gif": True, "save_cast": True}


class Output(io.RawIOBase):
    """What is written and closed; nobody can go back in it."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data)
        return len(data)


class Outputs:
    def __init__(self) -> None:
        self.opened: dict[File, Output] = {}

    def __call__(self, file: File) -> Any:
        self.opened[file] = Output()
        return self.opened[file]

    def __getitem__(self, file: File) -> bytes:
        assert self.opened[file].closed
        return self.opened[file].data


def layout(
    widths: Sequence[int] = (16,) * 6,
    heights: Sequence[int] = (32,) * 3,
    *,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
    engine: Engine = Engine.X264,
) -> Layout:
    """Margins are left, top, right and bottom."""
    left, top, right, bottom = margins
    x_edges = np.cumsum([left, *widths]).astype(np.int32)
    y_edges = np.cumsum([top, *heights]).astype(np.int32)
    return Layout(
        width=int(x_edges[-1]) + right,
        height=int(y_edges[-1]) + bottom,
        columns=len(widths),
        rows=len(heights),
        x_edges=x_edges,
        y_edges=y_edges,
        engine=engine,
    )


def atlas(where: Layout, characters: str = CHARACTERS, *, seed: int = 1) -> Atlas:
    """Noise, of which the first glyph is blank and the last one full."""
    shape = (len(characters), where.cell_height, where.cell_width)
    coverage = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    coverage[0], coverage[-1] = 0, 255
    return Atlas(characters, coverage)


def scene(
    where: Layout | None = None,
    *,
    drawn: Atlas | None = None,
    outputs: Outputs | None = None,
    scratch: Path = Path("/nowhere"),
    **options: Any,
) -> Scene:
    where = where or layout()
    wanted = AsciiVideoOptions.model_validate(EVERYTHING | options)
    return Scene(where, drawn or atlas(where), wanted, outputs or Outputs(), scratch)


def grid(where: Layout, number: int = 0, *, time: Fraction | None = None, seed: int = 1, **more: Any) -> Grid:
    random = np.random.default_rng((seed, number))
    glyphs = random.integers(0, len(CHARACTERS), (where.rows, where.columns), dtype=np.uint8)
    return Grid(number, Fraction(number, 25) if time is None else time, glyphs, **more)


def coloured(where: Layout, number: int = 0, *, seed: int = 1) -> Grid:
    colours = np.random.default_rng((seed, number, 1)).integers(0, 256, (where.rows, where.columns, 3), dtype=np.uint8)
    return grid(where, number, seed=seed, colours=colours)


def grids(where: Layout, times: Iterable[Fraction], *, seed: int = 1) -> list[Grid]:
    return [grid(where, number, time=time, seed=seed) for number, time in enumerate(times)]


def feed(sink: Sink, frames: Iterable[Grid], end: Fraction | int) -> tuple[str, ...]:
    for one in frames:
        sink.take(one)
    return sink.finish(Fraction(end))


def coverage_of(shown: Scene, one: Grid) -> Bytes:
    """Pixel by pixel: how much of each is text."""
    where = shown.layout
    canvas = np.zeros((where.height, where.width), np.uint8)
    for row in range(where.rows):
        for column in range(where.columns):
            for y in range(where.y_edges[row], where.y_edges[row + 1]):
                for x in range(where.x_edges[column], where.x_edges[column + 1]):
                    drawn = shown.atlas.coverage[one.glyphs[row, column]]
                    canvas[y, x] = drawn[y - where.y_edges[row], x - where.x_edges[column]]
    return canvas


def colours_of(shown: Scene, one: Grid, text: tuple[int, int, int]) -> Bytes:
    """Pixel by pixel: which colour text has there."""
    where = shown.layout
    canvas = np.full((where.height, where.width, 3), one.text_colour or text, np.uint8)
    if one.colours is None:
        return canvas
    for row in range(where.rows):
        for column in range(where.columns):
            y, x = (slice(*where.y_edges[row : row + 2]), slice(*where.x_edges[column : column + 2]))
            canvas[y, x] = one.colours[row, column]
    return canvas


lengths = st.lists(st.integers(1, 40), min_size=1, max_size=5)
layouts = st.builds(layout, lengths, lengths, margins=st.tuples(*[st.integers(0, 20)] * 4))
steps = st.lists(st.fractions(Fraction(1, 200), Fraction(3), max_denominator=90_000), min_size=1, max_size=12)
