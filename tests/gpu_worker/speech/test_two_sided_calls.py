import itertools
from pathlib import Path

import numpy as np
import pytest

from functions.core.jobs.options import Speakers
from functions.core.jobs.results import Transcript
from gpu_worker.speech.excerpt import Manner
from gpu_worker.speech.listener import Listener
from infra.demo_model.word_errors import word_errors, words_of
from tests.gpu_worker.speech.calls import Call, call, decibels, encode_channels, encode_tracks, later, music, noise
from tests.gpu_worker.speech.transcribing import FAST, heard, transcribed
from tests.speech_synthesis import SAMPLE_RATE, conversation, silence

ENGLISH = (
    "Send the invoice to Anna by Friday.",
    "The customer signed the contract yesterday.",
    "The meeting is on Monday at five.",
    "The team rejected the offer on Wednesday.",
    "They will change the plan in September.",
    "The supplier will send the report on Thursday.",
)
RUSSIAN = (
    "Встреча во вторник в пять.",
    "Нужно проверить договор завтра.",
    "Отправьте счёт Анне сегодня.",
    "Позвоните клиенту в пятницу.",
)


def assert_is(transcript: Transcript, talk: Call, *, from_second: float = 0.0) -> None:
    """Whether everybody's words came back in order, at their times, and under their name."""
    said = [(f"Speaker {turn.side + 1}", turn.text) for turn in talk.turns]
    assert [(segment.speaker, segment.text) for segment in transcript.segments] == said
    assert [segment.id for segment in transcript.segments] == list(range(len(said)))
    for segment, turn in zip(transcript.segments, talk.turns, strict=True):
        assert segment.start == pytest.approx(turn.start + from_second, abs=0.2)
        assert segment.end == pytest.approx(turn.end + from_second, abs=0.5)


@pytest.fixture(scope="module")
def talk() -> Call:
    return call(ENGLISH)


@pytest.mark.parametrize("manner", [Manner(), FAST], ids=["careful", "fast"])
def test_an_english_call_becomes_a_conversation(manner: Manner, talk: Call, listener: Listener, tmp_path: Path) -> None:
    path = encode_channels(tmp_path / "call.wav", talk.sides)
    transcript = transcribed(path, listener, manner=manner).transcript
    assert_is(transcript, talk)
    assert transcript.language == "en"
    assert transcript.duration == pytest.approx(len(talk.sides[0]) / SAMPLE_RATE, abs=0.01)


def test_a_russian_call_becomes_a_conversation(listener: Listener, tmp_path: Path) -> None:
    talk = call(RUSSIAN, "ru")
    transcript = transcribed(encode_channels(tmp_path / "звонок.wav", talk.sides), listener).transcript
    assert_is(transcript, talk)
    assert transcript.language == "ru"


@pytest.mark.parametrize("name", ["call.mkv", "call.mp4"])
def test_a_file_with_a_track_for_each_side_becomes_a_conversation(
    name: str, talk: Call, listener: Listener, tmp_path: Path
) -> None:
    transcript = transcribed(encode_tracks(tmp_path / name, talk.sides), listener).transcript
    assert_is(transcript, talk)


def test_music_and_noise_on_the_line_are_no_words(listener: Listener, talk: Call, tmp_path: Path) -> None:
    sides = [np.concatenate([music(15), side]) for side in talk.sides]
    line = [side + noise(len(side) / SAMPLE_RATE + 1, -60, seed)[: len(side)] for seed, side in enumerate(sides)]
    transcript = transcribed(encode_channels(tmp_path / "call.wav", line), listener).transcript
    assert_is(transcript, talk, from_second=15)


def test_who_asks_for_no_speakers_gets_all_of_both_sides_without_names(
    talk: Call, listener: Listener, tmp_path: Path
) -> None:
    path = encode_channels(tmp_path / "call.wav", talk.sides)
    transcript = transcribed(path, listener, speakers=Speakers.NONE).transcript
    said = words_of(" ".join(ENGLISH))
    assert word_errors(said, words_of(transcript.text)) <= 1
    assert {segment.speaker for segment in transcript.segments} == {None}


