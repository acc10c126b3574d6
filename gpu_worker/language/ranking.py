"""Which sentences carry a text: LexRank over TF-IDF, and a choice of them that does not repeat itself.

The matrix of similarities is never built: with unit rows X it is X @ X.T, so one step of the walk is two thin products.
Memory grows with sentences x terms and has a ceiling; a recording of ten hours costs no more than one of three.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Scores = NDArray[np.float64]

_MOST_CELLS: Final = 8_000_000
_DAMPING: Final = 0.85
_STEPS: Final = 40
# How much a new sentence loses by resembling one that was taken already.
_REDUNDANCY: Final = 0.6


def tf_idf(documents: Sequence[Sequence[str]]) -> Rows:
    """A unit row of weights for every document, or a shorter one where its rare terms have no column."""
    counts = [Counter(document) for document in documents]
    spread = Counter(term for count in counts for term in count)
    columns = _columns(spread, len(documents))
    rows = np.zeros((len(documents), len(columns)), dtype=np.float32)
    for row, count in enumerate(counts):
        weights = {term: times * np.log(1 + len(documents) / spread[term]) for term, times in count.items()}
        length = float(np.sqrt(sum(weight * weight for weight in weights.values())))
        for term, weight in weights.items():
            if term in columns:
                rows[row, columns[term]] = weight / length
    return rows


def _columns(spread: Counter[str], documents: int) -> dict[str, int]:
    # A term of one single document makes nothing similar to it: it counts in the length of the row only.
    shared = sorted((term for term, times in spread.items() if times > 1), key=lambda term: (-spread[term], term))
    return {term: column for column, term in enumerate(shared[: _MOST_CELLS // max(1, documents)])}


def centrality(rows: Rows) -> Scores:
    """How much each row is what the others talk about; the mean is 1."""
    count = len(rows)
    own = (rows * rows).sum(axis=1, dtype=np.float64)
    degree = _similar(rows, np.ones(count), own)
    reach = np.divide(1.0, degree, out=np.zeros(count), where=degree > 1e-9)
    rank = np.ones(count)
    for _ in range(_STEPS):
        rank = (1 - _DAMPING) + _DAMPING * _similar(rows, rank * reach, own)
    return rank * (count / max(float(rank.sum()), 1e-9))


def _similar(rows: Rows, weights: Scores, own: Scores) -> Scores:
    """The matrix of similarities times `weights`, less what a sentence gives to itself."""
    spread: Scores = (rows @ (rows.T @ weights.astype(np.float32))).astype(np.float64) - own * weights
    return np.maximum(spread, 0.0)


def varied(rows: Rows, scores: Scores, count: int) -> list[int]:
    """The best rows that do not repeat each other (MMR), in their order."""
    chosen: list[int] = []
    nearest = np.zeros(len(rows))
    open_rows = np.ones(len(rows), dtype=bool)
    while len(chosen) < min(count, len(rows)):
        worth = np.where(open_rows, scores * (1 - _REDUNDANCY * nearest), -np.inf)
        best = int(np.argmax(worth))
        chosen.append(best)
        open_rows[best] = False
        nearest = np.maximum(nearest, rows @ rows[best])
    return sorted(chosen)
