from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.pictures.decoding import Shown
from gpu_worker.pictures.pacing import paced

FRAMES = [av.VideoFrame(16, 16, "gray") for _ in range(40)]


def shown(times: list[Fraction]) -> list[Shown]:
    return [Shown(frame, time) for frame, time in zip(FRAMES, times, strict=False)]


def numbers(frames: list[Shown]) -> list[int]:
    return [next(n for n, one in enumerate(FRAMES) if one is frame.frame) for frame in frames]


@given(
    steps=st.lists(st.fractions(Fraction(1, 240), 2, max_denominator=1000), max_size=39),
    last=st.fractions(Fraction(1, 240), 2, max_denominator=1000),
    fps=st.sampled_from([1, 7.5, 12, 23.976, 25, 29.97, 60]),
)
def test_each_instant_shows_what_the_source_shows_then(steps: list[Fraction], last: Fraction, fps: float) -> None:
    times = [sum(steps[:n], Fraction(0)) for n in range(len(steps) + 1)]
    end = times[-1] + last
    frames = list(paced(iter(shown(times)), fps, lambda: end))
    rate = Fraction(fps).limit_denominator(1001)
    assert [frame.time for frame in frames] == [n / rate for n in range(-(-end * rate // 1))]
    assert numbers(frames) == [bisect_right(times, frame.time) - 1 for frame in frames]


def test_without_a_rate_frames_come_as_they_are() -> None:
    frames = shown([Fraction(0), Fraction(1, 7), Fraction(2)])
    assert list(paced(iter(frames), None, lambda: Fraction(3))) == frames


def test_half_the_rate_leaves_every_second_out() -> None:
    frames = shown([Fraction(n, 30) for n in range(10)])
    assert numbers(list(paced(iter(frames), 15, lambda: Fraction(1, 3)))) == [0, 2, 4, 6, 8]


def test_a_rate_of_film_is_exact() -> None:
    times = [frame.time for frame in paced(iter(shown([Fraction(0)])), 24000 / 1001, lambda: Fraction(1))]
    assert {later - earlier for earlier, later in pairwise(times)} == {Fraction(1001, 24000)}


@pytest.mark.parametrize("fps", [1, 120])
def test_one_short_frame_is_shown(fps: float) -> None:
    assert numbers(list(paced(iter(shown([Fraction(0)])), fps, lambda: Fraction(1, 1000)))) == [0]
