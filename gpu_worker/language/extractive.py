"""Summaries offline: the sentences that carry a recording, in the speakers' own words. No key, no failure."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np

from functions.core.jobs.options import SummariseOptions
from functions.core.jobs.results import Answer, Statement, Summary, Transcript
from gpu_worker.language import cues
from gpu_worker.language.brief import Brief, brief_for
from gpu_worker.language.figures import figures_said
from gpu_worker.language.parts import coverage
from gpu_worker.language.passages import Passages
from gpu_worker.language.ranking import Rows, Scores, centrality, tf_idf, varied
from gpu_worker.language.sentences import Sentence, sentences_of, tidy
from gpu_worker.language.templates import OFFLINE
from gpu_worker.language.tongues import named
from gpu_worker.language.words import content

ENGINE: Final = "extractive"
SILENCE: Final = "Nothing was said in this recording."
NO_TASKS: Final = "Offline, action items are recognised in English and Russian only."
NO_PROMPT: Final = "Offline, own instructions are not followed."
NO_TEMPLATE: Final = "Offline, this template is not followed: the sentences that carry the recording were picked."
NEAREST: Final = (
    "Offline, an answer consists of the passages whose words are nearest to the question; nobody has judged whether "
    "they answer it."
)

_MOST_TASKS: Final = 10
_CLEAR_TASK: Final = 2
_TELLING_WORDS: Final = 3


class ExtractiveSummariser:
    """Picks sentences; invents none."""

    engine = ENGINE

    def summarise(
        self, transcript: Transcript, options: SummariseOptions, *, on_progress: Callable[[float], None]
    ) -> Summary:
        """Summarise in the words of the recording itself."""
        brief = brief_for(transcript, options)
        sentences = sentences_of(transcript.segments)
        if not sentences:
            on_progress(1.0)
            return _silence(brief)
        terms = [content(sentence.text, brief.spoken) for sentence in sentences]
        rows = tf_idf(terms)
        on_progress(0.5)
        known = brief.spoken in cues.KNOWN_LANGUAGES
        tasks = _tasks(sentences, terms) if known else np.zeros(len(sentences))
        scores = _scores(sentences, terms, rows, brief.spoken)
        overview = _statements(sentences, varied(rows, scores, _sentences_for(len(sentences))))
        passages = Passages(sentences, terms, scores, brief.spoken)
        answers = tuple(passages.answer(question) for question in brief.questions)
        summary = Summary(
            text=" ".join(one.text for one in overview),
            bullets=_statements(sentences, varied(rows, scores, bullets_for(len(sentences)))),
            action_items=_statements(sentences, _distinct(rows, tasks), speakers=True),
            coverage=coverage(transcript, (id_ for sentence in sentences for id_ in sentence.segments)),
            engine=ENGINE,
            language=brief.spoken,
            template=brief.template,
            overview=overview,
            answers=answers,
            notes=tuple(_notes(brief, answers)),
        )
        on_progress(1.0)
        return summary


def _notes(brief: Brief, answers: Iterable[Answer]) -> Iterator[str]:
    if brief.is_translated:
        yield f"Offline, nothing is translated: this summary is in {named(brief.spoken)}, as the recording is."
    if brief.template not in OFFLINE:
        yield NO_TEMPLATE
    if brief.prompt:
        yield NO_PROMPT
    if any(answer.answer for answer in answers):
        yield NEAREST
    if brief.spoken not in cues.KNOWN_LANGUAGES:
        yield NO_TASKS


def bullets_for(sentences: int) -> int:
    """How many bullets so many sentences are worth: three at first, ten after an hour or so."""
    return min(sentences, max(3, min(10, round(3.5 + math.log2(max(1.0, sentences / 10))))))


def _sentences_for(sentences: int) -> int:
    return min(sentences, max(2, min(4, bullets_for(sentences) // 2)))


def _silence(brief: Brief) -> Summary:
    return Summary(
        text="",
        bullets=(),
        action_items=(),
        coverage=1.0,
        engine=ENGINE,
        language=brief.language,
        template=brief.template,
        answers=tuple(Answer(question=question, answer=None) for question in brief.questions),
        notes=(SILENCE,),
    )


def _scores(sentences: list[Sentence], terms: list[list[str]], rows: Rows, language: str) -> Scores:
    known = language in cues.KNOWN_LANGUAGES
    weights = [
        _fullness(words) * (_manner(sentence.text) if known else 1.0) * _place(at, len(sentences))
        for at, (sentence, words) in enumerate(zip(sentences, terms, strict=True))
    ]
    return centrality(rows) * np.array(weights, dtype=np.float64)


def _fullness(terms: list[str]) -> float:
    """A sentence of three words says little by itself, and one of sixty is nobody's bullet."""
    distinct = len(set(terms))
    return math.pow(min(1.0, distinct / 6), 1.5) * min(1.0, 25 / max(1, distinct))


def _manner(text: str) -> float:
    decides = cues.decides(text)
    weight = 2.0 if decides else 1.0
    if cues.is_polite(text) and not decides:
        weight *= 0.25
    if text.endswith("?"):
        weight *= 0.5
    if cues.leans(text) and not decides:
        weight *= 0.8
    if figures_said(text):
        weight *= 1.2
    return weight


def _place(at: int, count: int) -> float:
    """A light prior: recordings open with their subject and close with what was agreed."""
    share = at / max(1, count - 1)
    return 1.1 if share <= 0.1 or share >= 0.85 else 1.0


def _tasks(sentences: list[Sentence], terms: list[list[str]]) -> Scores:
    # "I'll do it" is a task only for those who heard what came before.
    return np.array(
        [
            float(cues.task_strength(sentence.text)) if len(set(words)) >= _TELLING_WORDS else 0.0
            for sentence, words in zip(sentences, terms, strict=True)
        ]
    )


def _distinct(rows: Rows, tasks: Scores) -> list[int]:
    candidates = np.flatnonzero(tasks >= _CLEAR_TASK)
    return [int(candidates[at]) for at in varied(rows[candidates], tasks[candidates], _MOST_TASKS)]


def _statements(sentences: list[Sentence], chosen: Iterable[int], *, speakers: bool = False) -> tuple[Statement, ...]:
    found: dict[str, Statement] = {}
    for at in chosen:
        sentence = tidy(sentences[at])
        # Who said it is half of an action item: "I will send it" means nothing without a name.
        text = f"{sentence.speaker}: {sentence.text}" if speakers and sentence.speaker else sentence.text
        found.setdefault(text.casefold(), Statement(text=text, segments=sentence.segments))
    return tuple(found.values())
