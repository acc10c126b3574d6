"""Conversations to search in: English and Russian in halves, words as often as in speech, in as many forms."""

from functools import cached_property
from random import Random
from typing import Final

import numpy as np

from functions.core.jobs.results import Segment, Transcript, transcript_to_json

WORDS_AN_HOUR: Final = 10_000
WORDS_A_SEGMENT: Final = 13
LEMMAS: Final = 40_000
"""In each language."""

_ENGLISH_ENDINGS: Final = ("", "s", "ed", "ing")
_RUSSIAN_ENDINGS: Final = ("", "а", "у", "ом", "е", "ы", "ов", "ами")
# Zipf and Mandelbrot: how much rarer a word is than the one before it in rank.
_SHIFT: Final = 2.7


class Conversations:
    """A thousand hours and more, the same in every run; made when they are read."""

    def __init__(self, *, seed: int = 1) -> None:
        self._seed = seed

    def transcript(self, number: int) -> bytes:
        """Return the transcript of one hour."""
        dice = np.random.default_rng([self._seed, number])
        words = self._words(number)
        chosen = dice.choice(len(words), size=WORDS_AN_HOUR, p=self._chances)
        segments = tuple(
            Segment(
                id=at, start=at * 4.5, end=at * 4.5 + 4, speaker=f"S{at % 3}", text=" ".join(words[i] for i in part)
            )
            for at, part in enumerate(np.array_split(chosen, WORDS_AN_HOUR // WORDS_A_SEGMENT))
        )
        language = "en" if number % 2 else "ru"
        return transcript_to_json(
            Transcript(language=language, language_probability=1, duration=3600, segments=segments, model="none")
        )

    def word(self, rank: int, *, language: str = "en") -> str:
        """Return the most frequent form of the lemma of a rank."""
        return self._english[rank * 4] if language == "en" else self._russian[rank * 8]

    def _words(self, number: int) -> list[str]:
        return self._english if number % 2 else self._russian

    @cached_property
    def _english(self) -> list[str]:
        return _forms(_lemmas("bcdfghklmnprstvw", "aeiou", self._seed), _ENGLISH_ENDINGS, of=8)

    @cached_property
    def _russian(self) -> list[str]:
        return _forms(_lemmas("бвгдзклмнпрст", "аеиоу", self._seed), _RUSSIAN_ENDINGS, of=8)

    @cached_property
    def _chances(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        of_lemmas = 1 / (np.arange(1, LEMMAS + 1) + _SHIFT)
        # Of one lemma's forms the first is said as often as all others together.
        of_forms = np.array([1 / 2, 1 / 4, 1 / 16, 1 / 16, 1 / 32, 1 / 32, 1 / 32, 1 / 32])
        chances = np.outer(of_lemmas, of_forms).ravel()
        return np.asarray(chances / chances.sum())


def _lemmas(consonants: str, vowels: str, seed: int) -> list[str]:
    dice, found = Random(seed), dict[str, None]()  # noqa: S311 (no secret)
    while len(found) < LEMMAS:
        syllables = 1 + len(found) // 200 if len(found) < 400 else dice.randint(2, 4)
        found[
            "".join(dice.choice(consonants) + dice.choice(vowels) for _ in range(syllables)) + dice.choice(consonants)
        ] = None
    return list(found)


def _forms(lemmas: list[str], endings: tuple[str, ...], *, of: int) -> list[str]:
    """Return `of` forms of each lemma in turn; a language that has fewer says them more often."""
    return [lemma + endings[number % len(endings)] for lemma in lemmas for number in range(of)]
