from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from functions.core.jobs.ascii_options import AsciiVideoOptions
from gpu_worker.pictures.grid import Bytes
from gpu_worker.pictures.kernels import Boxes
from gpu_worker.pictures.layout import Layout, plan
from gpu_worker.pictures.media_info import MediaInfo
from gpu_worker.pictures.planes import planes_of
from gpu_worker.pictures.sampling import Sample, Sampler
from tests.video_making import quarters

RANDOM = np.random.default_rng(3)


def layout_for(width: int, height: int, columns: int | None = None, *, rotation: int = 0) -> Layout:
    info = MediaInfo(
        width=width,
        height=height,
        pixel_aspect=Fraction(1),
        rotation=rotation,
        duration=None,
        rate=None,
        has_audio=False,
    )
    return plan(info, AsciiVideoOptions(width=columns))


def grey(picture: Bytes) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(picture, format="gray")


def sampled(
    frame: av.VideoFrame,
    layout: Layout,
    *,
    parts: tuple[int, int] = (1, 1),
    rotation: int = 0,
    colours: bool = False,
    empty_is_white: bool = False,
) -> Sample:
    sampler = Sampler(layout, parts=parts, rotation=rotation, with_colours=colours)
    return sampler.sample(planes_of(frame, empty_is_white=empty_is_white))


def cuts(size: int, count: int) -> NDArray[np.int32]:
    inner = RANDOM.choice(np.arange(1, size), size=min(count, size) - 1, replace=False)
    return np.sort(np.concatenate([[0], inner, [size]])).astype(np.int32)


@given(
    width=st.integers(1, 70),
    height=st.integers(1, 50),
    padding=st.integers(0, 40),
    columns=st.integers(1, 12),
    rows=st.integers(1, 12),
)
def test_a_box_is_the_mean_of_its_pixels(width: int, height: int, padding: int, columns: int, rows: int) -> None:
    plane = RANDOM.integers(0, 256, (height, width + padding), dtype=np.uint8)
    x, y = cuts(width, columns), cuts(height, rows)
    means = Boxes(x[:-1], x[1:], y[:-1], y[1:]).means(plane.reshape(-1), width + padding)
    for row in range(len(y) - 1):
        for column in range(len(x) - 1):
            box = plane[y[row] : y[row + 1], x[column] : x[column + 1]]
            assert means[row, column] == int(box.mean(dtype=np.float64) + 0.5)


def test_a_large_white_box_does_not_overflow() -> None:
    plane = np.full(4096 * 2304, 255, np.uint8)
    edges = [np.array([place], np.int32) for place in (0, 4096, 0, 2304)]
    assert Boxes(*edges).means(plane, 4096) == 255


@given(width=st.integers(2, 200), height=st.integers(2, 200), columns=st.integers(10, 60))
def test_a_sample_is_the_mean_of_each_cell(width: int, height: int, columns: int) -> None:
    picture = RANDOM.integers(0, 256, (height, width), dtype=np.uint8)
    layout = layout_for(width, height, columns)
    light = sampled(grey(picture), layout).light
    row, column = RANDOM.integers(layout.rows), RANDOM.integers(layout.columns)
    y, x = layout.y_edges, layout.x_edges
    cell = picture[y[row] : y[row + 1], x[column] : x[column + 1]]
    assert light[row, column] == int(cell.mean(dtype=np.float64) + 0.5)


@given(
    width=st.integers(2, 90),
    height=st.integers(2, 90),
    columns=st.integers(10, 40),
    quarter_turns=st.integers(0, 3),
    parts=st.sampled_from([(1, 1), (2, 2), (4, 2), (4, 3)]),
)
def test_turning_the_picture_is_turning_the_grid(
    width: int, height: int, columns: int, quarter_turns: int, parts: tuple[int, int]
) -> None:
    upright = RANDOM.integers(0, 256, (height, width), dtype=np.uint8)
    layout = layout_for(width, height, columns)
    # In the file it lies turned against the clock, and players turn it back with the clock.
    lying = np.ascontiguousarray(np.rot90(upright, quarter_turns))
    turned = sampled(grey(lying), layout, parts=parts, rotation=quarter_turns * 90)
    np.testing.assert_array_equal(turned.light, sampled(grey(upright), layout, parts=parts).light)


