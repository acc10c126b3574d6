"""What people correct in a transcript: the words and the names of who speaks; times stay; pure.

A segment keeps its id, its start and its end. Its words keep their times wherever they are still there; what was
written instead of others shares out their time.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import SequenceMatcher
from typing import Final, TypeVar

from functions.core.errors import Invalid
from functions.core.jobs.results import Segment, Transcript, Word

Key = TypeVar("Key", int, str)

MOST_CHARACTERS: Final = 10_000
"""Of one segment's text."""
SURE: Final = 1.0
"""The probability of a word that a person has written."""


@dataclass(frozen=True, slots=True)
class Corrections:
    """All corrections of one transcript."""

    texts: Mapping[int, str] = field(default_factory=dict)
    """What was said instead, by the segment's id; empty: nothing."""
    speakers: Mapping[int, str] = field(default_factory=dict)
    """Who speaks instead, by the segment's id."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What a speaker is called, by what the transcript calls them."""

    def merged(
        self,
        *,
        texts: Mapping[int, str | None],
        speakers: Mapping[int, str | None],
        names: Mapping[str, str | None],
    ) -> "Corrections":
        """Return these with later ones; None takes one back."""
        return Corrections(_merged(self.texts, texts), _merged(self.speakers, speakers), _merged(self.names, names))

    @property
    def segment_ids(self) -> list[int]:
        """The segments that somebody has corrected by themselves."""
        return sorted({*self.texts, *self.speakers})

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.texts or self.speakers or self.names)


def corrected(transcript: Transcript, corrections: Corrections) -> Transcript:
    """Return the transcript as people have corrected it.

    Raises:
        Invalid: it has no such segment, or no such speaker.
    """
    _refuse_unknown(transcript, corrections)
    segments = tuple(_corrected(segment, corrections) for segment in transcript.segments)
    return replace(transcript, segments=segments, corrected=tuple(corrections.segment_ids))


def retimed(words: Sequence[Word], text: str, *, start: float, end: float) -> tuple[Word, ...]:
    """Return the words of a new text with the times of the old ones: of the same ones, or of those they replace."""
    new = text.split()
    timed: list[Word] = []
    pairs = SequenceMatcher(a=[_bare(word.word) for word in words], b=[_bare(word) for word in new], autojunk=False)
    for kind, i, i_end, j, j_end in pairs.get_opcodes():
        if kind == "equal":
            timed += [replace(old, word=word) for old, word in zip(words[i:i_end], new[j:j_end], strict=True)]
        elif j < j_end:
            since = words[i].start if i < i_end else (words[i - 1].end if i else start)
            until = words[i_end - 1].end if i < i_end else (words[i].start if i < len(words) else end)
            timed += _shared_out(new[j:j_end], since, max(since, until))
    return tuple(timed)


def corrections_to_json(corrections: Corrections) -> bytes:
    """Serialise."""
    return json.dumps(asdict(corrections), ensure_ascii=False, separators=(",", ":")).encode()


def corrections_from_json(body: bytes) -> Corrections:
    """Read what `corrections_to_json` wrote."""
    data = json.loads(body)
    return Corrections(
        texts={int(number): text for number, text in data["texts"].items()},
        speakers={int(number): name for number, name in data["speakers"].items()},
        names=data["names"],
    )


def _merged(earlier: Mapping[Key, str], later: Mapping[Key, str | None]) -> dict[Key, str]:
    return {key: text for key, text in {**earlier, **later}.items() if text is not None}


def _refuse_unknown(transcript: Transcript, corrections: Corrections) -> None:
    unknown = set(corrections.segment_ids) - {segment.id for segment in transcript.segments}
    if unknown:
        raise Invalid(f"The transcript has no segment {min(unknown)}.", code="unknown-segment", segment=min(unknown))
    speakers = {segment.speaker for segment in transcript.segments} | set(corrections.speakers.values())
    for name in corrections.names:
        if name not in speakers:
            raise Invalid(f"Nobody in the transcript is called {name!r}.", code="unknown-speaker")


def _corrected(segment: Segment, corrections: Corrections) -> Segment:
    speaker = corrections.speakers.get(segment.id, segment.speaker)
    named = segment if speaker is None else replace(segment, speaker=corrections.names.get(speaker, speaker))
    text = corrections.texts.get(segment.id)
    if text is None:
        return named
    words = retimed(segment.words, text, start=segment.start, end=segment.end) if segment.words else ()
    return replace(named, text=text, words=words)


def _shared_out(words: list[str], start: float, end: float) -> list[Word]:
    """Divide a stretch of time among words, by their lengths."""
    per_letter = (end - start) / sum(map(len, words))
    timed, at = list[Word](), start
    for word in words:
        until = min(end, at + per_letter * len(word))
        timed.append(Word(word=word, start=round(at, 3), end=round(until, 3), probability=SURE))
        at = until
    return timed


def _bare(word: str) -> str:
    """Return a word by which it is recognised again: without case and punctuation."""
    return "".join(letter for letter in word.casefold() if letter.isalnum()) or word.strip()
