"""How well a model hears: word error rate on sentences that it was not trained on, through faster-whisper."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from faster_whisper import WhisperModel

from infra.demo_model.corpus import HEARD, UNHEARD, Corpus, CorpusPlan, Utterance, make_corpus
from infra.demo_model.progress import Progress
from infra.demo_model.synthesis import SAMPLE_RATE, Samples
from infra.demo_model.word_errors import word_errors, words_of

_SILENCE_AFTER: Final = 0.6
_SHOWN_ERRORS: Final = 5
_LONGEST_ANSWER: Final = 64


@dataclass(frozen=True, slots=True)
class Heard:
    """What the model made of one sentence. `errors` are words too many, too few or wrong."""

    utterance: Utterance
    text: str
    language: str
    errors: int
    seconds: float
    time_errors: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One set's figures; rates in per cent, time errors of word starts in seconds, where all words were right."""

    name: str
    sentences: int
    sentences_right: int
    languages_right: int
    word_error_rate: float
    word_error_rate_en: float
    word_error_rate_ru: float
    word_start_error_median: float | None
    word_start_error_95: float | None
    seconds_per_sentence: float


def evaluate(model_folder: Path, out: Path) -> list[Report]:
    """Measure a model with voices that it knows and with others, and write `evaluation.json`."""
    model = WhisperModel(str(model_folder), device="cpu", compute_type="int8", cpu_threads=2)
    reports = [_measured(model, plan, out / "corpus") for plan in (HEARD, UNHEARD)]
    (out / "evaluation.json").write_text(json.dumps([asdict(report) for report in reports], indent=1) + "\n")
    return reports


def _measured(model: WhisperModel, plan: CorpusPlan, folder: Path) -> Report:
    corpus = make_corpus(plan, folder)
    chance = np.random.default_rng(plan.seed)
    progress = Progress(f"evaluate {plan.name}", len(corpus.utterances))
    heard: list[Heard] = []
    for utterance in corpus.utterances:
        heard.append(_hear(model, corpus, utterance, chance))
        progress.at(len(heard))
    report = _report(plan.name, heard)
    progress.end(f"WER {report.word_error_rate} %, {report.sentences_right}/{report.sentences} right")
    for item in [item for item in heard if item.errors][:_SHOWN_ERRORS]:
        print(f"  {item.utterance.voice}: {' '.join(item.utterance.words)} -> {item.text}")
    return report


def _hear(model: WhisperModel, corpus: Corpus, utterance: Utterance, chance: np.random.Generator) -> Heard:
    lead = float(chance.uniform(0.2, 0.9))
    sound = _surrounded(corpus.sound(utterance) * np.float32(chance.uniform(0.3, 1.0)), lead)
    started = time.perf_counter()
    segments, info = model.transcribe(
        sound,
        vad_filter=True,
        word_timestamps=True,
        # One temperature, so no dice; and an end, since a model that knows nothing yet babbles.
        temperature=0.0,
        max_new_tokens=_LONGEST_ANSWER,
    )
    found: list[Any] = list(segments)
    text = "".join(segment.text for segment in found)
    errors = word_errors(words_of(" ".join(utterance.words)), words_of(text))
    starts = [float(word.start) - lead for segment in found for word in segment.words]
    return Heard(
        utterance=utterance,
        text=text.strip(),
        language=str(info.language),
        errors=errors,
        seconds=time.perf_counter() - started,
        time_errors=() if errors else _start_errors(utterance, starts),
    )


def _surrounded(sound: Samples, lead: float) -> Samples:
    before, after = int(lead * SAMPLE_RATE), int(_SILENCE_AFTER * SAMPLE_RATE)
    return np.pad(sound, (before, after))


def _start_errors(utterance: Utterance, starts: list[float]) -> tuple[float, ...]:
    true_starts = [start for start, _ in utterance.times]
    if len(starts) != len(true_starts):
        return ()
    return tuple(abs(start - true) for start, true in zip(starts, true_starts, strict=True))


def _report(name: str, heard: list[Heard]) -> Report:
    time_errors = [error for item in heard for error in item.time_errors]
    median, late = np.percentile(time_errors, (50, 95)) if time_errors else (None, None)
    return Report(
        name=name,
        sentences=len(heard),
        sentences_right=sum(not item.errors for item in heard),
        languages_right=sum(item.language == item.utterance.language for item in heard),
        word_error_rate=_rate(heard),
        word_error_rate_en=_rate([item for item in heard if item.utterance.language == "en"]),
        word_error_rate_ru=_rate([item for item in heard if item.utterance.language == "ru"]),
        word_start_error_median=None if median is None else round(float(median), 3),
        word_start_error_95=None if late is None else round(float(late), 3),
        seconds_per_sentence=round(sum(item.seconds for item in heard) / len(heard), 3),
    )


def _rate(heard: list[Heard]) -> float:
    errors, words = sum(item.errors for item in heard), sum(len(item.utterance.words) for item in heard)
    return round(100 * errors / max(1, words), 2)