def test_parts_of_cells_are_measured_each_for_itself() -> None:
    picture = np.kron(np.array([[10, 50], [90, 130], [170, 210], [250, 30]], np.uint8), np.ones((4, 4), np.uint8))
    tiled = np.tile(picture, (8, 20))
    light = sampled(grey(tiled), layout_for(160, 128, 20), parts=(4, 2)).light
    np.testing.assert_array_equal(light, np.tile(np.array([[10, 50], [90, 130], [170, 210], [250, 30]]), (8, 20)))


def test_a_picture_with_fewer_pixels_than_cells_is_spread() -> None:
    small = np.arange(0, 240, 10, dtype=np.uint8)[None, :].repeat(4, axis=0)
    light = sampled(grey(small), layout_for(960, 160, 120)).light
    np.testing.assert_array_equal(np.unique(light), np.unique(small))
    assert (np.diff(light.astype(int), axis=1) >= 0).all()


def test_frames_may_change_their_size_on_the_way() -> None:
    layout = layout_for(160, 128, 20)
    sampler = Sampler(layout, parts=(1, 1), rotation=0, with_colours=False)
    first = sampler.sample(planes_of(grey(np.full((128, 160), 80, np.uint8)), empty_is_white=False)).light
    other = sampler.sample(planes_of(grey(np.full((50, 331), 80, np.uint8)), empty_is_white=False)).light
    np.testing.assert_array_equal(first, other)


YUV = ["yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p", "yuv440p", "yuv411p", "yuv410p", "nv12"]
OTHERS = ["rgb24", "bgra", "gbrp", "yuv420p10le", "yuv444p12le", "yuva420p", "rgb48le", "nv21", "rgba64le"]
COLOURS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (255, 255, 255), (0, 0, 0), (120, 90, 60)]


@pytest.mark.parametrize("name", [*YUV, *OTHERS])
def test_every_format_of_pixels_has_its_light_and_its_colours(name: str) -> None:
    strip = np.array(COLOURS, np.uint8).repeat(32, axis=0)[None].repeat(32, axis=0)
    frame = av.VideoFrame.from_ndarray(strip, format="rgb24")
    is_full = name.startswith("yuvj")
    made: Any = frame.reformat(
        format=name,
        dst_colorspace=Colorspace.ITU601,
        dst_color_range=ColorRange.JPEG if is_full else ColorRange.MPEG,
    )
    sample = sampled(made, layout_for(192, 32, 24), colours=True)
    assert sample.colours is not None
    middles = sample.colours[0, 1::4].astype(int)
    assert np.abs(middles - np.array(COLOURS)).max() <= 6, middles.tolist()


def test_grey_pictures_have_grey_colours() -> None:
    sample = sampled(grey(np.full((32, 80), 77, np.uint8)), layout_for(80, 32), colours=True)
    assert sample.is_full_range
    assert sample.colours is not None
    assert np.unique(sample.colours).tolist() == [77]


@pytest.mark.parametrize(
    ("size", "tag", "matrix"), [((1920, 1080), 2, 1), ((640, 480), 2, 6), ((640, 480), 1, 1), ((1920, 1080), 9, 9)]
)
def test_colours_are_of_the_matrix_that_is_said_or_usual_for_the_size(
    size: tuple[int, int], tag: int, matrix: int
) -> None:
    frame = av.VideoFrame(*size, "yuv420p")
    frame.colorspace = tag
    planes = planes_of(frame, empty_is_white=False)
    assert planes.matrix == matrix
    assert not planes.is_full_range


def test_the_range_that_is_said_is_believed() -> None:
    frame = av.VideoFrame(64, 64, "yuv420p")
    frame.color_range = 2
    assert planes_of(frame, empty_is_white=False).is_full_range


@pytest.mark.parametrize(("empty_is_white", "expected"), [(False, (0, 200)), (True, (255, 200))])
def test_what_is_transparent_is_left_empty(empty_is_white: bool, expected: tuple[int, int]) -> None:
    picture = np.full((32, 160, 4), 200, np.uint8)
    picture[:, :, 3] = 255
    picture[:, :80, 3] = 0
    frame = av.VideoFrame.from_ndarray(picture, format="rgba")
    light = sampled(frame, layout_for(160, 32, 20), empty_is_white=empty_is_white).light
    assert (light[0, 3], light[0, 15]) == pytest.approx(expected, abs=2)


def test_the_plane_of_the_decoder_is_read_and_not_copied() -> None:
    frame = av.VideoFrame.from_ndarray(quarters(), format="rgb24").reformat(format="yuv420p")
    planes = planes_of(frame, empty_is_white=False)
    np.frombuffer(frame.planes[0], np.uint8)[0] = 123
    assert planes.light.data[0] == 123
