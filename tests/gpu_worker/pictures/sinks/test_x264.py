import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.h264.frame import EncodedFrame
from gpu_worker.pictures.sinks.x264 import X264Encoder
from tests.gpu_worker.pictures.sinks import scenes

_WHERE = scenes.layout()


def _encoder(where: Any = _WHERE, *, crf: int = 23) -> X264Encoder:
    return X264Encoder(where, scenes.atlas(where), text=(255, 255, 255), background=(0, 0, 0), crf=crf)


def _encoded(encoder: X264Encoder, frames: list[Grid]) -> list[EncodedFrame]:
    ready = [encoder.encode(one) for one in frames]
    return [one for one in ready if one is not None] + list(encoder.finish())


def _decoded(encoder: X264Encoder, frames: list[EncodedFrame]) -> list[av.VideoFrame]:
    stream = io.BytesIO(encoder.headers + b"".join(one.data for one in frames))
    with av.open(stream, format="h264") as container:
        return list(container.decode(video=0))


def test_every_frame_comes_out_at_its_own_time() -> None:
    times = [Fraction(number * number, 997) for number in range(30)]
    frames = _encoded(_encoder(), scenes.grids(_WHERE, times))
    assert sorted(one.time for one in frames) == times


def test_frames_are_decoded_before_they_are_shown_and_in_order() -> None:
    frames = _encoded(_encoder(), scenes.grids(_WHERE, [Fraction(number, 24) for number in range(40)]))
    decoded = [one.decode_time for one in frames]
    assert decoded == sorted(set(decoded))
    assert all(one.decode_time <= one.time + Fraction(1, 360_000) for one in frames)


def test_two_frames_within_a_tick_are_both_there() -> None:
    times = [Fraction(0), Fraction(1, 10_000_000), Fraction(2, 10_000_000), Fraction(1)]
    frames = _encoded(_encoder(), scenes.grids(_WHERE, times))
    assert sorted(one.time for one in frames) == times


def test_a_key_comes_every_ten_seconds_however_few_frames_there_are() -> None:
    still = scenes.grid(_WHERE)
    frames = [Grid(number, Fraction(number * 3), still.glyphs) for number in range(20)]
    encoder = _encoder()
    assert [one.time for one in _encoded(encoder, frames) if one.is_key] == [0, 12, 24, 36, 48]


def test_what_is_decoded_looks_like_what_was_drawn() -> None:
    frames = scenes.grids(_WHERE, [Fraction(number, 25) for number in range(25)])
    encoder = _encoder(crf=0)
    pictures = _decoded(encoder, _encoded(encoder, frames))
    assert len(pictures) == len(frames)
    for one, picture in zip(frames, pictures, strict=True):
        luma = picture.to_ndarray(format="gray16le").astype(float) / 257
        drawn = scenes.coverage_of(scenes.scene(_WHERE), one).astype(float)
        assert np.abs(luma - drawn).mean() < 3


def test_colours_are_declared() -> None:
    encoder = _encoder()
    picture = _decoded(encoder, _encoded(encoder, [scenes.grid(_WHERE)]))[0]
    tags = (picture.colorspace, picture.color_primaries, picture.color_trc, picture.color_range)
    assert [int(tag) for tag in tags] == [1, 1, 1, 1]


@pytest.mark.parametrize(("widths", "heights"), [([15] * 3, [31]), ([15, 16], [7, 8]), ([1], [1])])
def test_an_odd_canvas_has_one_line_more(widths: list[int], heights: list[int]) -> None:
    where = scenes.layout(widths, heights)
    encoder = _encoder(where)
    picture = _decoded(encoder, _encoded(encoder, [scenes.grid(where)]))[0]
    assert (picture.width, picture.height) == (where.width + where.width % 2, where.height + where.height % 2)


def test_the_best_quality_is_one_that_players_can_show() -> None:
    encoder = _encoder(crf=0)
    frames = _encoded(encoder, [scenes.grid(_WHERE)])
    with av.open(io.BytesIO(encoder.headers + frames[0].data), format="h264") as container:
        assert container.streams.video[0].codec_context.profile == "High"


def test_the_same_grids_make_the_same_bytes() -> None:
    frames = scenes.grids(_WHERE, [Fraction(number, 25) for number in range(10)])
    assert _encoded(_encoder(), frames) == _encoded(_encoder(), frames)
