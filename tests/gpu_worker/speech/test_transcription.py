import itertools
from pathlib import Path

import numpy as np
import pytest

from functions.core.jobs.results import Transcript
from gpu_worker.speech.audio import NotMedia
from gpu_worker.speech.excerpt import Manner
from gpu_worker.speech.listener import Listener
from gpu_worker.speech.transcription import Progress
from infra.demo_model.word_errors import word_errors, words_of
from tests.gpu_worker.speech.transcribing import FAST, heard, transcribed
from tests.speech_synthesis import SAMPLE_RATE, Samples, conversation, encode, say, silence, write_wav

ENGLISH = (
    "Send the invoice to Anna by Friday.",
    "The customer signed the contract yesterday.",
    "The meeting is on Monday at five.",
)
RUSSIAN = ("Встреча во вторник в пять.", "Нужно проверить договор завтра.", "Отправьте счёт Анне сегодня.")
LONG = (
    *ENGLISH,
    "The team rejected the offer on Wednesday.",
    "Please call David tomorrow.",
    "The manager wants to review the budget next week.",
    "They will change the plan in September.",
    "Remind Maria about the meeting.",
    "The supplier will send the report on Thursday.",
    "The delivery is in October.",
)


@pytest.mark.parametrize("voice", ["en-us", "en-us+f2", "en-gb-x-rp+m3", "en-us+m7"])
def test_known_english_sentences_come_back(voice: str, listener: Listener, tmp_path: Path) -> None:
    transcript = heard(conversation(ENGLISH, voice), listener, tmp_path).transcript
    assert [segment.text for segment in transcript.segments] == list(ENGLISH)
    assert transcript.language == "en"
    assert transcript.language_probability > 0.9
    assert transcript.model == "demo"


@pytest.mark.parametrize("voice", ["ru", "ru+f1"])
def test_known_russian_sentences_come_back(voice: str, listener: Listener, tmp_path: Path) -> None:
    transcript = heard(conversation(RUSSIAN, voice), listener, tmp_path).transcript
    assert [segment.text for segment in transcript.segments] == list(RUSSIAN)
    assert transcript.language == "ru"


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.opus", "a.webm", "film.mp4"])
def test_the_format_does_not_change_the_words(name: str, listener: Listener, tmp_path: Path) -> None:
    path = encode(tmp_path / name, conversation(ENGLISH[:1]), video=name.startswith("film"))
    transcript = transcribed(path, listener).transcript
    assert transcript.text == ENGLISH[0]


def test_sentences_begin_and_end_when_they_were_spoken(listener: Listener, tmp_path: Path) -> None:
    gap = 0.8
    transcript = heard(conversation(ENGLISH, gap=gap), listener, tmp_path).transcript
    begins = gap
    for sentence, segment in zip(ENGLISH, transcript.segments, strict=True):
        ends = begins + len(say(sentence)) / SAMPLE_RATE
        assert segment.start == pytest.approx(begins, abs=0.25)
        assert segment.end == pytest.approx(ends, abs=0.5)
        begins = ends + gap


def test_word_times_are_in_order_inside_their_sentence(listener: Listener, tmp_path: Path) -> None:
    transcript = heard(conversation(ENGLISH), listener, tmp_path).transcript
    for segment in transcript.segments:
        assert [word.word for word in segment.words] == segment.text.split()
        edges = [time for word in segment.words for time in (word.start, word.end)]
        assert edges == sorted(edges)
        assert (edges[0], edges[-1]) == (segment.start, segment.end)
        assert all(0.5 < word.probability <= 1 for word in segment.words)


def test_of_minutes_of_speech_at_most_a_twentieth_of_the_words_is_wrong(listener: Listener, tmp_path: Path) -> None:
    sentences = list(itertools.islice(itertools.cycle(LONG), 50))
    gaps = itertools.cycle([0.3, 0.9, 0.5, 1.6, 0.4, 2.4])
    voices = itertools.cycle(["en-us", "en-us+f2", "en-gb-x-rp"])
    parts = [np.concatenate([say(sentence, next(voices)), silence(next(gaps))]) for sentence in sentences]
    transcription = heard(np.concatenate(parts), listener, tmp_path)
    transcript = transcription.transcript
    assert transcript.duration > 140
    said = words_of(" ".join(sentences))
    assert word_errors(said, words_of(transcript.text)) <= len(said) / 20
    assert [segment.id for segment in transcript.segments] == list(range(len(transcript.segments)))
    starts = [segment.start for segment in transcript.segments]
    assert starts == sorted(starts)
    assert transcription.timings.realtime_factor > 1


def test_silence_gives_an_empty_transcript(listener: Listener, tmp_path: Path) -> None:
    transcript = heard(silence(12), listener, tmp_path).transcript
    assert transcript.segments == ()
    assert transcript.duration == 12
    assert (transcript.language, transcript.language_probability) == ("und", 0.0)
    assert transcript.notes[0] == "No speech was found in this recording."


