import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gpu_worker.speech.models import DEMO_FOLDER, ModelUnavailable, demo_model
from gpu_worker.speech.whisper import SpeechEngine
from gpu_worker.speech.windows import Window
from tests.speech_synthesis import conversation

ENGLISH = ("Please call Anna tomorrow.",)
RUSSIAN = ("Нужно проверить договор завтра.",)


def window(sentences: tuple[str, ...], voice: str = "en-us", start: float = 0.0) -> Window:
    sound = conversation(sentences, voice, gap=0.3)
    return Window(start, sound, ((start, start + len(sound) / 16_000),))


@dataclass
class Said:
    """What faster-whisper would give for one segment."""

    text: str = " We agreed."
    start: float = 0.0
    end: float = 1.0
    no_speech_prob: float = 0.0
    avg_logprob: float = -0.2
    compression_ratio: float = 1.0
    tokens: tuple[int, ...] = (1, 2, 3)
    words: None = None


class ScriptedEngine(SpeechEngine):
    """The engine, with a model that says what the test wants: first thing first."""

    def __init__(self, *answers: list[Said]) -> None:
        super().__init__(demo_model(), device="cpu", cpu_threads=1)
        self.answers = list(answers)
        self.options: list[dict[str, Any]] = []

    def _decode(self, window: Window, language: str, *, fast: bool, **options: Any) -> list[Any]:
        self.options.append(options)
        return self.answers.pop(0)

    def text(self) -> list[str]:
        (heard,) = self.transcribe([Window(0.0, np.zeros(32_000, np.float32), ((0.0, 2.0),))], language="en")
        return [segment.text for segment in heard.segments]


def test_ids_and_times_run_through_the_whole_recording(engine: SpeechEngine) -> None:
    windows = [window(ENGLISH), window(ENGLISH, start=50.0)]
    first, second = engine.transcribe(windows, language="en")
    assert [segment.id for segment in first.segments + second.segments] == [0, 1]
    assert second.segments[0].start == pytest.approx(50.3, abs=0.3)
    assert (second.start, second.end) == (50.0, windows[1].end)


def test_windows_are_taken_one_by_one(engine: SpeechEngine) -> None:
    taken = []

    def windows() -> Iterator[Window]:
        for number in range(3):
            taken.append(number)
            yield window(ENGLISH, start=number * 10.0)

    heard = engine.transcribe(windows(), language="en", fast=True)
    next(heard)
    assert taken == [0]


def test_the_language_is_that_of_the_majority_of_the_first_windows(engine: SpeechEngine) -> None:
    windows = [window(ENGLISH), window(RUSSIAN, "ru", 10), window(RUSSIAN, "ru", 20), window(ENGLISH, start=30)]
    heard = list(engine.transcribe(windows, language=None, fast=True))
    assert {window.language.code for window in heard} == {"ru"}
    assert 0 < heard[0].language.probability < 0.7  # two of three


def test_a_language_that_was_asked_for_is_not_questioned(engine: SpeechEngine) -> None:
    (heard,) = engine.transcribe([window(RUSSIAN, "ru")], language="en", fast=True)
    assert (heard.language.code, heard.language.probability) == ("en", 1.0)


def test_a_language_that_the_model_does_not_know_is_found_out_instead(engine: SpeechEngine) -> None:
    (heard,) = engine.transcribe([window(ENGLISH)], language="de", fast=True)
    assert heard.language.code == "en"


def test_fast_mode_gives_the_text_without_word_times(engine: SpeechEngine) -> None:
    (heard,) = engine.transcribe([window(ENGLISH)], language="en", fast=True)
    assert [segment.text for segment in heard.segments] == list(ENGLISH)
    assert heard.segments[0].words == ()


def test_the_same_sound_gives_the_same_words_again(engine: SpeechEngine) -> None:
    once, twice = (list(engine.transcribe([window(ENGLISH)], language=None)) for _ in range(2))
    assert once == twice


def test_no_windows_give_nothing(engine: SpeechEngine) -> None:
    assert list(engine.transcribe([], language=None)) == []


def test_text_made_up_over_silence_is_dropped() -> None:
    made_up = Said(" Thank you for watching!", no_speech_prob=0.9, avg_logprob=-1.5)
    assert ScriptedEngine([made_up, Said()]).text() == ["We agreed."]


def test_sure_text_is_kept_though_the_model_doubts_that_it_is_speech() -> None:
    assert ScriptedEngine([Said(no_speech_prob=0.9)]).text() == ["We agreed."]


def test_empty_text_is_dropped() -> None:
    assert ScriptedEngine([Said(" "), Said("")]).text() == []


def test_a_window_that_loops_is_decoded_again_without_repetition() -> None:
    engine = ScriptedEngine([Said(" la la la la", compression_ratio=9.0)], [Said(" La.", avg_logprob=-0.9)])
    assert engine.text() == ["La."]
    assert engine.options == [{}, {"no_repeat_ngram_size": 3}]


def test_the_first_reading_stays_when_the_second_is_no_better() -> None:
    loop = Said(" la la la", compression_ratio=3.0, avg_logprob=-0.1)
    assert ScriptedEngine([loop], [replace(loop, text=" ba ba", avg_logprob=-0.5)]).text() == ["la la la"]
    assert ScriptedEngine([loop], []).text() == ["la la la"]


def test_a_broken_model_is_an_error_in_plain_words(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(DEMO_FOLDER, folder)
    (folder / "model.bin").write_bytes(b"not a model")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        SpeechEngine(replace(demo_model(), folder=folder), device="cpu")


def test_the_engine_says_what_it_runs_on(engine: SpeechEngine) -> None:
    assert (engine.device, engine.compute_type) == ("cpu", "int8")
    assert engine.languages == {"en", "ru"}
