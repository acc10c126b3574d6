"""Whisper models through faster-whisper: windows of speech in, segments out, one window at a time."""

import itertools
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel

from functions.core.jobs.results import Segment, Word
from gpu_worker.speech.models import ModelUnavailable, SpeechModel
from gpu_worker.speech.sentences import RawSegment, to_segments
from gpu_worker.speech.windows import Window

_WINDOWS_HEARD_FOR_LANGUAGE: Final = 3
_MOST_THREADS: Final = 4  # the matrices are small: more threads only wait for each other

# The thresholds of the Whisper paper.
_NO_SPEECH: Final = 0.6
_UNLIKELY: Final = -1.0
_REPETITIVE: Final = 2.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What is spoken; found out once per recording. The probability is 1 when somebody said so."""

    code: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardWindow:
    """One finished window. `likelihood` is the mean log probability of its text, None when it holds none."""

    start: float
    end: float
    language: Language
    segments: tuple[Segment, ...]
    likelihood: float | None


class SpeechEngine:
    """A loaded model. One thread at a time may use it."""

    def __init__(
        self, model: SpeechModel, *, device: str = "auto", compute_type: str = "auto", cpu_threads: int = 0
    ) -> None:
        """Load the model, once for many recordings. `cpu_threads` 0 is as many as help.

        Raises:
            ModelUnavailable: its files are broken, or the device cannot run it.
        """
        self.model = model
        self.device = chosen_device(device)
        self.compute_type = _chosen_compute_type(compute_type, self.device)
        threads = cpu_threads or min(_MOST_THREADS, _cpus())
        try:
            self._whisper = WhisperModel(
                str(model.folder),
                device=self.device,
                compute_type=self.compute_type,
                cpu_threads=threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            message = f"The model {model.name!r} cannot be loaded on {self.device} as {self.compute_type}: {error}"
            raise ModelUnavailable(message) from error

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the languages that the model knows."""
        return frozenset(self.model.languages or self._whisper.supported_languages)

    def transcribe(
        self, windows: Iterable[Window], *, language: str | None, fast: bool = False
    ) -> Iterator[HeardWindow]:
        """Transcribe window by window, in order. The language is found out when it is None or not the model's.

        `fast` gives up word times and the search among several readings.
        """
        ahead = iter(windows)
        first: list[Window] = []
        if language is None or language not in self.languages:
            first = list(itertools.islice(ahead, _WINDOWS_HEARD_FOR_LANGUAGE))
            if not first:
                return
            spoken = self._detect_language(first)
        else:
            spoken = Language(code=language, probability=1.0)
        next_id = 0
        for window in itertools.chain(first, ahead):
            heard = self._hear(window, spoken, fast=fast, first_id=next_id)
            next_id += len(heard.segments)
            yield heard

    def _hear(self, window: Window, language: Language, *, fast: bool, first_id: int) -> HeardWindow:
        said = self._decode(window, language.code, fast=fast)
        if any(segment.compression_ratio > _REPETITIVE for segment in said):
            again = self._decode(window, language.code, fast=fast, no_repeat_ngram_size=3)
            said = min(said, again, key=_badness)
        kept = [segment for segment in said if _is_credible(segment)]
        raw = [_raw(segment) for segment in kept]
        return HeardWindow(
            start=window.start,
            end=window.end,
            language=language,
            segments=to_segments(raw, window, first_id=first_id),
            likelihood=_likelihood(kept) if kept else None,
        )

    def _decode(self, window: Window, language: str, *, fast: bool, **options: Any) -> list[Any]:
        segments, _ = self._whisper.transcribe(
            window.samples,
            language=language,
            beam_size=1 if fast else 5,
            word_timestamps=not fast,
            # One temperature: no dice, so the same recording gives the same transcript, also after a resume.
            temperature=0.0,
            condition_on_previous_text=False,
            vad_filter=False,
            **options,
        )
        return list(segments)

    def _detect_language(self, windows: list[Window]) -> Language:
        """The majority of the windows; among equals, the surer."""
        found = [self._language_of(window) for window in windows]
        votes = Counter(language.code for language in found)
        best = max(found, key=lambda language: (votes[language.code], language.probability))
        sure = [language.probability for language in found if language.code == best.code]
        return Language(code=best.code, probability=round(sum(sure) / len(found), 4))

    def _language_of(self, window: Window) -> Language:
        _, _, chances = self._whisper.detect_language(audio=window.samples)
        code, probability = max(
            ((code, chance) for code, chance in chances if code in self.languages), key=lambda pair: pair[1]
        )
        return Language(code=code, probability=float(probability))


def _raw(segment: Any) -> RawSegment:
    words = tuple(
        Word(
            word=word.word,
            start=float(word.start),
            end=float(word.end),
            probability=round(float(word.probability), 4),
        )
        for word in segment.words or ()
    )
    return RawSegment(start=float(segment.start), end=float(segment.end), text=segment.text, words=words)


def _is_credible(segment: Any) -> bool:
    """Whisper makes up polite sentences where nobody speaks, and says so in these two numbers."""
    made_up = segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _UNLIKELY
    return bool(segment.text.strip()) and not made_up


def _badness(segments: list[Any]) -> tuple[bool, float]:
    """What still repeats itself is worse than anything; then the less likely is."""
    if not segments:
        return (True, math.inf)
    return (any(segment.compression_ratio > _REPETITIVE for segment in segments), -_likelihood(segments))


def _likelihood(segments: list[Any]) -> float:
    lengths = [len(segment.tokens) for segment in segments]
    return float(np.average([segment.avg_logprob for segment in segments], weights=lengths))


def chosen_device(device: str) -> str:
    """Say where the model runs: `auto` is the GPU where there is one."""
    if device != "auto":
        return device
    return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"


def _chosen_compute_type(compute_type: str, device: str) -> str:
    if compute_type != "auto":
        return compute_type
    return "int8_float16" if device == "cuda" else "int8"


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
