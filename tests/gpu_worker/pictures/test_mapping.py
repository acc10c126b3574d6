import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.ascii_options import Style
from gpu_worker.pictures import atlas
from gpu_worker.pictures.grid import Bytes
from gpu_worker.pictures.mapping import Mapper, mapper

SAME = np.arange(256, dtype=np.uint8)
RANDOM = np.random.default_rng(7)
PARTED = [Style.BLOCKS, Style.BRAILLE, Style.STRUCTURAL]


def chooser(style: Style) -> Mapper:
    return mapper(style, atlas.build(style, 16, 32))


def light(style: Style, level: int, rows: int = 8, columns: int = 8) -> Bytes:
    down, across = chooser(style).parts
    return np.full((rows * down, columns * across), level, np.uint8)


def drawn(style: Style, glyphs: Bytes) -> float:
    return float(atlas.build(style, 16, 32).coverage[glyphs].mean())


@pytest.mark.parametrize("style", Style)
def test_a_picture_becomes_one_glyph_for_each_cell(style: Style) -> None:
    glyphs = chooser(style).glyphs(light(style, 99, 3, 5), SAME)
    assert glyphs.shape == (3, 5)
    assert glyphs.dtype == np.uint8
    assert glyphs.max() < len(atlas.build(style, 16, 32).characters)


@pytest.mark.parametrize("style", Style)
def test_black_is_empty_and_white_is_full(style: Style) -> None:
    coverage = atlas.build(style, 16, 32).coverage.mean((1, 2))
    choose = chooser(style)
    first, last = (choose.glyphs(light(style, level), SAME) for level in (0, 255))
    if style is Style.INVERTED:
        first, last = last, first
    assert (coverage[first] == 0).all()
    if style in {Style.DOTS, Style.STRUCTURAL}:
        assert (coverage[last] > np.median(coverage)).all()
    else:
        assert (coverage[last] == coverage.max()).all()


@pytest.mark.parametrize("style", [Style.GRADIENT, Style.BLOCKS, Style.BRAILLE, Style.STRUCTURAL])
def test_lighter_is_drawn_lighter(style: Style) -> None:
    levels = [drawn(style, chooser(style).glyphs(light(style, level), SAME)) for level in range(0, 256, 15)]
    assert levels == sorted(levels)
    assert len(set(levels)) >= 5


@pytest.mark.parametrize("style", [Style.BLOCKS, Style.BRAILLE])
def test_an_area_of_dark_grey_does_not_vanish(style: Style) -> None:
    assert drawn(style, chooser(style).glyphs(light(style, 60), SAME)) > 25


@given(st.integers(0, 255))
def test_a_ramp_has_steps_of_one_width(level: int) -> None:
    glyph = chooser(Style.NORMAL).glyphs(np.array([[level]], np.uint8), SAME)[0, 0]
    assert glyph == level * 10 // 256


@pytest.mark.parametrize("style", [Style.BLOCKS, Style.BRAILLE])
def test_an_edge_inside_a_cell_is_drawn_where_it_is(style: Style) -> None:
    picture = light(style, 0, 1, 1)
    picture[:, picture.shape[1] // 2 :] = 255
    glyph = chooser(style).glyphs(picture, SAME)[0, 0]
    assert atlas.build(style, 16, 32).characters[glyph] in "▐⢸"


def test_of_all_letters_the_one_of_the_shape_is_chosen() -> None:
    picture = np.zeros((4 * 3, 3), np.uint8)
    picture[0:4, :] = np.array([[0, 0, 200], [0, 120, 90], [90, 120, 0], [200, 0, 0]])
    picture[4:8, :] = np.array([[200, 0, 0], [90, 120, 0], [0, 120, 90], [0, 0, 200]])
    picture[11, :] = 160
    letters = atlas.build(Style.STRUCTURAL, 16, 32).characters
    chosen = "".join(letters[glyph] for glyph in chooser(Style.STRUCTURAL).glyphs(picture, SAME)[:, 0])
    assert chosen[0] == "/"
    assert chosen[1] == "\\"
    assert chosen[2] in "_."


@pytest.mark.parametrize("style", PARTED)
def test_noise_does_not_make_a_still_picture_flicker(style: Style) -> None:
    slope = np.linspace(20, 235, 40, dtype=np.int16)
    down, across = chooser(style).parts
    picture = np.repeat(np.broadcast_to(slope, (10, 40)), down, axis=0).repeat(across, axis=1)
    choose, changes = chooser(style), 0
    before = choose.glyphs(picture.astype(np.uint8), SAME)
    for _ in range(10):
        noisy = (picture + RANDOM.integers(-2, 3, picture.shape)).astype(np.uint8)
        after = choose.glyphs(noisy, SAME)
        changes += int((after != before).sum())
        before = after
    assert changes <= before.size * 10 * 0.02


@pytest.mark.parametrize("style", PARTED)
def test_a_cut_is_not_held_back(style: Style) -> None:
    choose = chooser(style)
    choose.glyphs(light(style, 255), SAME)
    np.testing.assert_array_equal(choose.glyphs(light(style, 0), SAME), chooser(style).glyphs(light(style, 0), SAME))
