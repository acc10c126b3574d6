"""`openai-whisper`: `transcribe()` file by file, 30 s after 30 s.

Forced by `sample_len` (tokens a window) and `suppress_tokens`; one temperature, no thresholds, no timestamps. It would
start ffmpeg for each file: it is given samples instead.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import whisper

from bench.speech.engines.engine import LANGUAGE, Done, Engine, Orders
from bench.speech.recordings import Recording
from bench.speech.sound import decoded


def load(orders: Orders) -> Engine:
    """Load the checkpoint."""
    torch.set_num_threads(orders.threads)
    return _OpenAi(whisper.load_model(str(orders.model / "model.pt"), device="cpu"), orders)


class _OpenAi(Engine):
    def __init__(self, model: Any, orders: Orders) -> None:
        self._model = model
        self._options = {
            "language": LANGUAGE,
            "fp16": False,
            "temperature": 0.0,
            "without_timestamps": True,
            "sample_len": orders.tokens,
            "suppress_tokens": orders.unsaid,
            "condition_on_previous_text": False,
            "no_speech_threshold": None,
            "logprob_threshold": None,
            "compression_ratio_threshold": None,
        }

    def transcribe(self, recordings: Sequence[Recording]) -> Iterator[Done]:
        for place, recording in enumerate(recordings):
            said = self._model.transcribe(decoded(recording.path), **self._options)
            yield Done(place, sum(len(segment["tokens"]) for segment in said["segments"]))
