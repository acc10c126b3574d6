"""A file in, a transcript out."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from functions.core.jobs.results import Segment, Transcript
from gpu_worker.speech.audio import AudioFile
from gpu_worker.speech.voice_activity import SpeechDetector
from gpu_worker.speech.whisper import HeardWindow, SpeechEngine
from gpu_worker.speech.windows import Window, WindowCutter

# Called often with the seconds done and the seconds in all, if those are known. It may raise, to stop the work.
OnProgress = Callable[[float, float | None], None]

_UNKNOWN_LANGUAGE: Final = "und"  # ISO 639's code

# Known speech scores 0.95 and above here, words that the model never learned about 0.5; without words, the mean log
# probability of the text is -0.5 and above, against -0.9.
_UNSURE_WORDS: Final = 0.75
_UNSURE_TEXT: Final = -0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Wall seconds. `realtime_factor` is seconds of sound per second of work: more is faster."""

    decode_and_vad: float
    model: float
    total: float
    realtime_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """A transcript and what it took."""

    transcript: Transcript
    timings: Timings


def transcribe_file(
    path: Path, engine: SpeechEngine, *, language: str | None = None, fast: bool = False, on_progress: OnProgress
) -> Transcription:
    """Transcribe one file of any length in bounded memory.

    Raises:
        NotMedia: there is nothing to hear in the file.
    """
    began = time.perf_counter()
    with AudioFile(path) as audio:
        listening = _Listening(audio, WindowCutter(SpeechDetector(), engine.model.window_seconds), on_progress)
        heard = []
        for window in engine.transcribe(listening.windows(), language=language, fast=fast):
            heard.append(window)
            listening.heard(window)
        transcript = _transcript(heard, audio, engine, asked_language=language)
    on_progress(transcript.duration, transcript.duration)
    total = time.perf_counter() - began
    return Transcription(
        transcript=transcript,
        timings=Timings(
            decode_and_vad=round(listening.seconds_spent, 3),
            model=round(total - listening.seconds_spent, 3),
            total=round(total, 3),
            realtime_factor=round(transcript.duration / total, 2),
        ),
    )


class _Listening:
    """Decodes and cuts as the model asks for windows, and tells how far the recording is done."""

    def __init__(self, audio: AudioFile, cutter: WindowCutter, on_progress: OnProgress) -> None:
        self.seconds_spent = 0.0
        self._audio = audio
        self._cutter = cutter
        self._on_progress = on_progress
        self._done = 0.0
        self._waiting = 0

    def windows(self) -> Iterator[Window]:
        source = self._cut()
        while True:
            began = time.perf_counter()
            window = next(source, None)
            self.seconds_spent += time.perf_counter() - began
            if window is None:
                return
            self._waiting += 1
            yield window

    def heard(self, window: HeardWindow) -> None:
        self._waiting -= 1
        self._report(window.end)

    def _cut(self) -> Iterator[Window]:
        for block in self._audio.blocks():
            yield from self._cutter.add(block)
            # Hours of silence hold no window: without this, nobody could stop the work in them.
            self._report(0.0 if self._waiting else self._cutter.settled_seconds)
        yield from self._cutter.finish()

    def _report(self, done: float) -> None:
        self._done = max(self._done, done)
        self._on_progress(self._done, self._audio.facts.duration)


def _transcript(
    heard: list[HeardWindow], audio: AudioFile, engine: SpeechEngine, *, asked_language: str | None
) -> Transcript:
    segments = tuple(segment for window in heard for segment in window.segments)
    return Transcript(
        language=heard[0].language.code if heard else asked_language or _UNKNOWN_LANGUAGE,
        language_probability=heard[0].language.probability if heard else 0.0,
        duration=round(audio.decoded_seconds, 3),
        segments=segments,
        model=engine.model.name,
        notes=tuple(_notes(heard, segments, audio, engine, asked_language)),
    )


def _notes(
    heard: list[HeardWindow],
    segments: tuple[Segment, ...],
    audio: AudioFile,
    engine: SpeechEngine,
    asked_language: str | None,
) -> Iterator[str]:
    if audio.damage:
        yield audio.damage
    if not segments:
        yield "No speech was found in this recording."
    if asked_language and asked_language not in engine.languages:
        yield f"The model {engine.model.name!r} does not know the language {asked_language!r} that was asked for."
    if _is_unsure(heard):
        yield "The model was unsure of much of this recording; words may be wrong."
    yield from engine.model.notes


def _is_unsure(heard: list[HeardWindow]) -> bool:
    words = [word.probability for window in heard for segment in window.segments for word in segment.words]
    if words:
        return bool(np.mean(words) < _UNSURE_WORDS)
    likelihoods = [window.likelihood for window in heard if window.likelihood is not None]
    return bool(likelihoods) and bool(np.mean(likelihoods) < _UNSURE_TEXT)
