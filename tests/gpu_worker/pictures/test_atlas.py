import numpy as np
import pytest

from functions.core.jobs.ascii_options import Style
from gpu_worker.pictures import atlas, font
from gpu_worker.pictures.characters import BRAILLE, CHARACTERS, QUARTERS, RAMPS

SIZES = [(16, 32), (8, 16), (7, 13), (2, 4), (1, 1), (35, 68)]


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("size", SIZES)
def test_every_style_has_its_characters_in_every_size(style: Style, size: tuple[int, int]) -> None:
    drawn = atlas.build(style, *size)
    assert drawn.characters == CHARACTERS[style]
    assert drawn.coverage.shape == (len(drawn.characters), size[1], size[0])
    assert drawn.coverage.dtype == np.uint8
    assert len(set(drawn.characters)) == len(drawn.characters) <= 256


@pytest.mark.parametrize("style", [Style.NORMAL, Style.DOTS, Style.STRUCTURAL])
def test_the_font_has_each_character_that_it_draws(style: Style) -> None:
    missing = font.drawn("\U000f0000", 16, 32)
    drawn = atlas.build(style, 16, 32)
    assert not any(np.array_equal(glyph, missing) for glyph in drawn.coverage)
    # The two rings of `dots` differ by less than a pixel in small cells, and in no others.
    assert len({glyph.tobytes() for glyph in atlas.build(style, 32, 62).coverage}) == len(drawn.characters)


@pytest.mark.parametrize("style", Style)
def test_only_a_blank_is_empty(style: Style) -> None:
    drawn = atlas.build(style, 16, 32)
    empty = [character for character, glyph in zip(drawn.characters, drawn.coverage, strict=True) if not glyph.any()]
    assert empty == ["\u2800" if style is Style.BRAILLE else " "]


def test_shades_are_quarters_of_white() -> None:
    for size in ((16, 32), (8, 16), (32, 64)):
        means = atlas.build(Style.GRADIENT, *size).coverage.mean((1, 2)) / 255
        assert means == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_quarters_are_where_their_numbers_say() -> None:
    coverage = atlas.build(Style.BLOCKS, 16, 32).coverage
    for number in range(16):
        corners = coverage[number][[8, 8, 24, 24], [4, 12, 4, 12]] == 255
        assert [number >> bit & 1 for bit in range(4)] == corners.tolist()
    assert (QUARTERS[1], QUARTERS[8], QUARTERS[15]) == ("▘", "▗", "█")


def test_dots_of_braille_are_where_unicode_says() -> None:
    coverage = atlas.build(Style.BRAILLE, 16, 32).coverage
    first, fourth, seventh = (coverage[BRAILLE.index(character)] for character in "⠁⠈⡀")
    assert first[4, 4] == fourth[4, 12] == seventh[28, 4] == 255
    assert first.sum() == first[:8, :8].sum()
    np.testing.assert_array_equal(coverage[255], coverage[:0:-1][[127, 191, 223, 239, 247, 251, 253, 254]].max(0))


def test_letters_grow_with_their_cells() -> None:
    small, large = (font.drawn("@", 8 * n, 16 * n) for n in (1, 4))
    for glyph in (small, large):
        rows, columns = np.nonzero(glyph)
        assert np.ptp(columns) > glyph.shape[1] * 0.6
        assert np.ptp(rows) > glyph.shape[0] * 0.4


def test_inverted_is_normal_from_the_other_end() -> None:
    assert RAMPS[Style.INVERTED] == RAMPS[Style.NORMAL][::-1]


def test_an_atlas_is_drawn_once_and_never_changed() -> None:
    drawn = atlas.build(Style.NORMAL, 16, 32)
    assert atlas.build(Style.NORMAL, 16, 32) is drawn
    with pytest.raises(ValueError, match="read-only"):
        drawn.coverage[0] = 1
