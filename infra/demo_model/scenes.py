"""What a window of sound holds: sentences after pauses, at some loudness, with some noise; or nobody who speaks."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infra.demo_model.corpus import Corpus, Utterance
from infra.demo_model.synthesis import SAMPLE_RATE, Samples

_MARGIN: Final = SAMPLE_RATE // 20
_RUSSIAN: Final = 0.36
_NO_SPEECH: Final = 0.04


@dataclass(frozen=True, slots=True)
class Placed:
    """An utterance and the second of the window at which it begins."""

    start: float
    utterance: Utterance

    @property
    def end(self) -> float:
        """Say when its sound ends."""
        return self.start + self.utterance.seconds

    @property
    def times(self) -> list[tuple[float, float]]:
        """List when its words are said, in the window's time."""
        return [(self.start + start, self.start + end) for start, end in self.utterance.times]

    @property
    def said(self) -> tuple[float, float]:
        """Give the start of the first word and the end of the last."""
        return self.times[0][0], self.times[-1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A window: what is said in full, and the sentence that the window's end cuts off."""

    language: str
    seconds: float
    placed: tuple[Placed, ...]
    cut: Placed | None
    sound: Samples


class SceneMaker:
    """Mixes scenes by chance."""

    def __init__(self, corpus: Corpus, chance: np.random.Generator) -> None:
        self._corpus, self._chance = corpus, chance
        self._utterances = {language: corpus.in_language(language) for language in ("en", "ru")}

    def make(self, seconds: float, *, cut: bool) -> Scene:
        """Mix a window of `seconds`; with `cut` its last sentence may run over the end."""
        language = "ru" if self._likely(_RUSSIAN) else "en"
        canvas = np.zeros(int(seconds * SAMPLE_RATE), np.float32)
        placed: tuple[Placed, ...] = ()
        rest: Placed | None = None
        if not self._likely(_NO_SPEECH):
            placed, rest = self._fill(canvas, language, cut=cut)
        canvas *= self._loudness()
        sound = self._noisy(self._ended(canvas, placed, rest), speech=bool(placed))
        return Scene(language=language, seconds=seconds, placed=placed, cut=rest, sound=sound)

    def any_utterance(self, language: str) -> Utterance:
        """Pick one of the utterances in a language."""
        choices = self._utterances[language]
        return choices[self._chance.integers(len(choices))]

    def _fill(self, canvas: Samples, language: str, *, cut: bool) -> tuple[tuple[Placed, ...], Placed | None]:
        start, most = self._first_start(len(canvas) / SAMPLE_RATE), self._most_utterances()
        pause = (0.03, 0.5) if self._likely(0.5) else (0.3, 3.0)
        placed: list[Placed] = []
        while len(placed) < most:
            here = Placed(start, self.any_utterance(language))
            if here.end * SAMPLE_RATE <= len(canvas) - _MARGIN:
                self._speak(canvas, here, quietest=0.5)
                placed.append(here)
                start = here.end + self._chance.uniform(*pause)
            elif placed:
                return tuple(placed), self._cut_off(canvas, here) if cut else None
            else:
                start = 0.0
        return tuple(placed), None

    def _cut_off(self, canvas: Samples, here: Placed) -> Placed | None:
        room = len(canvas) - here.start * SAMPLE_RATE
        if room <= SAMPLE_RATE / 2 or not self._likely(0.6):
            return None
        self._speak(canvas, here, quietest=0.6)
        return here

    def _speak(self, canvas: Samples, here: Placed, quietest: float) -> None:
        start = int(here.start * SAMPLE_RATE)
        sound = self._corpus.sound(here.utterance)[: len(canvas) - start]
        canvas[start : start + len(sound)] += sound * np.float32(self._chance.uniform(quietest, 1.0))

    def _first_start(self, seconds: float) -> float:
        kind = self._chance.random()
        if kind < 0.25:
            return self._chance.uniform(0.0, 0.1)
        if kind < 0.8:
            return self._chance.uniform(0.0, 0.9)
        return self._chance.uniform(0.9, seconds / 2)

    def _most_utterances(self) -> int:
        if self._likely(0.2):
            return 1
        return int(self._chance.integers(1, 13)) if self._likely(0.6) else 99

    def _loudness(self) -> np.float32:
        return np.float32(self._chance.uniform(0.05, 1.0) if self._likely(1 / 3) else 1.0)

    def _ended(self, canvas: Samples, placed: tuple[Placed, ...], rest: Placed | None) -> Samples:
        """Let the sound end soon after the last word more often than not: real files do."""
        if rest is not None or self._likely(0.4):
            return canvas
        if not placed:
            return canvas[: self._chance.integers(SAMPLE_RATE // 2, len(canvas))]
        return canvas[: int((placed[-1].end + self._chance.uniform(0.02, 1.5)) * SAMPLE_RATE)]

    def _noisy(self, sound: Samples, *, speech: bool) -> Samples:
        if not self._likely(0.6 if speech else 0.7):
            return np.ascontiguousarray(sound)
        decibels = self._chance.uniform(18, 55)
        reference = max(0.05, float(np.abs(sound).max()) if speech else 1.0)
        level = 10 ** (-decibels / 20) * reference * 0.3
        return (sound + self._noise(len(sound)) * level).astype(np.float32)

    def _noise(self, length: int) -> NDArray[np.float64]:
        white = self._chance.standard_normal(length)
        if self._likely(0.5):
            return white
        width = 2 ** int(self._chance.integers(1, 5))
        return np.convolve(white, np.ones(width) / math.sqrt(width), "same")

    def _likely(self, probability: float) -> bool:
        return bool(self._chance.random() < probability)
