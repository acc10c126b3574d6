"""The segments in which something was found."""

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from functions.core.search.matching import Where, spots
from functions.core.search.pack import text_key
from functions.core.search.query import Query
from functions.core.search.ranking import Candidate
from functions.core.search.reading import PackReader
from functions.core.search.words import spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A segment in which something was found; `highlights` are stretches of characters of its text."""

    segment: int
    start: float
    end: float
    speaker: str | None
    text: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A segment as a pack keeps it."""

    first_word: int
    id: int
    start: float
    end: float
    speaker: str | None
    text: str


def matches(candidate: Candidate, query: Query, reader: PackReader, *, most: int) -> tuple[Match, ...]:
    """Return the segments of a recording where the question is met, those first where its words are nearest."""
    texts = _Texts(candidate, reader)
    found: dict[int, Match] = {}
    until: dict[int, int] = {}
    for _, word in sorted(spots(candidate.where)):
        if len(found) == most:
            break
        if any(first <= word < end for first, end in until.items()):
            continue
        row = texts.row_with(word)
        words = list(spans(row.text))
        until[row.first_word] = row.first_word + len(words)
        found[row.id] = Match(
            segment=row.id,
            start=row.start,
            end=row.end,
            speaker=row.speaker,
            text=row.text,
            highlights=tuple(words[number] for number in _found_in(row.first_word, len(words), query, candidate.where)),
        )
    return tuple(found.values())


def _found_in(first: int, words: int, query: Query, where: Where) -> list[int]:
    """Return which words of a segment are part of what was asked for."""
    found: set[int] = set()
    for clause, starts in zip(query.clauses, where, strict=True):
        low, high = bisect_left(starts, first - len(clause) + 1), bisect_left(starts, first + words)
        for start in starts[low:high]:
            found.update(range(start - first, start - first + len(clause)))
    return sorted(number for number in found if 0 <= number < words)


class _Texts:
    """The texts of one recording."""

    def __init__(self, candidate: Candidate, reader: PackReader) -> None:
        self._pack = candidate.pack
        self._ordinal = candidate.ordinal
        self._reader = reader
        self._read: dict[bytes, list[_Row]] = {}

    def row_with(self, word: int) -> _Row:
        """Return the segment that a word is in."""
        key = text_key(self._ordinal, word)
        block = self._reader.block(self._pack, self._reader.contents(self._pack).block_of(key))
        keys = list(block)
        rows = self._rows(keys[bisect_right(keys, key) - 1], block)
        return rows[bisect_right(rows, word, key=lambda row: row.first_word) - 1]

    def _rows(self, key: bytes, block: dict[bytes, bytes]) -> list[_Row]:
        if key not in self._read:
            self._read[key] = [_Row(*row) for row in json.loads(block[key])]
        return self._read[key]
