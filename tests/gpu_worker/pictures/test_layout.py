from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.jobs.ascii_options import NARROWEST, WIDEST, AsciiVideoOptions, Engine, Style
from gpu_worker.pictures import atlas
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.h264.encoder import DirectEncoder
from gpu_worker.pictures.layout import LINE_BY_CHARACTER, plan
from gpu_worker.pictures.media_info import MediaInfo


def info(width: int, height: int, **more: Any) -> MediaInfo:
    facts = {"pixel_aspect": Fraction(1), "rotation": 0, "duration": None, "rate": None, "has_audio": False} | more
    return MediaInfo(width=width, height=height, **facts)


def options(**chosen: Any) -> AsciiVideoOptions:
    return AsciiVideoOptions(**chosen)


@given(width=st.integers(1, 5000), height=st.integers(1, 5000), columns=st.none() | st.integers(NARROWEST, WIDEST))
def test_cells_lie_side_by_side_on_the_canvas(width: int, height: int, columns: int | None) -> None:
    layout = plan(info(width, height), options(width=columns))
    assert (layout.width, layout.height) == (width, height)
    for edges, count, size in ((layout.x_edges, layout.columns, width), (layout.y_edges, layout.rows, height)):
        assert len(edges) == count + 1
        assert edges[0] == 0
        assert all(begins < ends for begins, ends in pairwise(edges.tolist()))
        assert all(edge % 2 == 0 for edge in edges[:-1])
        assert size - 32 < edges[-1] <= size
    if columns is not None:
        assert layout.columns == min(columns, max(1, width // 2))


@given(width=st.integers(200, 4000), height=st.integers(200, 4000), columns=st.integers(NARROWEST, 100))
def test_evenly_divided_cells_cover_all_of_it_with_the_shape_of_a_letter(width: int, height: int, columns: int) -> None:
    layout = plan(info(width, height), options(width=columns))
    if layout.cell_width in {8, 16} or layout.rows < 4:
        return
    assert (layout.x_edges[-1], layout.y_edges[-1]) == (width, height)
    shape = (height / layout.rows) / (width / layout.columns)
    assert shape == pytest.approx(LINE_BY_CHARACTER, rel=0.5 / layout.rows + 0.01)


@pytest.mark.parametrize(
    ("size", "grid", "cell"),
    [
        ((1920, 1080), (120, 34), 16),
        ((1280, 720), (160, 45), 8),
        ((640, 360), (80, 23), 8),
        ((3840, 2160), (240, 68), 16),
        ((854, 480), (106, 30), 8),
        ((1080, 1920), (135, 120), 8),
    ],
)
def test_without_a_width_cells_snap_near_to_120_columns(
    size: tuple[int, int], grid: tuple[int, int], cell: int
) -> None:
    layout = plan(info(*size), options())
    assert (layout.columns, layout.rows) == grid
    assert set(np.diff(layout.x_edges).tolist()) == {cell}
    assert layout.cell_height == 2 * cell


def test_a_width_that_snaps_does_so() -> None:
    assert plan(info(1920, 1080), options(width=240)).cell_width == 8
    assert plan(info(1920, 1080), options(width=240)).x_edges[-1] == 1920


def test_a_thin_rest_below_is_left_to_the_margin_and_a_thick_one_is_drawn() -> None:
    assert plan(info(1280, 723), options()).y_edges[-1] == 720
    assert plan(info(1280, 724), options()).y_edges[-1] == 724


def test_pixels_that_are_not_square_are_made_so() -> None:
    layout = plan(info(720, 576, pixel_aspect=Fraction(16, 15)), options())
    assert (layout.width, layout.height) == (768, 576)


@pytest.mark.parametrize("rotation", [90, 270])
def test_a_video_on_its_side_gets_an_upright_canvas(rotation: int) -> None:
    layout = plan(info(1920, 1080, rotation=rotation), options())
    assert (layout.width, layout.height) == (1080, 1920)


def test_a_narrow_picture_has_shorter_lines() -> None:
    assert plan(info(64, 48), options(width=120)).columns == 32
    assert plan(info(64, 48), options()).columns == 16
    assert plan(info(1, 1), options()).columns == 1


def test_one_colour_on_snapping_cells_is_written_directly() -> None:
    assert plan(info(1920, 1080), options()).engine is Engine.DIRECT


@pytest.mark.parametrize("chosen", [{"width": 100}, {"colors": "source"}, {"random_colors": True}, {"engine": "x264"}])
def test_all_else_is_written_by_x264(chosen: dict[str, Any]) -> None:
    assert plan(info(1920, 1080), options(**chosen)).engine is Engine.X264


@given(width=st.integers(80, 2100), height=st.integers(1, 1300), style=st.sampled_from(Style))
@settings(max_examples=25)
def test_what_is_to_be_written_directly_can_be(width: int, height: int, style: Style) -> None:
    layout = plan(info(width, height), options(style=style))
    if layout.engine is Engine.DIRECT:
        drawn = atlas.build(style, layout.cell_width, layout.cell_height)
        encoder = DirectEncoder(layout, drawn, text=(255, 255, 255), background=(0, 0, 0))
        blank = np.zeros((layout.rows, layout.columns), np.uint8)
        assert encoder.encode(Grid(0, Fraction(0), blank)).is_key


@pytest.mark.parametrize("style", Style)
def test_at_the_usual_sizes_every_style_is_written_directly(style: Style) -> None:
    for size in ((1920, 1080), (1280, 720), (640, 480)):
        assert plan(info(*size), options(style=style)).engine is Engine.DIRECT


def test_the_direct_engine_says_which_widths_it_could_write() -> None:
    with pytest.raises(NotRenderable, match="width of 240 or 120") as failed:
        plan(info(1920, 1080), options(width=100, engine="direct"))
    assert failed.value.code == "engine-cannot"
    assert plan(info(1920, 1080), options(width=120, engine="direct")).engine is Engine.DIRECT


def test_the_direct_engine_says_that_no_width_would_do() -> None:
    with pytest.raises(NotRenderable, match="leave the engine to 'auto'"):
        plan(info(64, 48), options(engine="direct"))


def test_without_an_mp4_the_engine_does_not_matter() -> None:
    assert plan(info(64, 48), options(engine="direct", save_mp4=False, save_txt=True)).columns == 16
