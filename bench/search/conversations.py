"""Conversations to search in: English and Russian in halves, words as often as in speech, in as many forms."""

from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np

from functions.core.jobs.results import Segment, Transcript, transcript_to_json

WORDS_AN_HOUR: Final = 10_000
WORDS_A_SEGMENT: Final = 13

# Of one word the first form is said as often as all others together.
_ENGLISH_ENDINGS: Final = {"": 1 / 2, "s": 1 / 4, "ed": 1 / 8, "ing": 1 / 8}
_RUSSIAN_ENDINGS: Final = {
    "": 1 / 2,
    "а": 1 / 8,
    "у": 1 / 8,
    "ом": 1 / 16,
    "е": 1 / 16,
    "ы": 1 / 16,
    "ов": 1 / 32,
    "ами": 1 / 32,
}
# Zipf and Mandelbrot: how much rarer a word is than the one before it in rank.
_SHIFT: Final = 2.7

Chances = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Language:
    """Words, and how often each is said."""

    code: str
    words: list[str]
    chances: Chances
    forms: int

    def word(self, rank: int) -> str:
        """Return a word by how many are said more often."""
        return self.words[rank * self.forms]


class Conversations:
    """Any number of hours, the same in every run, made when they are read."""

    def __init__(self) -> None:
        self.english = _language("en", "bcdfghklmnprstvw", "aeiou", _ENGLISH_ENDINGS, lemmas=10_000)
        self.russian = _language("ru", "бвгдзклмнпрст", "аеиоу", _RUSSIAN_ENDINGS, lemmas=40_000)

    def transcript(self, number: int) -> bytes:
        """Return the transcript of one hour."""
        language = self.english if number % 2 else self.russian
        chosen = np.random.default_rng(number).choice(len(language.words), size=WORDS_AN_HOUR, p=language.chances)
        segments = tuple(
            Segment(
                id=at,
                start=at * 4.5,
                end=at * 4.5 + 4,
                speaker=f"S{at % 3}",
                text=" ".join(language.words[one] for one in part),
            )
            for at, part in enumerate(np.array_split(chosen, WORDS_AN_HOUR // WORDS_A_SEGMENT))
        )
        return transcript_to_json(
            Transcript(language=language.code, language_probability=1, duration=3600, segments=segments, model="none")
        )


def _language(code: str, consonants: str, vowels: str, endings: dict[str, float], *, lemmas: int) -> Language:
    words = [lemma + ending for lemma in _lemmas(consonants, vowels, lemmas) for ending in endings]
    chances = np.outer(1 / (np.arange(1, lemmas + 1) + _SHIFT), list(endings.values())).ravel()
    return Language(code, words, chances / chances.sum(), len(endings))


def _lemmas(consonants: str, vowels: str, number: int) -> list[str]:
    """Make words, the frequent ones short."""
    dice, found = Random(1), dict[str, None]()  # noqa: S311 (no secret)
    while len(found) < number:
        syllables = 1 + len(found) // 200 if len(found) < 400 else dice.randint(2, 4)
        pairs = (dice.choice(consonants) + dice.choice(vowels) for _ in range(syllables))
        found["".join(pairs) + dice.choice(consonants)] = None
    return list(found)
