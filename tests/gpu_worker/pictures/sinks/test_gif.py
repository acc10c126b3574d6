import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.layout import Layout
from gpu_worker.pictures.sinks.gif import GifSink
from gpu_worker.pictures.sinks.gif_file import LONGEST_DELAY
from gpu_worker.pictures.sinks.lzw import Lzw
from tests.gpu_worker.pictures.sinks import scenes

_TEXT, _BACKGROUND = (250, 130, 7), (3, 60, 90)
_COLOURS = {"text_color": "#fa8207", "bg_color": "#033c5a"}
_SMALL = scenes.layout([8, 7, 8], [16, 15], margins=(1, 2, 3, 4))


def _made(where: Layout, frames: list[Grid], end: Fraction | int, **options: Any) -> tuple[bytes, tuple[str, ...]]:
    outputs = scenes.Outputs()
    sink = GifSink(scenes.scene(where, outputs=outputs, **_COLOURS, **options))
    warnings = scenes.feed(sink, frames, end)
    return outputs[File.GIF], warnings


def _images(data: bytes, mode: str = "RGB") -> Iterator[tuple[Fraction, Bytes]]:
    """When each is shown, and its pixels."""
    time = Fraction(0)
    with Image.open(io.BytesIO(data)) as image:
        for frame in ImageSequence.Iterator(image):
            yield time, np.asarray(frame.convert(mode))
            time += Fraction(frame.info["duration"]) / 1000


def _length(data: bytes) -> Fraction:
    with Image.open(io.BytesIO(data)) as image:
        return sum((Fraction(one.info["duration"]) / 1000 for one in ImageSequence.Iterator(image)), Fraction(0))