def test_a_language_that_was_asked_for_stands_over_silence_too(listener: Listener, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", silence(3))
    assert transcribed(path, listener, language="ru").transcript.language == "ru"


def chords(seconds: int) -> Samples:
    time = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    notes = [(262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294)]
    sound = np.zeros(len(time))
    for beat in range(seconds):
        now = (time >= beat) & (time < beat + 1)
        for note in notes[beat % 4]:
            sound[now] += np.sin(2 * np.pi * note * time[now]) * np.exp(beat - time[now])
    return (sound / 6).astype(np.float32)


@pytest.mark.parametrize(
    "sound",
    [
        np.random.default_rng(1).normal(0, 0.1, 12 * SAMPLE_RATE).astype(np.float32),
        (np.sin(np.arange(12 * SAMPLE_RATE) * 0.17) * 0.3).astype(np.float32),
        chords(12),
        np.ones(12 * SAMPLE_RATE, np.float32),
        np.zeros(3, np.float32),
    ],
    ids=["noise", "a tone", "chords", "full scale", "three samples"],
)
def test_sound_without_speech_gives_hardly_a_word(sound: Samples, listener: Listener, tmp_path: Path) -> None:
    assert len(words_of(heard(sound, listener, tmp_path).transcript.text)) <= 3


def unsure(transcript: Transcript) -> bool:
    return any("unsure" in note for note in transcript.notes)


@pytest.mark.parametrize("fast", [False, True])
def test_a_note_tells_when_the_model_was_unsure(fast: bool, listener: Listener, tmp_path: Path) -> None:
    foreign = ("Our garden has roses, tulips and many small green birds singing.",)
    assert unsure(heard(conversation(foreign), listener, tmp_path, manner=FAST if fast else Manner()).transcript)
    assert not unsure(heard(conversation(ENGLISH), listener, tmp_path, manner=FAST if fast else Manner()).transcript)


def test_a_little_noise_does_not_make_it_unsure(listener: Listener, tmp_path: Path) -> None:
    sound = conversation(ENGLISH)
    loudness = np.sqrt(np.mean(np.square(sound[sound != 0])))
    noise = np.random.default_rng(1).normal(0, loudness / 10, len(sound))  # 20 dB below
    assert not unsure(heard((sound + noise).astype(np.float32), listener, tmp_path).transcript)


def test_the_transcript_tells_the_limits_of_its_model(listener: Listener, tmp_path: Path) -> None:
    assert set(listener.default.notes) <= set(heard(silence(1), listener, tmp_path).transcript.notes)


def test_a_note_tells_of_a_language_that_the_model_does_not_know(listener: Listener, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", conversation(ENGLISH[:1]))
    transcript = transcribed(path, listener, language="de").transcript
    assert transcript.language == "en"
    assert "The model 'demo' does not know the language 'de' that was asked for." in transcript.notes


def test_a_file_that_breaks_off_is_transcribed_up_to_there(listener: Listener, tmp_path: Path) -> None:
    whole = write_wav(tmp_path / "whole.wav", conversation(ENGLISH, gap=1.0))
    cut = tmp_path / "cut.wav"
    cut.write_bytes(whole.read_bytes()[: int(5.0 * 2 * SAMPLE_RATE)])
    transcript = transcribed(cut, listener).transcript
    assert transcript.text.startswith(ENGLISH[0])
    assert transcript.duration == pytest.approx(5.0, abs=0.01)
    assert transcript.notes[0] == "The file ends early or is damaged: transcribed up to 5.0 s."


def test_what_is_no_media_is_refused(listener: Listener, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Anna")
    with pytest.raises(NotMedia):
        transcribed(path, listener)


def test_progress_only_rises_and_ends_at_the_whole(listener: Listener, tmp_path: Path) -> None:
    seen: list[tuple[float, float | None]] = []
    path = write_wav(tmp_path / "a.wav", np.concatenate([conversation(LONG), silence(15)]))
    transcribed(path, listener, manner=FAST, on_progress=lambda now: seen.append((now.done, now.total)))
    done = [seconds for seconds, _ in seen]
    assert done == sorted(done)
    assert len(set(done)) >= 3
    assert seen[-1][0] == seen[-1][1]


def test_progress_is_told_through_long_silence(listener: Listener, tmp_path: Path) -> None:
    seen: list[float] = []
    path = write_wav(tmp_path / "a.wav", silence(60))
    transcribed(path, listener, on_progress=lambda now: seen.append(now.done))
    assert len({round(seconds) for seconds in seen}) >= 6


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("calls", [1, 3])
def test_progress_may_stop_the_work_and_the_file_is_let_go(calls: int, listener: Listener, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", conversation(LONG))
    left = calls

    def stop(_: Progress) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise StoppedError

    with pytest.raises(StoppedError):
        transcribed(path, listener, manner=FAST, on_progress=stop)
    open_files = [link.resolve() for link in Path("/proc/self/fd").iterdir()] if Path("/proc/self/fd").exists() else []
    assert path.resolve() not in open_files


def test_timings_tell_where_the_time_went(listener: Listener, tmp_path: Path) -> None:
    timings = heard(conversation(ENGLISH), listener, tmp_path).timings
    assert all(seconds > 0 for seconds in (timings.decode_and_vad, timings.features, timings.model))
    assert max(timings.decode_and_vad + timings.features, timings.waiting_for_model) <= timings.total
    assert timings.realtime_factor > 0
