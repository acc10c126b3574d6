"""What is asked for: words and phrases, each in whatever form it was said."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from functions.core.errors import Invalid
from functions.core.search.forms import terms_of
from functions.core.search.words import spans

MOST_CHARACTERS: Final = 500
MOST_WORDS: Final = 16
"""Each is looked up in every pack."""

_PHRASE: Final = re.compile(r'"([^"]*)"|“([^”]*)”|„([^“”]*)[“”]|«([^»]*)»')
_PIECE: Final = re.compile(r"\S+")

Clause = tuple[frozenset[str], ...]
"""Words that follow each other, each by the terms that it may be found by; mostly one."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question that has been understood: all of its clauses must be met near each other."""

    clauses: tuple[Clause, ...]

    @property
    def terms(self) -> frozenset[str]:
        """All terms that are to be looked up."""
        return frozenset().union(*(alternatives for clause in self.clauses for alternatives in clause))


def parse(text: str) -> Query:
    """Understand a question.

    Words in quotation marks are a phrase, and so is what is written without a space: `e-mail`, `10,5`, 東京.

    Raises:
        Invalid: it has no word, or too many, or is too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise Invalid(
            f"A search may have {MOST_CHARACTERS} characters at most.", code="query-too-long", limit=MOST_CHARACTERS
        )
    clauses = [[text[start:end] for start, end in clause] for clause in _clauses(text)]
    words = sum(map(len, clauses))
    if not words:
        raise Invalid("There is no word in what is searched for.", code="query-without-words")
    if words > MOST_WORDS:
        raise Invalid(f"A search may have {MOST_WORDS} words at most.", code="query-too-many-words", limit=MOST_WORDS)
    understood = (tuple(terms_of(word) for word in clause) for clause in clauses)
    return Query(tuple(dict.fromkeys(understood)))


def _clauses(text: str) -> Iterator[list[tuple[int, int]]]:
    at = 0
    for phrase in _PHRASE.finditer(text):
        yield from _pieces(text, at, phrase.start())
        if words := _words(text, *phrase.span()):
            yield words
        at = phrase.end()
    yield from _pieces(text, at, len(text))


def _pieces(text: str, start: int, end: int) -> Iterator[list[tuple[int, int]]]:
    for piece in _PIECE.finditer(text, start, end):
        if words := _words(text, *piece.span()):
            yield words


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [(start + low, start + high) for low, high in spans(text[start:end])]
