import io
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.speech.audio import NotMedia
from gpu_worker.speech.channels import hold_a_voice_each
from tests.gpu_worker.speech.calls import (
    Call,
    call,
    decibels,
    encode_channels,
    encode_tracks,
    later,
    music,
    noise,
)
from tests.speech_synthesis import SAMPLE_RATE, Samples, conversation, silence, write_wav

SENTENCES = (
    "Send the invoice to Anna by Friday.",
    "The customer signed the contract yesterday.",
    "The meeting is on Monday at five.",
    "The team rejected the offer on Wednesday.",
    "They will change the plan in September.",
    "The supplier will send the report on Thursday.",
)


def are_apart(path: Path) -> bool:
    with path.open("rb") as file:
        answer = hold_a_voice_each(file)
        assert file.tell() == 0
    return answer


@pytest.fixture(scope="module")
def talk() -> Call:
    return call(SENTENCES)


@pytest.fixture(scope="module")
def slow_talk() -> Call:
    return call(SENTENCES, gap=3.0)


@pytest.fixture(scope="module")
def voice() -> Samples:
    return conversation(SENTENCES)


def stereo(folder: Path, left: Samples, right: Samples) -> Path:
    return encode_channels(folder / "a.wav", (left, right))


def test_the_two_sides_of_a_call_are_apart(talk: Call, tmp_path: Path) -> None:
    assert are_apart(stereo(tmp_path, *talk.sides))


def test_russian_calls_are_apart_too(tmp_path: Path) -> None:
    sides = call(["Встреча во вторник в пять.", "Нужно проверить договор завтра."] * 2, "ru").sides
    assert are_apart(stereo(tmp_path, *sides))


def test_sides_that_hear_each_other_faintly_are_apart(talk: Call, tmp_path: Path) -> None:
    left, right = talk.sides
    echo = decibels(-20)
    assert are_apart(stereo(tmp_path, left + echo * later(right, 0.1), right + echo * later(left, 0.1)))


@pytest.mark.parametrize("level", [-60, -50, -40])
def test_noise_in_long_pauses_does_not_bring_sides_together(level: float, slow_talk: Call, tmp_path: Path) -> None:
    left, right = slow_talk.sides
    seconds = len(left) / SAMPLE_RATE
    assert are_apart(stereo(tmp_path, left + noise(seconds, level, 1), right + noise(seconds, level, 2)))


@pytest.mark.parametrize("heard_by_both", [False, True])
def test_music_at_first_does_not_bring_sides_together(heard_by_both: bool, talk: Call, tmp_path: Path) -> None:
    left, right = talk.sides
    hold = music(40)
    waiting = hold if heard_by_both else silence(40)
    assert are_apart(stereo(tmp_path, np.concatenate([hold, left]), np.concatenate([waiting, right])))


def test_a_side_that_is_much_quieter_is_apart(talk: Call, tmp_path: Path) -> None:
    left, right = talk.sides
    assert are_apart(stereo(tmp_path, left, decibels(-12) * right))


def test_sides_that_interrupt_each_other_are_apart(tmp_path: Path) -> None:
    assert are_apart(stereo(tmp_path, *call(SENTENCES, gap=-0.4).sides))


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.mov"])
def test_tracks_with_a_voice_each_are_apart(name: str, talk: Call, tmp_path: Path) -> None:
    assert are_apart(encode_tracks(tmp_path / name, talk.sides))


def test_the_same_sound_on_both_channels_is_not_apart(voice: Samples, tmp_path: Path) -> None:
    assert not are_apart(stereo(tmp_path, voice, voice))


def test_a_voice_in_the_middle_is_not_apart(voice: Samples, tmp_path: Path) -> None:
    seconds = len(voice) / SAMPLE_RATE
    left, right = voice + noise(seconds, -45, 1), np.float32(0.8) * voice + noise(seconds, -45, 2)
    assert not are_apart(stereo(tmp_path, left, right))


def test_two_people_before_a_stereo_microphone_are_not_apart(talk: Call, tmp_path: Path) -> None:
    left, right = talk.sides
    half = decibels(-6)
    assert not are_apart(stereo(tmp_path, left + half * right, right + half * left))


def test_music_around_a_voice_is_not_apart(voice: Samples, tmp_path: Path) -> None:
    around = music(len(voice) / SAMPLE_RATE + 1)[: len(voice)]
    assert not are_apart(stereo(tmp_path, voice + around, around))


@pytest.mark.parametrize("level", [None, -40])
def test_one_channel_without_a_voice_is_not_apart(level: float | None, voice: Samples, tmp_path: Path) -> None:
    other = silence(len(voice) / SAMPLE_RATE) if level is None else noise(len(voice) / SAMPLE_RATE, level)
    assert not are_apart(stereo(tmp_path, voice[: len(other)], other))


def test_an_echo_of_the_one_voice_is_not_another(slow_talk: Call, tmp_path: Path) -> None:
    left, _ = slow_talk.sides
    assert not are_apart(stereo(tmp_path, left, decibels(-20) * later(left, 0.2)))


def test_one_channel_is_not_apart(voice: Samples, tmp_path: Path) -> None:
    assert not are_apart(write_wav(tmp_path / "a.wav", voice))


def test_a_film_with_its_voices_in_the_middle_channel_is_not_apart(voice: Samples, tmp_path: Path) -> None:
    sides = [music(len(voice) / SAMPLE_RATE + 1)[: len(voice)] * np.float32(share) for share in (1, 0.9, 0.2, 0.5, 0.4)]
    left, right, low, back_left, back_right = sides
    channels = (left + voice * decibels(-15), right + voice * decibels(-15), voice, low, back_left, back_right)
    assert not are_apart(encode_channels(tmp_path / "a.wav", channels, "5.1"))


@pytest.mark.parametrize("seconds", [0.01, 3])
def test_a_short_or_silent_recording_is_not_apart(seconds: float, tmp_path: Path) -> None:
    assert not are_apart(stereo(tmp_path, silence(seconds), silence(seconds)))


def test_what_is_no_media_is_refused_and_left_at_its_start() -> None:
    file = io.BytesIO(b"Dear Anna")
    with pytest.raises(NotMedia):
        hold_a_voice_each(file)
    assert file.tell() == 0
