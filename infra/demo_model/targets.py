"""What the model should answer to a scene: tokens, where in the sound each is said, and the word in each frame."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infra.demo_model.corpus import Utterance
from infra.demo_model.grammar import GRAMMARS
from infra.demo_model.scenes import Placed, Scene, SceneMaker
from infra.demo_model.tokenizer import (
    END,
    NO_SPEECH,
    NO_TIMESTAMPS,
    START,
    START_OF_PREVIOUS,
    TIMESTAMPS,
    TIMESTAMPS_PER_SECOND,
    TRANSCRIBE,
    Vocabulary,
    language_token,
)

Span = tuple[int, int]

FRAMES_PER_SECOND: Final = TIMESTAMPS_PER_SECOND
UNLABELLED: Final = -100
NOWHERE: Final[Span] = (-1, -1)
# Class 0 of a frame is silence.
WORD_CLASSES: Final = {
    word: number for number, word in enumerate((word for grammar in GRAMMARS.values() for word in grammar.words()), 1)
}
# Whisper keeps half of its 448 positions for what was said before.
_LONGEST_PROMPT: Final = 222
# Decoders allow no first time later than this, so a later start must be told as this one half of the time.
_LATEST_FIRST_TIME: Final = 1.0


@dataclass(frozen=True, slots=True)
class Target:
    """Row by row: what goes in, what should come out (or `UNLABELLED`), and the frames that it is said in."""

    inputs: list[int]
    labels: list[int]
    spans: list[Span]
    frames: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Rows and the frames that they are said in."""

    rows: list[int]
    spans: list[Span]

    def add(self, row: int, span: Span) -> None:
        self.rows.append(row)
        self.spans.append(span)


class TargetMaker:
    """Writes down what Whisper should say. `offset` is the second of the whole at which a window begins."""

    def __init__(self, vocabulary: Vocabulary, chance: np.random.Generator) -> None:
        self._row_of, self._first_time, self._chance = vocabulary.row_of, vocabulary.first_time, chance

    def target(self, scene: Scene, prompt: list[int], offset: float, *, timed: bool) -> Target:
        """Write the answer to a scene after a `prompt`, with times in it or without."""
        frames = self._frames(scene)
        silent = not scene.placed
        head = [self._row_of[token] for token in (START, language_token(scene.language), TRANSCRIBE)]
        unheard = [UNLABELLED] * len(prompt)
        told = [self._row_of[NO_SPEECH], UNLABELLED] if silent else head[1:]
        if not timed:
            head.append(self._row_of[NO_TIMESTAMPS])
            told.append(UNLABELLED)
        if silent:
            told.append(UNLABELLED if timed else self._row_of[END])
            inputs = prompt + head
            return Target(inputs, unheard + told, [NOWHERE] * len(inputs), frames)
        answer = self._answer(scene, offset, timed=timed)
        spans = [NOWHERE] * (len(prompt) + len(head) - 1) + answer.spans
        return Target(prompt + head + answer.rows[:-1], unheard + told + answer.rows, spans, frames)

    def prompt(self, scenes: SceneMaker, language: str) -> list[int]:
        """Make up what was said before: as much as fits, with times or without, cut off at its front."""
        length = int(self._chance.integers(1, _LONGEST_PROMPT + 1))
        timed = bool(self._chance.random() < 0.7)
        rows: list[int] = []
        start = 0.0
        while len(rows) < length:
            utterance = scenes.any_utterance(language)
            end = start + utterance.seconds
            text = self._text(utterance)
            rows += [self._time(start), *text, self._time(end)] if timed else text
            start = end + self._chance.uniform(0.1, 2.0) if start < 25 else 0.0
        return [self._row_of[START_OF_PREVIOUS], *rows[-length:]]

    def _answer(self, scene: Scene, offset: float, *, timed: bool) -> _Answer:
        answer = _Answer([], [])
        for index, placed in enumerate(scene.placed):
            begin, end = placed.said
            if timed:
                first = self._first_start(begin, offset) if index == 0 else begin
                answer.add(self._time(first + offset), _around(begin, 4, 4))
            self._add_words(answer, placed)
            answer.add(self._row_of["."], _around(end, 0, 5))
            if timed:
                answer.add(self._time(end + offset), _around(end, 4, 6))
        if scene.cut is not None and timed:
            begin, _ = scene.cut.said
            answer.add(self._time(begin + offset), _around(begin, 4, 4))
        answer.add(self._row_of[END], _around(scene.placed[-1].said[1], -5, 25))
        return answer

    def _add_words(self, answer: _Answer, placed: Placed) -> None:
        rows = self._text(placed.utterance)
        for row, (start, end) in zip(rows, placed.times, strict=False):
            answer.add(row, (_frame(start) - 1, _frame(end) + 1))

    def _first_start(self, begin: float, offset: float) -> float:
        if offset or begin <= _LATEST_FIRST_TIME or self._chance.random() < 0.5:
            return begin
        return self._chance.uniform(_LATEST_FIRST_TIME - 0.1, _LATEST_FIRST_TIME)

    def _text(self, utterance: Utterance) -> list[int]:
        return [*(self._row_of[f" {word}"] for word in utterance.words), self._row_of["."]]

    def _time(self, seconds: float) -> int:
        return self._first_time + max(0, min(TIMESTAMPS - 1, _frame(seconds)))

    def _frames(self, scene: Scene) -> NDArray[np.int64]:
        frames = np.zeros(int(scene.seconds * FRAMES_PER_SECOND), np.int64)
        for placed in (*scene.placed, *([scene.cut] if scene.cut else [])):
            for word, (start, end) in zip(placed.utterance.words, placed.times, strict=True):
                frames[max(0, _frame(start)) : max(0, _frame(end))] = WORD_CLASSES[word.lower()]
        return frames


def _frame(seconds: float) -> int:
    return round(seconds * FRAMES_PER_SECOND)


def _around(seconds: float, before: int, after: int) -> Span:
    return _frame(seconds) - before, _frame(seconds) + after
