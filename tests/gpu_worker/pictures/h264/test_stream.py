from fractions import Fraction

import av
import numpy as np
import pytest

from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.h264 import tiles
from gpu_worker.pictures.h264.encoder import DirectEncoder
from gpu_worker.pictures.h264.geometry import NotPossible
from gpu_worker.pictures.h264.possible import is_possible
from gpu_worker.pictures.layout import Layout
from tests.gpu_worker.pictures.h264.decoding import BLACK, GREEN, VIOLET, WHITE, drawn_atlas, encoded, layout, scene


@pytest.fixture
def full_hd() -> DirectEncoder:
    return DirectEncoder(layout(1920, 1080, 16, 32), drawn_atlas(10, 16, 32), text=WHITE, background=BLACK)


def test_a_frame_in_which_nothing_changes_is_some_bytes(full_hd: DirectEncoder) -> None:
    frames = encoded(full_hd, scene("still", 34, 120, 10, 3))
    assert [len(frame.data) < 16 for frame in frames] == [False, True, True]


def test_a_changed_cell_is_some_bytes(full_hd: DirectEncoder) -> None:
    first = scene("noise", 34, 120, 10, 1)[0]
    second = first.copy()
    second[17, 60] = (first[17, 60] + 1) % 10
    assert len(encoded(full_hd, [first, second])[1].data) < 64


def test_times_are_those_of_the_grids(full_hd: DirectEncoder) -> None:
    glyphs = np.zeros((34, 120), np.uint8)
    times = [Fraction(0), Fraction(1001, 30_000), Fraction(1, 7), Fraction(10), Fraction(61, 6)]
    frames = [full_hd.encode(Grid(number, time, glyphs)) for number, time in enumerate(times)]
    assert [frame.time for frame in frames] == times
    assert [frame.decode_time for frame in frames] == times
    assert list(full_hd.finish()) == []


@pytest.mark.parametrize(("kind", "keys"), [("still", [0, 30]), ("noise", [0, 10, 20, 30])])
def test_a_key_comes_every_ten_seconds_but_later_where_little_moves(kind: str, keys: list[int]) -> None:
    under_test = DirectEncoder(layout(320, 160, 16, 32), drawn_atlas(10, 16, 32), text=WHITE, background=BLACK)
    frames = encoded(under_test, scene(kind, 5, 20, 10, 350), rate=10)
    assert [frame.time for frame in frames if frame.is_key] == keys


def test_the_stream_says_what_it_is(full_hd: DirectEncoder) -> None:
    decoder = av.CodecContext.create("h264", "r")
    frame = encoded(full_hd, scene("noise", 34, 120, 10, 1))[0]
    picture = [*decoder.decode(av.Packet(full_hd.headers + frame.data)), *decoder.decode(None)][0]
    assert decoder.profile == "Constrained Baseline"
    assert (decoder.level, decoder.has_b_frames) == (42, False)
    assert (picture.width, picture.height, picture.format.name) == (1920, 1080, "yuv420p")
    assert (picture.colorspace, picture.color_range, picture.color_primaries, picture.color_trc) == (1, 1, 1, 1)
    assert picture.key_frame


def test_an_odd_size_is_coded_with_a_pixel_more() -> None:
    under_test = DirectEncoder(layout(853, 479, 16, 32), drawn_atlas(5, 16, 32), text=WHITE, background=BLACK)
    assert (under_test.geometry.shown_width, under_test.geometry.shown_height) == (854, 480)


@pytest.mark.parametrize(("width", "height", "level"), [(64, 64, 41), (1280, 720, 41), (1920, 1080, 42)])
def test_the_level_is_the_lowest_that_allows_the_size(width: int, height: int, level: int) -> None:
    under_test = DirectEncoder(
        layout(width, height, 16, 32), drawn_atlas(4, 16, 32), text=WHITE, background=BLACK, rate=30
    )
    assert under_test.headers[7] == level


def test_no_start_code_is_in_a_unit(full_hd: DirectEncoder) -> None:
    for frame in encoded(full_hd, scene("noise", 34, 120, 10, 3)):
        assert not any(code in frame.data[4:] for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))


