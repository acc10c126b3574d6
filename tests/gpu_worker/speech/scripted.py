"""A model that says what a test wants, in place of CTranslate2's: first thing first, and it notes what was asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import ctranslate2
import numpy as np

from gpu_worker.speech.models import SpeechModel, demo_model
from gpu_worker.speech.whisper import SpeechEngine

STEP = 0.02


@dataclass(frozen=True)
class Said:
    """One answer: the text, or the tokens where a test needs these, and what the model thinks of it."""

    text: str = "We agreed."
    likelihood: float = -0.2
    no_speech: float = 0.0
    tokens: tuple[int, ...] | None = None


class ScriptedModel:
    is_multilingual = True

    def __init__(self, tokenizer: Any, answers: Sequence[Said], chances: Mapping[str, float] | None = None) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.rooms: list[int] = []
        self._tokenizer = tokenizer
        self._chances = chances or {"en": 0.95, "ru": 0.05}

    def encode(self, features: Any) -> Any:
        rows, _, frames = features.shape
        self.rooms.append(frames)
        return ctranslate2.StorageView.from_array(np.zeros((rows, frames // 2, 2), np.float32))

    def detect_language(self, encoded: Any) -> list[list[tuple[str, float]]]:
        return [[(f"<|{code}|>", chance) for code, chance in self._chances.items()] for _ in range(encoded.shape[0])]

    def generate(self, encoded: Any, prompts: Sequence[Sequence[int]], **options: Any) -> list[Any]:
        assert len(prompts) == encoded.shape[0]
        self.asked.append({"prompts": prompts, **options})
        return [self._result(self.answers.pop(0)) for _ in prompts]

    def align(
        self, encoded: Any, start: Sequence[int], texts: Sequence[Sequence[int]], frames: Sequence[int]
    ) -> list[Any]:
        assert len(texts) == len(frames) == encoded.shape[0]
        return [
            SimpleNamespace(
                alignments=[(at, at) for at in range(len(text) + 1)], text_token_probs=[0.9] * (len(text) + 1)
            )
            for text in texts
        ]

    def _result(self, said: Said) -> Any:
        tokens = list(said.tokens if said.tokens is not None else self._tokenizer.encode(f" {said.text}"))
        score = said.likelihood * (len(tokens) + 1) / max(1, len(tokens))
        return SimpleNamespace(sequences_ids=[tokens], scores=[score], no_speech_prob=said.no_speech)


class ScriptedEngine(SpeechEngine):
    """The engine over a scripted model, with the demo model's tokens."""

    def __init__(
        self, *answers: Said, model: SpeechModel | None = None, chances: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(model or demo_model(), device="cpu", cpu_threads=1)
        self.tokenizer: Any = self._tokenizer("en")
        self.script = ScriptedModel(self.tokenizer, answers, chances)
        self._whisper.model = self.script

    def at(self, seconds: float) -> int:
        """The token of a time in a window."""
        return int(self.tokenizer.timestamp_begin + round(seconds / STEP))
