"""Which recordings answer a question, the best first; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from functions.core.search.manifest import Entry, PackRecord
from functions.core.search.matching import Where, clauses_met, nearest, rarities, score
from functions.core.search.pack import Numbers, Places
from functions.core.search.query import Query


@dataclass(frozen=True, slots=True)
class Searched:
    """A pack, its recordings that are searched by their ordinals, and where the terms asked for are in it."""

    pack: PackRecord
    entries: Mapping[int, Entry]
    places: Mapping[str, Places]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording that answers, and where."""

    score: float
    entry: Entry
    pack: PackRecord
    ordinal: int
    where: Where

    @property
    def rank(self) -> tuple[float, int, str]:
        """Its place among all; of two that answer as well, the newer one is first."""
        return self.score, self.entry.at, self.entry.recording_id

    @property
    def position(self) -> str:
        """Its rank as a text."""
        return f"{self.score!r} {self.entry.at} {self.entry.recording_id}"


def rank_at(position: str) -> tuple[float, int, str]:
    """Read a rank."""
    relevance, at, recording_id = position.split(" ")
    return float(relevance), int(at), recording_id


def ranked(query: Query, searched: Sequence[Searched]) -> list[Candidate]:
    """Return all recordings that answer. A recording's score depends on what was said, not on how it is packed."""
    met = [clauses_met(query, _allowed(one)) for one in searched]
    number = sum(len(one.entries) for one in searched)
    words = sum(entry.words for one in searched for entry in one.entries.values())
    rarity = rarities([sum(map(len, of_clause)) for of_clause in zip(*met, strict=True)], number)
    candidates = [
        candidate
        for one, clauses in zip(searched, met, strict=True)
        for candidate in _candidates(one, clauses, rarity, usual_words=words / number)
    ]
    return sorted(candidates, key=lambda one: one.rank, reverse=True)


def _allowed(one: Searched) -> dict[str, dict[int, Numbers]]:
    return {
        term: {ordinal: words for ordinal, words in places.by_recording() if ordinal in one.entries}
        for term, places in one.places.items()
    }


def _candidates(
    one: Searched, clauses: list[dict[int, Numbers]], rarity: list[float], *, usual_words: float
) -> Iterator[Candidate]:
    for ordinal in set(clauses[0]).intersection(*clauses[1:]):
        entry, where = one.entries[ordinal], tuple(clause[ordinal] for clause in clauses)
        spread = nearest(where)
        if spread is not None:
            yield Candidate(
                score(where, spread, rarity, length=entry.words / usual_words), entry, one.pack, ordinal, where
            )
