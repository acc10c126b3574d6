from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.calls.timeline import LONGEST, SAMPLE_RATE, Samples, Side, delays_of, side_by_side
from tests.builders import NOON

SOUNDS = st.lists(st.integers(1, 400), max_size=8)


def in_blocks(sound: Samples, lengths: list[int]) -> Iterator[Samples]:
    done = 0
    for length in lengths:
        yield sound[done : done + length]
        done += length


def a_sound(lengths: list[int], *, first: int) -> Samples:
    """Samples of which no two are the same, and none is silence."""
    return (first + np.arange(sum(lengths))).astype(np.float32)


@given(
    delays=st.tuples(st.integers(0, 900), st.integers(0, 900)),
    blocks=st.tuples(SOUNDS, SOUNDS),
    chunk=st.integers(1, 500),
)
def test_both_sounds_stand_in_their_places_and_all_else_is_silent(
    delays: tuple[int, int], blocks: tuple[list[int], list[int]], chunk: int
) -> None:
    sounds = [a_sound(lengths, first=1 + 10_000 * number) for number, lengths in enumerate(blocks)]
    sides = [
        Side(in_blocks(sound, lengths), delay=delay)
        for sound, lengths, delay in zip(sounds, blocks, delays, strict=True)
    ]

    pieces = list(side_by_side(sides, chunk=chunk))

    joined = np.concatenate(pieces, axis=1) if pieces else np.zeros((2, 0), np.float32)
    length = max(delay + len(sound) for delay, sound in zip(delays, sounds, strict=True))
    expected = np.zeros((2, length), np.float32)
    for row, delay, sound in zip(expected, delays, sounds, strict=True):
        row[delay : delay + len(sound)] = sound
    assert np.array_equal(joined, expected)
    assert all(piece.shape[1] <= chunk for piece in pieces)
    assert [side.samples for side in sides] == [len(sound) for sound in sounds]


@given(st.lists(st.integers(0, 3_600_000), min_size=1, max_size=4))
def test_the_first_to_begin_begins_the_recording_and_others_keep_their_distance(offsets: list[int]) -> None:
    delays = delays_of([NOON + timedelta(milliseconds=offset) for offset in offsets])

    assert min(delays) == 0
    assert delays == [(offset - min(offsets)) * SAMPLE_RATE // 1000 for offset in offsets]


def test_no_clock_makes_more_silence_than_a_call_may_be_long() -> None:
    assert delays_of([NOON, NOON + timedelta(days=30)]) == [0, LONGEST]


def test_an_endless_sound_is_cut() -> None:
    def endless() -> Iterator[Samples]:
        while True:
            yield np.ones(700, np.float32)

    pieces = list(side_by_side([Side(endless(), delay=0), Side(iter(()), delay=0)], chunk=300, most=1000))

    assert [piece.shape for piece in pieces] == [(2, 300), (2, 300), (2, 300), (2, 100)]


@pytest.mark.parametrize("delay", [0, 5])
def test_a_side_without_sound_is_silent_and_ends_at_once(delay: int) -> None:
    side = Side(iter(()), delay=delay)

    assert [len(side.take(10)), len(side.take(10))] == [delay, 0]
