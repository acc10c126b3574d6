"""Sentences out of segments: speech recognition cuts where people breathe, not where they end a thought."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from functions.core.jobs.results import Segment

_END: Final = re.compile(r"[.!?…。！？][\"'»”’)\]]*$")
_INSIDE: Final = re.compile(r"(?<=[.!?…])[\"'»”’)\]]*\s+(?=[\"'«“(\[]?[^\W_a-zа-яё])|(?<=[。！？])")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|st|vs|e\.g|i\.e|no|т\.е|т\.д|т\.п|г|ул|руб|тыс|млн|млрд|стр|[A-ZА-ЯЁ])\.$",
    re.IGNORECASE,
)
# "Am 28. Mai" is one sentence.
_ORDINAL: Final = re.compile(r"\b\d{1,2}\.$")
_LONGEST: Final = 240
# Where the recogniser writes no full stops, its own cuts are the best borders there are.
_LONGEST_UNPUNCTUATED: Final = 80
_LEAST_PUNCTUATED: Final = 0.2
_PAUSE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One thought: its words and the ids of all the segments that hold a piece of it."""

    text: str
    segments: tuple[int, ...]
    speaker: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    text: str
    segment: Segment


def sentences_of(segments: Iterable[Segment]) -> list[Sentence]:
    """All that was said, thought by thought, in order of time."""
    pieces = list(_pieces(segments))
    punctuated = sum(_ends(piece.text) for piece in pieces) >= _LEAST_PUNCTUATED * len(pieces)
    longest = _LONGEST if punctuated else _LONGEST_UNPUNCTUATED
    found: list[Sentence] = []
    open_pieces: list[_Piece] = []
    for piece in pieces:
        if open_pieces and _starts_anew(open_pieces, piece, longest):
            found.append(_sentence(open_pieces))
            open_pieces = []
        open_pieces.append(piece)
    if open_pieces:
        found.append(_sentence(open_pieces))
    return found


def _pieces(segments: Iterable[Segment]) -> Iterator[_Piece]:
    for segment in segments:
        for text in _split(" ".join(segment.text.split())):
            yield _Piece(text=text, segment=segment)


def _split(text: str) -> Iterator[str]:
    start = 0
    for border in _INSIDE.finditer(text):
        before = text[start : border.start()]
        if not _ABBREVIATION.search(before) and not _ORDINAL.search(before):
            if text[start : border.end()].strip():
                yield text[start : border.end()].strip()
            start = border.end()
    if text[start:].strip():
        yield text[start:].strip()


def _starts_anew(before: list[_Piece], piece: _Piece, longest: int) -> bool:
    last = before[-1]
    return (
        _ends(last.text)
        or last.segment.speaker != piece.segment.speaker
        or piece.segment.start - last.segment.end > _PAUSE_SECONDS
        or sum(len(one.text) + 1 for one in before) + len(piece.text) > longest
    )


def _ends(text: str) -> bool:
    return bool(_END.search(text)) and not _ABBREVIATION.search(text)


def _sentence(pieces: list[_Piece]) -> Sentence:
    return Sentence(
        text=" ".join(piece.text for piece in pieces),
        segments=tuple(dict.fromkeys(piece.segment.id for piece in pieces)),
        speaker=pieces[0].segment.speaker,
    )


def tidy(sentence: Sentence) -> Sentence:
    """The same sentence without the noises that people start with."""
    text = _NOISE.sub("", sentence.text)
    return replace(sentence, text=text[:1].upper() + text[1:]) if text else sentence


_NOISE: Final = re.compile(
    r"^(?:(?:(?:um+|uh+|er|э+|эм|ну|okay|ok)\b|(?:so|well|right|yeah|yes|alright|all right|and|but|now|great|good|oh"
    r"|так|да|вот|ладно|хорошо|окей|угу|ага|итак|значит|короче|отлично)\b(?=[,.…]))[,.…]*\s+)+",
    re.IGNORECASE,
)
