"""How many words a transcript got wrong."""

import re
from collections.abc import Sequence


def words_of(text: str) -> list[str]:
    """Return a text's words without case and punctuation."""
    return re.findall(r"\w+", text.lower())


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Count the words to change, add and drop between two texts (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for index, word in enumerate(said, 1):
        diagonal, row[0] = row[0], index
        for column, other in enumerate(heard, 1):
            cost = min(row[column] + 1, row[column - 1] + 1, diagonal + (word != other))
            diagonal, row[column] = row[column], cost
    return row[-1]
