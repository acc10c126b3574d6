"""Where nobody speaks, nothing is said: the demo model may hear a few words in sound that it never learned."""

from pathlib import Path

import numpy as np
import pytest

from functions.core.jobs.options import Speakers
from gpu_worker.speech.excerpt import Manner
from gpu_worker.speech.listener import Listener
from infra.demo_model.word_errors import words_of
from tests.gpu_worker.speech.calls import decibels, encode_channels, music, noise
from tests.gpu_worker.speech.transcribing import FAST, transcribed
from tests.speech_synthesis import SAMPLE_RATE, Samples, say, silence, write_wav

SECONDS = 15
MOST_WORDS = 3
MANNERS = pytest.mark.parametrize("manner", [Manner(), FAST], ids=["careful", "fast"])


def tone(frequencies: tuple[float, ...], seconds: float, level: float = -10) -> Samples:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.sin(2 * np.pi * np.array(frequencies)[:, None] * time).mean(axis=0)
    return np.asarray(sound * decibels(level), np.float32)


def pink(level: float) -> Samples:
    spectrum = np.fft.rfft(np.random.default_rng(3).normal(size=SECONDS * SAMPLE_RATE))
    sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))))
    return (sound / np.std(sound) * decibels(level)).astype(np.float32)


def keys() -> Samples:
    low, high = (697, 770, 852, 941), (1209, 1336, 1477)
    pressed = [tone((low[number % 4], high[number % 3]), 0.15) for number in range(24)]
    return np.concatenate([part for press in pressed for part in (press, silence(0.25))])


def repeated(sound: Samples, pause: float) -> Samples:
    times = int(SECONDS / (len(sound) / SAMPLE_RATE + pause))
    return np.concatenate([sound, silence(pause)] * times)


def arpeggio() -> Samples:
    time = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    notes = [0.3 * np.sin(2 * np.pi * note * time) * np.exp(-6 * time) for note in (262, 330, 392, 523, 392, 330)]
    return np.concatenate(notes * (SECONDS * 4 // len(notes))).astype(np.float32)


def clicks() -> Samples:
    sound = silence(SECONDS)
    sound[np.random.default_rng(4).integers(0, len(sound), 60)] = 0.9
    return sound


def cough() -> Samples:
    length = SAMPLE_RATE // 4
    burst = np.convolve(np.random.default_rng(5).normal(0, 0.6, length), np.ones(6) / 6, "same")
    return (burst * np.exp(-np.arange(length) / 1500)).astype(np.float32)


SOUNDS: dict[str, Samples] = {
    "digital zero": silence(SECONDS),
    **{f"white noise {level} dB": noise(SECONDS, level) for level in (-70, -50, -30, -10)},
    **{f"pink noise {level} dB": pink(level) for level in (-50, -30, -12)},
    "chords": music(SECONDS),
    "an arpeggio": arpeggio(),
    "keys of a telephone": keys(),
    "ringing": repeated(tone((440, 480), 2.0), 3.0),
    "busy": repeated(tone((425,), 0.5), 0.5),
    "hum": tone((50, 100, 150, 250), SECONDS),
    "clicks": clicks(),
    "coughs": repeated(cough(), 1.2),
}


@MANNERS
@pytest.mark.parametrize("name", list(SOUNDS))
def test_sound_without_speech_gives_hardly_a_word(
    name: str, manner: Manner, listener: Listener, tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "a.wav", SOUNDS[name])
    assert len(words_of(transcribed(path, listener, manner=manner).transcript.text)) <= MOST_WORDS


@MANNERS
@pytest.mark.parametrize("name", list(SOUNDS))
def test_channels_without_speech_give_hardly_a_word(
    name: str, manner: Manner, listener: Listener, tmp_path: Path
) -> None:
    sound = SOUNDS[name]
    path = encode_channels(tmp_path / "a.wav", (sound, np.roll(sound, SAMPLE_RATE // 2)))
    transcript = transcribed(path, listener, manner=manner, speakers=Speakers.CHANNELS).transcript
    assert len(words_of(transcript.text)) <= 2 * MOST_WORDS


FIRST, SECOND, OTHER = (
    "Send the invoice to Anna by Friday.",
    "The customer signed the contract yesterday.",
    "The meeting is on Monday at five.",
)


def two_sentences_a_minute_apart(floor: float | None) -> tuple[Samples, list[tuple[float, float]]]:
    first, second = say(FIRST), say(SECOND, "en-us+f2")
    sound = np.concatenate([silence(1), first, silence(60), second, silence(60)])
    again = 61 + len(first) / SAMPLE_RATE
    if floor is not None:
        sound = sound + noise(len(sound) / SAMPLE_RATE + 1, floor)[: len(sound)]
    return sound, [(1, 1 + len(first) / SAMPLE_RATE), (again, again + len(second) / SAMPLE_RATE)]


@MANNERS
@pytest.mark.parametrize("floor", [None, -70, -50])
def test_long_pauses_hold_nothing_and_move_nothing(
    floor: float | None, manner: Manner, listener: Listener, tmp_path: Path
) -> None:
    sound, places = two_sentences_a_minute_apart(floor)
    segments = transcribed(write_wav(tmp_path / "a.wav", sound), listener, manner=manner).transcript.segments
    assert [segment.text for segment in segments] == [FIRST, SECOND]
    for segment, (start, end) in zip(segments, places, strict=True):
        assert segment.start == pytest.approx(start, abs=0.25)
        assert segment.end == pytest.approx(end, abs=0.4)


@MANNERS
def test_long_pauses_of_both_channels_hold_nothing(manner: Manner, listener: Listener, tmp_path: Path) -> None:
    left, places = two_sentences_a_minute_apart(-50)
    right = noise(len(left) / SAMPLE_RATE + 1, -50, 2)[: len(left)]
    other = say(OTHER)
    right[31 * SAMPLE_RATE : 31 * SAMPLE_RATE + len(other)] += other
    path = encode_channels(tmp_path / "a.wav", (left, right))
    segments = transcribed(path, listener, manner=manner, speakers=Speakers.CHANNELS).transcript.segments
    assert [(segment.speaker, segment.text) for segment in segments] == [
        ("Speaker 1", FIRST),
        ("Speaker 2", OTHER),
        ("Speaker 1", SECOND),
    ]
    starts = [segment.start for segment in segments]
    assert starts == pytest.approx([places[0][0], 31, places[1][0]], abs=0.25)
