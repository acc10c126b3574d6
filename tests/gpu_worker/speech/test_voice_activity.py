import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_worker.speech.audio import SAMPLE_RATE
from gpu_worker.speech.voice_activity import Region, SpeechDetector
from tests.speech_synthesis import say, silence

SPOKEN = say("The meeting is on Monday at five.")
RECORDING = np.concatenate([silence(1.0), SPOKEN, silence(1.5), SPOKEN, silence(0.5)])


def found(*blocks: np.ndarray) -> list[Region]:
    detector = SpeechDetector()
    pieces = [region for block in blocks for region in detector.add(block)] + detector.finish()
    joined: list[Region] = []
    for piece in pieces:
        if joined and joined[-1].end == piece.start:
            joined[-1] = Region(joined[-1].start, piece.end)
        else:
            joined.append(piece)
    return joined


def test_speech_is_found_where_it_is() -> None:
    second = 1.0 + len(SPOKEN) / SAMPLE_RATE + 1.5
    starts = [region.start / SAMPLE_RATE for region in found(RECORDING)]
    assert starts == pytest.approx([1.0, second], abs=0.15)


def test_speech_up_to_the_last_sample_is_found() -> None:
    assert found(SPOKEN)[-1].end <= len(SPOKEN)
    assert found(SPOKEN)[-1].end == pytest.approx(len(SPOKEN), abs=0.2 * SAMPLE_RATE)


@pytest.mark.parametrize(
    "sound",
    [
        silence(20),
        silence(0),
        np.random.default_rng(1).normal(0, 0.1, 10 * SAMPLE_RATE).astype(np.float32),
        (np.sin(np.arange(10 * SAMPLE_RATE) * 0.17) * 0.3).astype(np.float32),
    ],
    ids=["silence", "nothing", "noise", "a tone"],
)
def test_what_is_no_speech_gives_no_regions(sound: np.ndarray) -> None:
    assert found(sound) == []


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, len(RECORDING)), max_size=8))
def test_the_regions_do_not_depend_on_how_the_sound_is_split(cuts: list[int]) -> None:
    assert found(*np.split(RECORDING, sorted(cuts))) == found(RECORDING)


def test_speech_that_goes_on_is_reported_in_pieces() -> None:
    detector = SpeechDetector()
    long = np.concatenate([SPOKEN] * 4)
    pieces = detector.add(long)
    assert max(piece.end - piece.start for piece in pieces) <= 1.1 * SAMPLE_RATE
    assert detector.settled > len(long) - 1.3 * SAMPLE_RATE
