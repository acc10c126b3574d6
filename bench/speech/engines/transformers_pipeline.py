"""Hugging Face's pipeline `automatic-speech-recognition`, chunks of 30 s without overlap, also of several files.

Forced by `min_new_tokens` and `max_new_tokens`; greedy, no timestamps, and the same tokens suppressed as everywhere. It
would start ffmpeg for each file: it is given samples instead.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers import pipeline
from transformers.utils import logging

from bench.speech.engines.engine import LANGUAGE, WINDOW_SECONDS, Done, Engine, Orders
from bench.speech.recordings import Recording
from bench.speech.sound import SAMPLE_RATE, decoded


def load(orders: Orders, *, batch: int) -> Engine:
    """Load the pipeline."""
    torch.set_num_threads(orders.threads)
    logging.set_verbosity_error()
    made = pipeline(
        "automatic-speech-recognition", model=str(orders.model), device="cpu", chunk_length_s=WINDOW_SECONDS
    )
    return _Pipeline(made, batch, orders)


class _Pipeline(Engine):
    def __init__(self, made: Any, batch: int, orders: Orders) -> None:
        self._pipeline, self._batch = made, batch
        settings = copy.deepcopy(made.model.generation_config)
        settings.update(min_new_tokens=orders.tokens, max_new_tokens=orders.tokens, suppress_tokens=orders.unsaid)
        settings.update(num_beams=1, do_sample=False)
        self._options = {"generation_config": settings, "language": LANGUAGE, "task": "transcribe"}
        self._count = _Counter(made.model)

    def transcribe(self, recordings: Sequence[Recording]) -> Iterator[Done]:
        sounds = ({"raw": decoded(recording.path), "sampling_rate": SAMPLE_RATE} for recording in recordings)
        answers = self._pipeline(
            sounds, batch_size=self._batch, stride_length_s=0, generate_kwargs=self._options, return_timestamps=False
        )
        for place, _ in enumerate(answers):
            yield Done(place, self._count.taken())


class _Counter:
    """Counts the tokens that the model generates, for the answers are text. Of a batch, the first has them all."""

    def __init__(self, model: Any) -> None:
        self._tokens = 0
        generate = model.generate

        def counting(*arguments: Any, **options: Any) -> Any:
            answer = generate(*arguments, **options)
            self._tokens += int((answer < model.generation_config.eos_token_id).sum())
            return answer

        model.generate = counting

    def taken(self) -> int:
        tokens, self._tokens = self._tokens, 0
        return tokens
