"""Offline answers: the passages of a recording whose words are nearest to a question, or none."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from functions.core.jobs.results import Answer
from gpu_worker.language.figures import figures_said
from gpu_worker.language.ranking import Scores
from gpu_worker.language.sentences import Sentence
from gpu_worker.language.words import content, stem

# How much of a question's weight a passage must hold: below this it speaks of something else.
_LEAST_SHARE: Final = 0.5
# Two words out of a question may meet by chance in an hour of speech; one nearly always does.
_LEAST_WORDS: Final = 2
_MOST_PASSAGES: Final = 2
# Words that ask and are no part of an answer, beside those that carry no meaning anywhere.
_ASKING_TEXT: Final = """
сколько насколько зачем откуда чей чья чье чьи каков какова каково каковы будет будут был была было были есть
"""
# A second passage counts only if it is nearly as near.
_NEARLY: Final = 0.85
_ASKS_FOR_FIGURE: Final = re.compile(
    r"\b(?:when|how (?:many|much|long|often|old)|what (?:date|time|price)|когда|сколько|насколько|как(?:ого|ое) числ)",
    re.IGNORECASE,
)
_ASKING: Final = frozenset(stem(word, "ru") for word in _ASKING_TEXT.split())


class Passages:
    """The sentences of a recording, each with the reply if it is a question, weighed by how rare their words are."""

    def __init__(
        self, sentences: Sequence[Sentence], terms: Sequence[Sequence[str]], scores: Scores, language: str
    ) -> None:
        self._language = language
        self._scores = scores
        self._passages: list[tuple[Sentence, ...]] = [(sentence,) for sentence in sentences]
        self._terms = [frozenset(said) for said in terms]
        for at, (one, reply) in enumerate(pairwise(sentences)):
            if one.text.endswith("?"):
                self._passages[at] = (one, reply)
                self._terms[at] |= frozenset(terms[at + 1])
        self._spread = Counter(term for said in self._terms for term in said)

    def answer(self, question: str) -> Answer:
        """The nearest passages in the speakers' own words."""
        said = list(dict.fromkeys(one for at in sorted(self._nearest(question)) for one in self._passages[at]))
        if not said:
            return Answer(question=question, answer=None)
        return Answer(
            question=question,
            answer=" ".join(f"{one.speaker}: {one.text}" if one.speaker else one.text for one in said),
            segments=tuple(sorted({id_ for one in said for id_ in one.segments})),
        )

    def _nearest(self, question: str) -> list[int]:
        asked = frozenset(content(question, self._language)) - _ASKING
        shares = self._shares(asked)
        wants_figure = bool(_ASKS_FOR_FIGURE.search(question))

        def nearness(at: int) -> tuple[float, bool, float]:
            """Of two that hold as much of the question: a figure where one is asked for, then what carries more."""
            text = " ".join(one.text for one in self._passages[at])
            return shares[at], wants_figure and bool(figures_said(text)), float(self._scores[at])

        least = min(_LEAST_WORDS, len(asked))
        likely = [
            at for at, said in enumerate(self._terms) if shares[at] >= _LEAST_SHARE and len(asked & said) >= least
        ]
        best = sorted(likely, key=nearness, reverse=True)[:_MOST_PASSAGES]
        return [at for at in best if shares[at] >= _NEARLY * shares[best[0]]]

    def _shares(self, asked: frozenset[str]) -> list[float]:
        # What nobody says weighs most: a question about it has no answer here.
        weights = {term: float(np.log(1 + len(self._terms) / max(1, self._spread[term]))) for term in asked}
        total = sum(weights[term] for term in sorted(asked)) or 1.0
        return [sum(weights[term] for term in sorted(asked & said)) / total for said in self._terms]
