import itertools
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.speech.audio import SAMPLE_RATE
from gpu_worker.speech.voice_activity import Region
from gpu_worker.speech.windows import Window, WindowCutter, halves

PIECE = SAMPLE_RATE


class ScriptedDetector:
    """Knows beforehand where the speech is, and tells it as the real one does."""

    def __init__(self, regions: list[Region]) -> None:
        self._pieces = [
            Region(start, min(start + PIECE, region.end))
            for region in regions
            for start in range(region.start, region.end, PIECE)
        ]
        self._position = 0

    @property
    def settled(self) -> int:
        return min([self._position, *(piece.start for piece in self._pieces)])

    def add(self, block: np.ndarray) -> list[Region]:
        self._position += len(block)
        return self._take(self._position)

    def finish(self) -> list[Region]:
        return self._take(self._position + PIECE)

    def _take(self, until: int) -> list[Region]:
        ready = [piece for piece in self._pieces if piece.end <= until]
        self._pieces = self._pieces[len(ready) :]
        return ready


def regions_of(spans: list[tuple[int, int]]) -> list[Region]:
    """From (pause, speech) lengths in tenths of a second."""
    regions, position = [], 0
    for pause, speech in spans:
        start = position + pause * 1600
        position = start + speech * 1600
        regions.append(Region(start, position))
    return regions


def cut(blocks: Iterable[np.ndarray], cutter: WindowCutter) -> Iterator[Window]:
    for block in blocks:
        yield from cutter.add(block)
    yield from cutter.finish()


def windows_of(regions: list[Region], limit: float, block: int, tail: int = 0) -> list[Window]:
    # Every sample is its own number, so that a window shows where it was cut out.
    sound = np.arange(regions[-1].end + tail if regions else tail, dtype=np.float32)
    blocks = (sound[i : i + block] for i in range(0, len(sound), block))
    return list(cut(blocks, WindowCutter(ScriptedDetector(regions), limit)))


spans = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 150)), min_size=1, max_size=8).map(regions_of)
limits = st.sampled_from([2.0, 6.0, 8.0, 30.0])
block_lengths = st.integers(500, 200_000)


@given(regions=spans, limit=limits, block=block_lengths, tail=st.integers(0, 100_000))
def test_no_speech_is_lost(regions: list[Region], limit: float, block: int, tail: int) -> None:
    windows = windows_of(regions, limit, block, tail)
    covered = np.concatenate([window.samples for window in windows])
    speech = np.concatenate([np.arange(region.start, region.end) for region in regions])
    assert np.isin(speech, covered).all()


@given(regions=spans, limit=limits, block=block_lengths, tail=st.integers(0, 100_000))
def test_windows_are_in_order_apart_and_within_the_limit(
    regions: list[Region], limit: float, block: int, tail: int
) -> None:
    windows = windows_of(regions, limit, block, tail)
    for window in windows:
        assert 0 < len(window.samples) <= limit * SAMPLE_RATE
    for before, after in itertools.pairwise(windows):
        assert before.end <= after.start + 1e-6


@given(regions=spans, limit=limits, block=block_lengths)
def test_a_window_is_a_contiguous_stretch_that_starts_where_it_says(
    regions: list[Region], limit: float, block: int
) -> None:
    for window in windows_of(regions, limit, block):
        assert window.samples[0] == round(window.start * SAMPLE_RATE)
        assert (np.diff(window.samples) == 1).all()


@given(regions=spans, limit=limits, block=block_lengths, other=block_lengths)
def test_the_windows_do_not_depend_on_how_the_sound_is_split(
    regions: list[Region], limit: float, block: int, other: int
) -> None:
    def shape(windows: list[Window]) -> list[tuple[float, int, tuple[tuple[float, float], ...]]]:
        return [(window.start, len(window.samples), window.speech) for window in windows]

    assert shape(windows_of(regions, limit, block)) == shape(windows_of(regions, limit, other))


