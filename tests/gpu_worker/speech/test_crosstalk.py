import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.speech.audio import SAMPLE_RATE, Samples
from gpu_worker.speech.crosstalk import CrosstalkGate
from tests.gpu_worker.speech.calls import decibels, noise

SECOND = SAMPLE_RATE


def voice(level: float, seed: int = 1) -> Samples:
    return noise(1, level, seed)


def test_one_track_alone_stays_as_it_is() -> None:
    sound = voice(-20)
    (cleaned,) = CrosstalkGate(1).clean([sound])
    assert np.array_equal(cleaned, sound)


def test_two_who_speak_at_once_are_both_kept() -> None:
    one, other = voice(-20, 1), voice(-26, 2)
    cleaned = CrosstalkGate(2).clean([one, other])
    assert np.array_equal(cleaned[0], one)
    assert np.array_equal(cleaned[1], other)


def test_an_echo_is_silenced_and_the_voice_behind_it_is_not() -> None:
    one = np.concatenate([voice(-20, 1), noise(1, -80, 3)])
    other = np.concatenate([one[:SECOND] * decibels(-20), voice(-20, 2)])
    cleaned = CrosstalkGate(2).clean([one, other])
    assert np.array_equal(cleaned[0][:SECOND], one[:SECOND])
    assert np.all(cleaned[1][: SECOND // 2] == 0)
    assert np.array_equal(cleaned[1][SECOND:], other[SECOND:])


def test_a_lower_microphones_voice_is_kept_beside_a_loud_one_once_it_is_known() -> None:
    gate = CrosstalkGate(2)
    loud, low = voice(-14, 1), voice(-26, 2)
    for _ in range(3):
        gate.clean([np.zeros_like(loud), low])
        gate.clean([loud, np.zeros_like(low)])
    _, kept = gate.clean([loud, low])
    assert np.array_equal(kept, low)


@given(st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=4), st.integers(1, 4))
def test_lengths_never_change(lengths: list[int], tracks: int) -> None:
    gate = CrosstalkGate(tracks)
    for length in lengths:
        blocks = [noise(3, -20, seed)[:length] for seed in range(tracks)]
        assert [len(block) for block in gate.clean(blocks)] == [length] * tracks
