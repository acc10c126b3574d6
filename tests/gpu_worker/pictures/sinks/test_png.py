import io
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.layout import Layout
from gpu_worker.pictures.sinks.png import PngSink, still
from gpu_worker.pictures.sinks.sink import Scene
from tests.gpu_worker.pictures.sinks import scenes

_TEXT, _BACKGROUND = (250, 130, 7), (3, 60, 90)
_COLOURS = {"text_color": "#fa8207", "bg_color": "#033c5a"}


def _opaque(shown: Scene, one: Grid) -> Bytes:
    level = (scenes.coverage_of(shown, one).astype(int)[..., None] * 15 + 127) // 255
    text = scenes.colours_of(shown, one, _TEXT).astype(int)
    mixed: Bytes = ((np.array(_BACKGROUND) * (15 - level) + text * level + 7) // 15).astype(np.uint8)
    return mixed


def _alpha(shown: Scene, one: Grid) -> Bytes:
    alpha: Bytes = ((scenes.coverage_of(shown, one).astype(int) * 15 + 127) // 255 * 17).astype(np.uint8)
    return alpha


def _decoded(png: bytes, mode: str = "RGB") -> Bytes:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert(mode))


@given(scenes.layouts)
def test_every_pixel_is_as_the_grid_says(where: Layout) -> None:
    shown = scenes.scene(where, **_COLOURS)
    one = scenes.grid(where)
    assert np.array_equal(_decoded(still(shown, one)), _opaque(shown, one))


@pytest.mark.parametrize("cell", [4, 8, 16])
@pytest.mark.parametrize("margins", [(0, 0, 0, 0), (2, 3, 5, 1), (4, 0, 0, 7)])
def test_whole_cells_are_drawn_as_any_others(cell: int, margins: tuple[int, int, int, int]) -> None:
    where = scenes.layout([cell] * 5, [2 * cell, 2 * cell, 3], margins=margins)
    shown = scenes.scene(where, **_COLOURS)
    one = scenes.grid(where)
    assert np.array_equal(_decoded(still(shown, one)), _opaque(shown, one))


@settings(max_examples=40)
@given(scenes.layouts)
def test_characters_have_the_colours_of_the_source(where: Layout) -> None:
    shown = scenes.scene(where, colors="source", **_COLOURS)
    one = scenes.coloured(where)
    assert np.array_equal(_decoded(still(shown, one)), _opaque(shown, one))


@settings(max_examples=40)
@given(scenes.layouts)
def test_without_a_background_text_is_as_opaque_as_it_covers(where: Layout) -> None:
    for options, one in (({}, scenes.grid(where)), ({"colors": "source"}, scenes.coloured(where))):
        shown = scenes.scene(where, transparent_bg=True, **_COLOURS, **options)
        decoded, alpha = _decoded(still(shown, one), "RGBA"), _alpha(shown, one)
        assert np.array_equal(decoded[..., 3], alpha)
        assert np.array_equal(decoded[alpha > 0][:, :3], scenes.colours_of(shown, one, _TEXT)[alpha > 0])


def test_a_cell_that_the_canvas_cuts_stays_within_it() -> None:
    where = scenes.layout([16, 16], [32, 32])
    cut = Layout(30, 50, 2, 2, where.x_edges, where.y_edges, where.engine)
    whole, shown = scenes.scene(where, **_COLOURS), scenes.scene(cut, **_COLOURS)
    one = scenes.grid(where)
    assert np.array_equal(_decoded(still(shown, one)), _opaque(whole, one)[:50, :30])


def test_each_frame_may_have_its_own_colour() -> None:
    outputs = scenes.Outputs()
    where = scenes.layout()
    shown = scenes.scene(where, outputs=outputs, random_colors=True, **_COLOURS)
    frames = [scenes.grid(where, number, text_colour=(10 * number, 200, 0)) for number in range(4)]
    scenes.feed(PngSink(shown), frames, 1)
    with zipfile.ZipFile(io.BytesIO(outputs[File.PNG])) as opened:
        assert opened.namelist() == [f"frame_{number:06}.png" for number in range(4)]
        for one, name in zip(frames, opened.namelist(), strict=True):
            assert np.array_equal(_decoded(opened.read(name)), _opaque(shown, one))


@pytest.mark.parametrize("options", [{}, {"colors": "source"}])
def test_one_frame_leaves_nothing_to_the_next(options: dict[str, Any]) -> None:
    outputs = scenes.Outputs()
    where = scenes.layout([13, 7, 9], [11, 20], margins=(1, 1, 0, 0))
    shown = scenes.scene(where, outputs=outputs, **_COLOURS, **options)
    frames = [scenes.coloured(where, number) if options else scenes.grid(where, number) for number in range(3)]
    scenes.feed(PngSink(shown), frames, 1)
    with zipfile.ZipFile(io.BytesIO(outputs[File.PNG])) as opened:
        assert [opened.read(name) for name in opened.namelist()] == [still(shown, one) for one in frames]


def test_an_aborted_file_is_closed() -> None:
    outputs = scenes.Outputs()
    PngSink(scenes.scene(outputs=outputs)).abort()
    assert outputs.opened[File.PNG].closed