@pytest.mark.parametrize(
    ("text", "background"), [(WHITE, BLACK), (BLACK, WHITE), (GREEN, VIOLET), ((255, 0, 0), (0, 0, 255))]
)
@pytest.mark.parametrize("width", [8, 16])
def test_glyphs_are_drawn_as_they_are(width: int, text: tuple[int, int, int], background: tuple[int, int, int]) -> None:
    atlas = drawn_atlas(40, width, 2 * width)
    drawn = tiles.draw(atlas.coverage, text, background)
    different, of_glyph, blank = tiles.cut(atlas.coverage)
    luma, chroma = tiles.blended(different, text, background)
    for wanted, shown in ((luma, drawn.drawings.luma), (chroma, drawn.drawings.chroma)):
        error = np.square(wanted.astype(float) - shown).mean(tuple(range(1, wanted.ndim)))
        assert error.mean() < 255**2 / 10**4, "less than 40 dB"
    assert np.array_equal(of_glyph, drawn.of_glyph)
    assert (drawn.drawings.luma[blank] == drawn.background[0]).all()


def test_equal_pieces_are_one_tile() -> None:
    coverage = np.zeros((3, 32, 16), np.uint8)
    coverage[1, 4:8, 4:8] = coverage[2, 20:24, 4:8] = 255
    different, of_glyph, blank = tiles.cut(coverage)
    assert len(different) == 2
    assert of_glyph.tolist() == [[0, 0], [1, 0], [0, 1]]
    assert blank == 0


def test_a_blank_tile_is_there_though_no_glyph_has_it() -> None:
    different, _, blank = tiles.cut(np.full((1, 16, 8), 255, np.uint8))
    assert not different[blank].any()


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        ((1920, 1080, 16, 32, 10), True),
        ((1920, 1080, 16, 32, 95), True),
        ((1920, 1080, 16, 32, 256), False),
        ((1920, 1080, 8, 16, 256), True),
        ((1280, 720, 16, 32, 256), True),
        ((3840, 2160, 16, 32, 10), False),
        ((2032, 1080, 16, 32, 10), True),
        ((2033, 1080, 16, 32, 10), False),
        ((1920, 1080, 16, 31, 10), False),
        ((1920, 1080, 15, 32, 10), False),
        ((1080, 1920, 16, 32, 95), True),
        ((320, 16, 8, 16, 256), False),
    ],
)
def test_it_is_said_what_is_possible(facts: tuple[int, int, int, int, int], answer: bool) -> None:
    width, height, cell_width, cell_height, glyphs = facts
    assert (
        is_possible(width=width, height=height, cell_width=cell_width, cell_height=cell_height, glyphs=glyphs) is answer
    )
    if cell_height % 16 == 0 and cell_width in {8, 16}:
        atlas = drawn_atlas(glyphs, cell_width, cell_height)
        count = len(tiles.cut(atlas.coverage)[0])
        assert answer <= is_possible(
            width=width, height=height, cell_width=cell_width, cell_height=cell_height, glyphs=glyphs, tiles=count
        )


def test_glyphs_with_few_tiles_are_possible_where_as_many_others_are_not() -> None:
    assert is_possible(width=1920, height=1080, cell_width=16, cell_height=32, glyphs=256, tiles=16)


def test_what_is_not_possible_is_refused() -> None:
    atlas = drawn_atlas(10, 16, 32)
    beside = layout(320, 64, 16, 32)
    shifted = Layout(320, 64, 19, 2, beside.x_edges[:-1] + 8, beside.y_edges, beside.engine)
    for refused in (layout(3840, 2160, 16, 32), shifted, layout(320, 64, 8, 16)):
        with pytest.raises(NotPossible):
            DirectEncoder(refused, atlas, text=WHITE, background=BLACK)
    with pytest.raises(NotPossible):
        DirectEncoder(layout(320, 64, 16, 30), drawn_atlas(4, 16, 30), text=WHITE, background=BLACK)


def test_a_rate_that_no_level_knows_gets_the_highest_level() -> None:
    beside = layout(320, 64, 16, 32)
    hasty = DirectEncoder(beside, drawn_atlas(10, 16, 32), text=WHITE, background=BLACK, rate=1e6)
    assert hasty.headers[7] == 62


def test_a_grid_of_another_layout_is_refused(full_hd: DirectEncoder) -> None:
    with pytest.raises(ValueError, match="layout"):
        full_hd.encode(Grid(0, Fraction(0), np.zeros((34, 119), np.uint8)))
    with pytest.raises(ValueError, match="atlas"):
        full_hd.encode(Grid(0, Fraction(0), np.full((34, 120), 10, np.uint8)))