def test_what_both_say_at_once_is_kept_of_both(listener: Listener, tmp_path: Path) -> None:
    talk = call(ENGLISH, gap=-0.8)
    path = encode_channels(tmp_path / "call.wav", talk.sides)
    transcript = transcribed(path, listener, speakers=Speakers.CHANNELS).transcript
    assert_is(transcript, talk)
    segments = transcript.segments
    assert any(first.end > second.start for first, second in itertools.pairwise(segments))


def test_channels_that_were_asked_for_are_heard_apart_though_they_sound_alike(
    listener: Listener, tmp_path: Path
) -> None:
    sound = conversation(ENGLISH[:1])
    path = encode_channels(tmp_path / "a.wav", (sound, sound))
    apart, mixed = (
        transcribed(path, listener, speakers=speakers).transcript for speakers in (Speakers.CHANNELS, Speakers.AUTO)
    )
    assert [(one.speaker, one.text) for one in apart.segments] == [
        ("Speaker 1", ENGLISH[0]),
        ("Speaker 2", ENGLISH[0]),
    ]
    assert [(one.speaker, one.text) for one in mixed.segments] == [(None, ENGLISH[0])]


def test_channels_of_a_single_one_leave_a_note(listener: Listener, tmp_path: Path) -> None:
    transcript = heard(conversation(ENGLISH[:1]), listener, tmp_path, speakers=Speakers.CHANNELS).transcript
    assert transcript.text == ENGLISH[0]
    assert any("one channel" in note for note in transcript.notes)


def test_a_russian_stretch_of_an_english_recording_comes_in_russian(listener: Listener, tmp_path: Path) -> None:
    pause = silence(2.5)
    parts = [conversation(ENGLISH[:4]), pause, conversation(RUSSIAN[1:3], "ru"), pause, conversation(ENGLISH[4:])]
    transcript = heard(np.concatenate(parts), listener, tmp_path).transcript
    assert transcript.language == "en"
    assert [(one.language, one.text) for one in transcript.segments] == [
        *[(None, text) for text in ENGLISH[:4]],
        *[("ru", text) for text in RUSSIAN[1:3]],
        *[(None, text) for text in ENGLISH[4:]],
    ]


def test_a_language_that_was_asked_for_holds_for_the_whole_recording(listener: Listener, tmp_path: Path) -> None:
    parts = [conversation(ENGLISH[:2]), silence(2.5), conversation(RUSSIAN[1:3], "ru")]
    transcript = heard(np.concatenate(parts), listener, tmp_path, language="en").transcript
    assert (transcript.language, transcript.language_probability) == ("en", 1.0)
    assert {segment.language for segment in transcript.segments} == {None}


@pytest.mark.parametrize("echo", [-16, -20, -30])
@pytest.mark.parametrize("quieter", [0, -12], ids=["equal microphones", "one microphone lower"])
def test_an_echo_of_the_other_side_is_not_said_twice(
    echo: float, quieter: float, talk: Call, listener: Listener, tmp_path: Path
) -> None:
    first, second = talk.sides
    louder = first + later(second, 0.05) * decibels(echo)
    lower = (second + later(first, 0.05) * decibels(echo)) * decibels(quieter)
    path = encode_channels(tmp_path / "call.wav", [louder, lower])
    transcript = transcribed(path, listener, speakers=Speakers.CHANNELS).transcript
    assert [segment.speaker for segment in transcript.segments] == [f"Speaker {turn.side + 1}" for turn in talk.turns]
    said = words_of(" ".join(ENGLISH))
    assert word_errors(said, words_of(transcript.text)) <= 2


@pytest.mark.parametrize("speakers", [Speakers.NONE, Speakers.VOICES])
def test_both_tracks_are_heard_where_they_are_mixed(
    speakers: Speakers, talk: Call, listener: Listener, tmp_path: Path
) -> None:
    transcript = transcribed(encode_tracks(tmp_path / "call.mkv", talk.sides), listener, speakers=speakers).transcript
    assert words_of(transcript.text) == words_of(" ".join(ENGLISH))
    assert {segment.speaker for segment in transcript.segments} == {None}
