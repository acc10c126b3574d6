"""From what the model said about one window to segments of about a sentence, with times that can be relied on."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from functions.core.jobs.results import Segment, Word
from gpu_worker.speech.windows import Window

_SENTENCE_ENDS: Final = (".", "!", "?", "…", "。", "！", "？")
_CLOSING_MARKS: Final = "\"'”’»)]"
_DETECTOR_LATENESS: Final = 0.05  # it hears a word begin late and end early
_TITLES: Final = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "no.", "г.", "ул.", "им.", "проф."})


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSegment:
    """What the model gave: times from the start of the window, words with their leading spaces."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...]


def to_segments(raw: Iterable[RawSegment], window: Window) -> tuple[Segment, ...]:
    """Split into sentences, and move their times into the recording: in order, inside the window, and on speech.

    Ids count from 0 in each window.
    """
    segments = []
    earliest = window.start
    for number, sentence in enumerate(itertools.chain.from_iterable(map(_sentences, raw))):
        segment = _placed(sentence, number, window, earliest)
        segments.append(segment)
        earliest = segment.end
    return tuple(segments)


def _sentences(segment: RawSegment) -> Iterator[RawSegment]:
    """Without words there are no times to split at."""
    if not segment.words:
        yield segment
        return
    begin = 0
    for i in range(1, len(segment.words) + 1):
        if i == len(segment.words) or _ends_sentence(segment.words, i - 1):
            words = segment.words[begin:i]
            text = "".join(word.word for word in words).strip()
            if text:
                yield RawSegment(start=words[0].start, end=words[-1].end, text=text, words=words)
                begin = i


def _ends_sentence(words: Sequence[Word], i: int) -> bool:
    """Whether a sentence ends with word `i`. What follows a full stop in small letters was an abbreviation."""
    word = words[i].word.strip().rstrip(_CLOSING_MARKS)
    if not word.endswith(_SENTENCE_ENDS) or word.lower() in _TITLES or (len(word) == 2 and word[0].isalpha()):
        return False
    return not words[i + 1].word.strip()[:1].islower()


def _placed(sentence: RawSegment, number: int, window: Window, earliest: float) -> Segment:
    words = tuple(_placed_words(sentence.words, window, earliest))
    start, end = (words[0].start, words[-1].end) if words else _place(sentence.start, sentence.end, window, earliest)
    return Segment(id=number, start=start, end=end, text=sentence.text.strip(), words=words)


def _placed_words(words: Iterable[Word], window: Window, earliest: float) -> Iterator[Word]:
    for word in words:
        start, end = _place(word.start, word.end, window, earliest)
        if text := word.word.strip():
            yield replace(word, word=text, start=start, end=end)
        earliest = end


def _place(start: float, end: float, window: Window, earliest: float) -> tuple[float, float]:
    start, end = _on_speech(start + window.start, end + window.start, window.speech)
    start = max(earliest, min(start, window.end))
    end = max(start, min(end, window.end))
    return round(start, 3), round(end, 3)


def _on_speech(start: float, end: float, speech: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Take silence off both ends: the model lets a word begin where the one before it ended, also across a pause."""
    touched = [(begins, ends) for begins, ends in speech if begins < end and start < ends]
    if not touched:
        return start, end
    return max(start, touched[0][0] - _DETECTOR_LATENESS), min(end, touched[-1][1] + _DETECTOR_LATENESS)
