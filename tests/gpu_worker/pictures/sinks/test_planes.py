import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.layout import Layout
from gpu_worker.pictures.sinks.planes import Planes, YuvPainter, even, yuv
from gpu_worker.pictures.sinks.sink import Scene
from tests.gpu_worker.pictures.sinks import scenes

_TEXT, _BACKGROUND = (250, 130, 7), (3, 60, 90)

_even_lengths = st.lists(st.integers(1, 16).map(lambda half: 2 * half), min_size=1, max_size=4)
_even_layouts = st.builds(
    scenes.layout, _even_lengths, _even_lengths, margins=st.tuples(*[st.integers(0, 6).map(lambda half: 2 * half)] * 4)
)


def _painter(shown: Scene) -> tuple[YuvPainter, Planes]:
    painter = YuvPainter(shown.layout, shown.atlas, text=_TEXT, background=_BACKGROUND)
    width, height = even(shown.layout.width), even(shown.layout.height)
    planes = (
        np.zeros((height, width), np.uint8),
        np.zeros((height // 2, width // 2), np.uint8),
        np.zeros((height // 2, width // 2), np.uint8),
    )
    painter.clear(planes)
    return painter, planes


def _mixed(text: Bytes, background: int, covered: Bytes, full: int) -> Bytes:
    """Round to the nearest between background and text."""
    exact = background * full + (text.astype(int) - background) * covered.astype(int)
    mixed: Bytes = ((exact + full // 2) // full).astype(np.uint8)
    return mixed


def _luma(shown: Scene, one: Grid) -> Bytes:
    text = yuv(scenes.colours_of(shown, one, _TEXT))[..., 0]
    background = int(yuv(np.array(_BACKGROUND, np.uint8))[0])
    return _mixed(text, background, scenes.coverage_of(shown, one), 255)


def _difference(shown: Scene, one: Grid, which: int) -> Bytes:
    coverage = scenes.coverage_of(shown, one).astype(int)
    height, width = coverage.shape
    covered = coverage.reshape(height // 2, 2, width // 2, 2).sum(axis=(1, 3))
    text = yuv(scenes.colours_of(shown, one, _TEXT))[::2, ::2, which]
    return _mixed(text, int(yuv(np.array(_BACKGROUND, np.uint8))[which]), covered, 4 * 255)


@settings(max_examples=15)
@given(_even_layouts, st.integers(0, 3))
def test_cells_on_even_pixels_are_exact_whatever_was_drawn_before(where: Layout, kind: int) -> None:
    shown = scenes.scene(where)
    painter, planes = _painter(shown)
    frames = [
        scenes.grid(where, 0),
        scenes.coloured(where, 1),
        scenes.grid(where, 2, text_colour=(9, 200, 100)),
        scenes.grid(where, 3),
    ]
    for one in frames[kind:] + frames[:kind]:
        painter.draw(one, planes)
        assert np.array_equal(planes[0], _luma(shown, one))
        for which in (1, 2):
            assert np.array_equal(planes[which], _difference(shown, one, which))


@settings(max_examples=15)
@given(scenes.layouts)
def test_brightness_is_exact_wherever_cells_lie(where: Layout) -> None:
    shown = scenes.scene(where)
    painter, planes = _painter(shown)
    for one in (scenes.grid(where), scenes.coloured(where, 1), scenes.grid(where, 2)):
        painter.draw(one, planes)
        assert np.array_equal(planes[0][: where.height, : where.width], _luma(shown, one))


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((0, 0, 0), [16, 128, 128]),
        ((255, 255, 255), [235, 128, 128]),
        ((255, 0, 0), [63, 102, 240]),
        ((0, 0, 255), [32, 240, 118]),
    ],
)
def test_colours_are_those_of_bt709(colour: tuple[int, int, int], expected: list[int]) -> None:
    assert yuv(np.array(colour, np.uint8)).tolist() == expected
