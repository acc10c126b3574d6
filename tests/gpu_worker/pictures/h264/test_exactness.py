from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.h264.encoder import DirectEncoder
from gpu_worker.pictures.h264.geometry import NotPossible
from gpu_worker.pictures.palette import RGB
from tests.gpu_worker.pictures.h264.decoding import (
    BLACK,
    GREEN,
    VIOLET,
    WHITE,
    assert_exact,
    by_libavcodec,
    by_openh264,
    drawn_atlas,
    encoded,
    layout,
    scene,
)

SIZES = {
    "16 px cells": (192, 128, 16, 32),
    "8 px cells": (160, 96, 8, 16),
    "a margin and a cut row": (203, 101, 16, 32),
    "an odd number of 8 px cells": (125, 55, 8, 16),
    "one row": (160, 9, 8, 16),
    "one column": (8, 100, 8, 16),
    "one column of whole macroblocks": (16, 160, 16, 16),
    "high cells": (96, 100, 16, 48),
    "high cells of 8 px": (88, 96, 8, 32),
}


def encoder(
    width: int, height: int, cell: tuple[int, int], atlas: Atlas, *, text: RGB = WHITE, background: RGB = BLACK
) -> DirectEncoder:
    return DirectEncoder(layout(width, height, *cell), atlas, text=text, background=background)


@pytest.mark.parametrize("kind", ["still", "moving", "sparse", "swapping", "noise"])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_every_pixel_of_every_frame_is_exact(size: tuple[int, int, int, int], kind: str) -> None:
    width, height, *cell = size
    under_test = encoder(width, height, (cell[0], cell[1]), drawn_atlas(10, *cell), text=GREEN, background=VIOLET)
    glyphs = scene(kind, -(-height // cell[1]), width // cell[0], 10, 8)
    assert_exact(under_test, glyphs, by_libavcodec(under_test, encoded(under_test, glyphs)))


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_a_second_decoder_agrees(size: tuple[int, int, int, int], tmp_path: Path) -> None:
    width, height, *cell = size
    under_test = encoder(width, height, (cell[0], cell[1]), drawn_atlas(10, *cell), text=GREEN, background=VIOLET)
    grids = (-(-height // cell[1]), width // cell[0], 10)
    glyphs = [*scene("sparse", *grids, 6), *scene("noise", *grids, 3), *scene("moving", *grids, 6)]
    assert_exact(under_test, glyphs, by_openh264(under_test, encoded(under_test, glyphs), tmp_path))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_is_drawn_is_exact(data: st.DataObject) -> None:
    cell = data.draw(st.sampled_from([(8, 16), (16, 16), (16, 32), (8, 32), (16, 48)]))
    width = data.draw(st.integers(cell[0], 260))
    height = data.draw(st.integers(1, 200))
    glyphs = data.draw(st.integers(2, 256))
    colours = st.tuples(*[st.integers(0, 255)] * 3)
    coverage = np.random.default_rng(data.draw(st.integers(0, 999))).integers(0, 256, (glyphs, *cell[::-1]))
    atlas = Atlas("x" * glyphs, coverage.astype(np.uint8)) if data.draw(st.booleans()) else drawn_atlas(glyphs, *cell)
    try:
        under_test = encoder(width, height, cell, atlas, text=data.draw(colours), background=data.draw(colours))
    except NotPossible:
        return
    kind = data.draw(st.sampled_from(["moving", "sparse", "swapping", "noise"]))
    grids = scene(kind, -(-height // cell[1]), width // cell[0], glyphs, 4, seed=data.draw(st.integers(0, 999)))
    assert_exact(under_test, grids, by_libavcodec(under_test, encoded(under_test, grids)))


@pytest.mark.parametrize(("cell", "glyphs"), [((16, 32), 95), ((8, 16), 256), ((8, 16), 95)])
def test_a_whole_picture_is_exact_in_both_decoders(cell: tuple[int, int], glyphs: int, tmp_path: Path) -> None:
    under_test = encoder(1920, 1080, cell, drawn_atlas(glyphs, *cell))
    grids = (-(-1080 // cell[1]), 1920 // cell[0], glyphs)
    shown = [*scene("noise", *grids, 2), *scene("sparse", *grids, 2)]
    frames = encoded(under_test, shown)
    assert_exact(under_test, shown, by_libavcodec(under_test, frames))
    assert_exact(under_test, shown, by_openh264(under_test, frames, tmp_path))


def test_frame_numbers_begin_again_and_keys_in_the_middle_are_exact() -> None:
    under_test = encoder(64, 64, (16, 32), drawn_atlas(4, 16, 32))
    glyphs = scene("sparse", 2, 4, 4, 640)
    frames = encoded(under_test, glyphs, rate=50)
    assert [number for number, frame in enumerate(frames) if frame.is_key] == [0, 500]
    assert_exact(under_test, glyphs, by_libavcodec(under_test, frames))


def test_decoding_can_begin_at_any_key() -> None:
    under_test = encoder(64, 64, (16, 32), drawn_atlas(4, 16, 32))
    glyphs = scene("sparse", 2, 4, 4, 65)
    frames = encoded(under_test, glyphs, rate=1)
    assert [number for number, frame in enumerate(frames) if frame.is_key] == [0, 30, 60]
    for begins in (30, 60):
        assert_exact(under_test, glyphs[begins:], by_libavcodec(under_test, frames[begins:]))


def test_a_tile_of_noise_is_sent_as_its_pixels_and_exact() -> None:
    coverage = np.random.default_rng(0).integers(0, 2, (3, 32, 16)).astype(np.uint8) * 255
    under_test = encoder(96, 96, (16, 32), Atlas("abc", coverage), text=GREEN, background=VIOLET)
    glyphs = scene("noise", 3, 6, 3, 3)
    frames = encoded(under_test, glyphs)
    assert len(frames[0].data) < 400 * under_test.geometry.rows * under_test.geometry.coded_columns
    assert_exact(under_test, glyphs, by_libavcodec(under_test, frames))
