"""From what was heard in the windows of all tracks to one transcript; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from functions.core.jobs.results import Segment, Transcript
from gpu_worker.speech.excerpt import Language
from gpu_worker.speech.front_end import Place
from gpu_worker.speech.models import SpeechModel
from gpu_worker.speech.whisper import HeardWindow

_UNKNOWN_LANGUAGE: Final = "und"  # ISO 639's code

# Known speech scores 0.95 and above here, words that the model never learned about 0.5; without words, the mean log
# probability of the text is -0.5 and above, against -0.9.
_UNSURE_WORDS: Final = 0.75
_UNSURE_TEXT: Final = -0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is known of a recording besides its words. `tracks` is how many were heard apart, None where all as one.

    `names` are those who speak in the tracks, as far as that is known.
    """

    language: Language | None
    duration: float
    damage: str | None
    tracks: int | None
    names: tuple[str, ...] = ()


def transcript_of(
    heard: Mapping[Place, HeardWindow],
    findings: Findings,
    *,
    model: SpeechModel,
    task: str,
    asked_language: str | None,
) -> Transcript:
    """Put all that was said in order of time; with tracks, each is a speaker."""
    language = findings.language if heard else None
    segments = _in_time(heard, findings)
    return Transcript(
        language=language.code if language else asked_language or _UNKNOWN_LANGUAGE,
        language_probability=language.probability if language else 0.0,
        duration=findings.duration,
        segments=segments,
        model=model.name,
        task=task,
        notes=tuple(_notes(list(heard.values()), segments, findings, model, asked_language)),
    )


def _in_time(heard: Mapping[Place, HeardWindow], findings: Findings) -> tuple[Segment, ...]:
    found = [
        (segment.start, place.track, place.number, segment.id, _marked(segment, place, window, findings))
        for place, window in heard.items()
        for segment in window.segments
    ]
    found.sort(key=lambda entry: entry[:4])
    return tuple(replace(entry[-1], id=number) for number, entry in enumerate(found))


def _marked(segment: Segment, place: Place, window: HeardWindow, findings: Findings) -> Segment:
    is_other = findings.language is not None and window.language.code != findings.language.code
    return replace(
        segment,
        speaker=_speaker(place.track, findings.names) if findings.tracks is not None else None,
        language=window.language.code if is_other else None,
    )


def _speaker(track: int, names: tuple[str, ...]) -> str:
    return names[track] if track < len(names) else f"Speaker {track + 1}"


def _notes(
    heard: list[HeardWindow],
    segments: tuple[Segment, ...],
    findings: Findings,
    model: SpeechModel,
    asked_language: str | None,
) -> Iterator[str]:
    if findings.damage:
        yield findings.damage
    if not segments:
        yield "No speech was found in this recording."
    if findings.tracks == 1:
        yield "This recording has one channel: its speakers cannot be told apart by channels."
    if asked_language and asked_language not in model.known_languages:
        yield f"The model {model.name!r} does not know the language {asked_language!r} that was asked for."
    if _is_unsure(heard):
        yield "The model was unsure of much of this recording; words may be wrong."
    yield from model.notes


def _is_unsure(heard: list[HeardWindow]) -> bool:
    words = [word.probability for window in heard for segment in window.segments for word in segment.words]
    if words:
        return bool(np.mean(words) < _UNSURE_WORDS)
    likelihoods = [window.likelihood for window in heard if window.likelihood is not None]
    return bool(likelihoods) and bool(np.mean(likelihoods) < _UNSURE_TEXT)