@given(regions=spans, limit=limits, block=block_lengths)
def test_a_window_says_where_in_it_is_speech(regions: list[Region], limit: float, block: int) -> None:
    windows = windows_of(regions, limit, block)
    told = sum(end - start for window in windows for start, end in window.speech)
    assert told == pytest.approx(sum(region.end - region.start for region in regions) / SAMPLE_RATE, abs=0.01)
    for window in windows:
        assert window.start <= window.speech[0][0] + 1e-6
        assert window.speech[-1][1] <= window.end + 1e-6


def test_a_cut_falls_into_the_longest_pause_of_the_second_half() -> None:
    regions = regions_of([(0, 10), (15, 15), (8, 10), (3, 20)])  # pauses of 1.5 s, 0.8 s and 0.3 s
    first, second = windows_of(regions, 6.0, 16_000)
    assert first.end == pytest.approx(4.0 + 0.25)
    assert second.start == pytest.approx(4.8 - 0.25)


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    sound = np.ones(12 * SAMPLE_RATE, np.float32)
    sound[int(4.4 * SAMPLE_RATE) : int(4.6 * SAMPLE_RATE)] = 0.01
    cutter = WindowCutter(ScriptedDetector([Region(0, len(sound))]), 6.0)
    first = next(cut([sound], cutter))
    assert first.end == pytest.approx(4.5, abs=0.1)


def test_a_long_pause_is_left_out() -> None:
    first, second = windows_of(regions_of([(5, 10), (30, 10)]), 30.0, 16_000)
    assert first.end == pytest.approx(1.5 + 0.25)
    assert second.start == pytest.approx(4.5 - 0.25)


def test_memory_does_not_grow_with_the_length() -> None:
    regions = regions_of([(3, 40)] * 200)
    cutter = WindowCutter(ScriptedDetector(regions), 30.0)
    held = 0
    for _ in range(0, regions[-1].end, 16_000):
        list(cutter.add(np.zeros(16_000, np.float32)))
        held = max(held, len(cutter._sound._sound))
    assert held < 35 * SAMPLE_RATE


def test_silence_is_forgotten() -> None:
    cutter = WindowCutter(ScriptedDetector([]), 30.0)
    for _ in range(100):
        assert list(cutter.add(np.zeros(16_000, np.float32))) == []
    assert cutter.settled_seconds == 100
    assert len(cutter._sound._sound) < SAMPLE_RATE


def test_windows_too_short_for_speech_are_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        WindowCutter(ScriptedDetector([]), 0.5)


@given(regions=spans, limit=limits)
def test_halves_hold_all_the_sound_and_all_the_speech(regions: list[Region], limit: float) -> None:
    for window in windows_of(regions, limit, 16_000):
        parts = halves(window)
        if parts is None:
            assert len(window.samples) < 4 * SAMPLE_RATE
            continue
        assert np.array_equal(np.concatenate([part.samples for part in parts]), window.samples)
        assert sum(part.speech_seconds for part in parts) == pytest.approx(window.speech_seconds)
        for part in parts:
            assert len(part.samples) >= len(window.samples) / 4 - 1
            assert part.samples[0] == round(part.start * SAMPLE_RATE)
            assert all(part.start <= start < end <= part.end + 1e-6 for start, end in part.speech)


def silent(seconds: float, *speech: tuple[float, float], start: float = 0.0) -> Window:
    return Window(start, np.zeros(int(seconds * SAMPLE_RATE), np.float32), speech)


def test_a_window_is_halved_at_its_pause_nearest_to_the_middle() -> None:
    first, second = halves(silent(10, (51, 53), (54, 56), (57, 59), start=50)) or pytest.fail("it was not cut")
    assert (first.end, second.start, second.end) == (53.5, 53.5, 60)
    assert (first.speech, second.speech) == (((51, 53),), ((54, 56), (57, 59)))


def test_a_window_whose_pauses_are_at_its_ends_is_halved_in_the_middle() -> None:
    first, second = halves(silent(10, (0, 1), (2, 10))) or pytest.fail("it was not cut")
    assert (first.speech, second.speech) == (((0, 1), (2, 5)), ((5, 10),))


def test_a_window_that_is_too_short_has_no_halves() -> None:
    assert halves(silent(3.9, (0, 3.9))) is None
