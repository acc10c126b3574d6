"""Where a question is met in what was said, and how well; pure.

A recording is given by its `where`: for each clause the words at which it begins, rising.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from functions.core.search.pack import Numbers
from functions.core.search.query import Query

WINDOW: Final = 30
"""Words within which all clauses must be met."""
# The usual constants of BM25; recordings differ in length more than their subjects do, so length counts little.
_K1: Final = 1.2
_B: Final = 0.5

Where = tuple[Numbers, ...]
ByRecording = Mapping[int, Numbers]


def clauses_met(query: Query, places: Mapping[str, ByRecording]) -> list[dict[int, Numbers]]:
    """Return for each clause the recordings that have it and the words at which it begins there."""
    found = []
    for clause in query.clauses:
        words = [_union([places[term] for term in alternatives if term in places]) for alternatives in clause]
        everywhere = set(words[0]).intersection(*words[1:])
        begins = ((recording, _phrase([word[recording] for word in words])) for recording in everywhere)
        found.append({recording: starts for recording, starts in begins if starts})
    return found


def nearest(where: Where) -> int | None:
    """Return within how many words all clauses are met at best; None: nowhere within the window."""
    return 0 if len(where) == 1 else min((spread for spread, _ in spots(where)), default=None)


def spots(where: Where) -> list[tuple[int, int]]:
    """Return where the rarest clause is met with all others near it: how many words they are away, and its word."""
    rarest = min(where, key=len)
    others = [words for words in where if words is not rarest]
    found = []
    for word in rarest:
        spread = max((_distance(word, words) for words in others), default=0)
        if spread <= WINDOW:
            found.append((spread, word))
    return found


def rarities(met_by: Sequence[int], recordings: int) -> list[float]:
    """Return how much each clause says, from how many recordings have it."""
    return [math.log(1 + (recordings - number + 0.5) / (number + 0.5)) for number in met_by]


def score(where: Where, spread: int, rarity: Sequence[float], *, length: float) -> float:
    """Return how well a recording answers. `length` is how many times as long it is as usual."""
    weight = _K1 * (1 - _B + _B * length)
    relevance = sum(one * len(words) / (len(words) + weight) for one, words in zip(rarity, where, strict=True))
    return relevance * (1 + 1 / (1 + spread))


def _distance(word: int, others: Numbers) -> int:
    at = bisect_left(others, word)
    return min((abs(others[i] - word) for i in (at - 1, at) if 0 <= i < len(others)), default=WINDOW + 1)


def _union(found: list[ByRecording]) -> ByRecording:
    """Return where any of several terms is."""
    if len(found) < 2:
        return found[0] if found else {}
    together: dict[int, list[Numbers]] = {}
    for places in found:
        for recording, words in places.items():
            together.setdefault(recording, []).append(words)
    return {recording: words[0] if len(words) == 1 else _sorted(words) for recording, words in together.items()}


def _sorted(many: Iterable[Numbers]) -> Numbers:
    return array("I", sorted(word for words in many for word in words))


def _phrase(words: list[Numbers]) -> Numbers:
    """Return where the first word is followed by the second one, and so on."""
    if len(words) == 1:
        return words[0]
    return sorted(set(words[0]).intersection(*({at - i for at in word} for i, word in enumerate(words[1:], start=1))))