def _expected(where: Layout, one: Grid) -> Bytes:
    shown = scenes.scene(where)
    level = (scenes.coverage_of(shown, one).astype(int)[..., None] * 15 + 127) // 255
    text = scenes.colours_of(shown, one, _TEXT).astype(int)
    mixed: Bytes = ((np.array(_BACKGROUND) * (15 - level) + text * level + 7) // 15).astype(np.uint8)
    return mixed


def test_every_pixel_of_small_cells_is_as_the_grid_says() -> None:
    frames = scenes.grids(_SMALL, [Fraction(number, 10) for number in range(6)])
    data, warnings = _made(_SMALL, frames, 1)
    images = [pixels for _, pixels in _images(data)]
    assert warnings == ()
    assert len(images) == len(frames)
    for one, pixels in zip(frames, images, strict=True):
        assert np.array_equal(pixels, _expected(_SMALL, one))


def test_each_frame_may_have_its_own_colour() -> None:
    frames = [
        scenes.grid(_SMALL, number, time=Fraction(number, 10), text_colour=(9 * number, 200, 50)) for number in range(5)
    ]
    data, _ = _made(_SMALL, frames, 1, random_colors=True)
    for one, (_, pixels) in zip(frames, _images(data), strict=True):
        assert np.array_equal(pixels, _expected(_SMALL, one))


def test_without_a_background_nothing_of_the_frame_before_shines_through() -> None:
    frames = scenes.grids(_SMALL, [Fraction(number, 10) for number in range(5)])
    data, _ = _made(_SMALL, frames, 1, transparent_bg=True)
    for one, (_, pixels) in zip(frames, _images(data, "RGBA"), strict=True):
        expected = _expected(_SMALL, one)
        is_clear = (scenes.coverage_of(scenes.scene(_SMALL), one).astype(int) * 15 + 127) // 255 == 0
        assert np.array_equal(pixels[..., 3] == 0, is_clear)
        assert np.array_equal(pixels[~is_clear][:, :3], expected[~is_clear])


@pytest.mark.parametrize("transparent", [False, True])
def test_colours_of_the_source_are_as_near_as_a_sixth(transparent: bool) -> None:
    frames = [scenes.coloured(_SMALL, number) for number in range(4)]
    data, _ = _made(_SMALL, frames, 1, colors="source", transparent_bg=transparent)
    for one, (_, pixels) in zip(frames, _images(data, "RGBA"), strict=True):
        expected = _expected(_SMALL, one).astype(int)
        is_shown = pixels[..., 3] > 0
        assert np.abs(pixels[..., :3].astype(int) - expected)[is_shown].max() <= 26
        assert is_shown.all() != transparent


@pytest.mark.parametrize(("cell", "factor"), [(8, 1), (9, 2), (16, 2), (17, 3), (32, 4)])
def test_large_cells_are_made_smaller(cell: int, factor: int) -> None:
    where = scenes.layout([cell] * 4, [2 * cell] * 3)
    data, warnings = _made(where, [scenes.grid(where)], 1)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (where.width // factor, where.height // factor)
    assert len(warnings) == (factor > 1)


@settings(max_examples=40)
@given(scenes.steps)
def test_every_picture_is_shown_within_three_centiseconds_of_its_time(steps: list[Fraction]) -> None:
    times = [sum(steps[:number], Fraction(0)) for number in range(len(steps))]
    frames = scenes.grids(_SMALL, times)
    data, _ = _made(_SMALL, frames, sum(steps, Fraction(0)))
    wanted = [_expected(_SMALL, one) for one in frames]
    for time, pixels in _images(data):
        frame = next(number for number, picture in enumerate(wanted) if np.array_equal(pixels, picture))
        assert abs(time - times[frame]) < Fraction(25, 1000)
    assert abs(_length(data) - sum(steps, Fraction(0))) <= Fraction(25, 1000)


def test_times_do_not_drift() -> None:
    frames = scenes.grids(_SMALL, [Fraction(number * 1001, 30_000) for number in range(300)])
    data, _ = _made(_SMALL, frames, Fraction(300 * 1001, 30_000))
    assert _length(data) == Fraction(1001, 100)
    times = [time for time, _ in _images(data)]
    assert all(abs(time - one.time) <= Fraction(1, 200) for time, one in zip(times, frames, strict=True))


def test_frames_faster_than_browsers_play_are_merged_and_it_is_told() -> None:
    frames = scenes.grids(_SMALL, [Fraction(number, 60) for number in range(60)])
    data, warnings = _made(_SMALL, frames, 1)
    with Image.open(io.BytesIO(data)) as image:
        assert min(one.info["duration"] for one in ImageSequence.Iterator(image)) >= 20
    assert _length(data) == 1
    assert "50 a second" in warnings[0]


def test_a_picture_that_stays_is_written_once() -> None:
    still = scenes.grid(_SMALL).glyphs
    frames = [Grid(number, Fraction(number, 25), still) for number in range(50)]
    data, _ = _made(_SMALL, frames, 2)
    assert [time for time, _ in _images(data)] == [0]
    assert _length(data) == 2


def test_a_delay_longer_than_a_number_holds_goes_on() -> None:
    frames = scenes.grids(_SMALL, [Fraction(0), Fraction(2000)])
    data, _ = _made(_SMALL, frames, 2001)
    assert LONGEST_DELAY < 200_000
    assert _length(data) == 2001
    images = list(_images(data))
    assert all(np.array_equal(pixels, _expected(_SMALL, frames[0])) for time, pixels in images if time < 2000)
    assert np.array_equal(images[-1][1], _expected(_SMALL, frames[1]))


def test_another_reader_sees_the_same() -> None:
    frames = scenes.grids(_SMALL, [Fraction(number, 10) for number in range(4)])
    data, _ = _made(_SMALL, frames, 1)
    with av.open(io.BytesIO(data)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for one, picture in zip(frames, pictures, strict=True):
        assert np.array_equal(picture, _expected(_SMALL, one))


@settings(max_examples=30)
@given(st.sampled_from([(2, 60), (16, 300), (32, 300), (256, 300)]), st.integers(1, 99), st.floats(0, 1))
def test_compressed_pixels_come_back(bounds: tuple[int, int], seed: int, share: float) -> None:
    """Noise fills the table of codes more than once; what repeats makes long ones."""
    colours, side = bounds
    random = np.random.default_rng(seed)
    pixels = random.integers(0, colours, (side, side), dtype=np.uint8) * (random.random((side, side)) < share)
    bits = max(1, (colours - 1).bit_length())
    data = Lzw(bits, side * side).compressed(pixels.astype(np.uint8))
    screen = b"GIF89a" + 2 * side.to_bytes(2, "little") + bytes([0x80 | bits - 1, 0, 0])
    greys = b"".join(bytes([level]) * 3 for level in range(1 << bits))
    image = b"\x2c\0\0\0\0" + 2 * side.to_bytes(2, "little") + b"\0" + data + b"\x3b"
    with Image.open(io.BytesIO(screen + greys + image)) as opened:
        assert np.array_equal(np.asarray(opened.convert("L")), pixels)


def test_the_same_frames_make_the_same_bytes() -> None:
    frames = scenes.grids(_SMALL, [Fraction(number, 10) for number in range(4)])
    assert _made(_SMALL, frames, 1) == _made(_SMALL, frames, 1)


def test_an_aborted_file_is_closed() -> None:
    outputs = scenes.Outputs()
    GifSink(scenes.scene(outputs=outputs)).abort()
    assert outputs.opened[File.GIF].closed
