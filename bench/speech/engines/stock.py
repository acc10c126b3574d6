"""`faster_whisper.WhisperModel.transcribe`, file by file, window after window.

Forced by `max_new_tokens` and `suppress_tokens`; beam 1, one temperature, no thresholds, no timestamps. CTranslate2
ends at half of its `max_length`, which faster-whisper makes of the prompt's four tokens and `max_new_tokens`. So twice
the tokens less the prompt are asked for, and exactly the tokens come.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from faster_whisper import WhisperModel

from bench.speech.engines.engine import LANGUAGE, Done, Engine, Orders
from bench.speech.recordings import Recording

_PROMPT: Final = 4


def load(orders: Orders, *, vad: bool = False) -> Engine:
    """Load the model."""
    return _Stock(loaded(orders), forced(orders) | {"vad_filter": vad})


def loaded(orders: Orders) -> Any:
    """Load the model as all engines of faster-whisper do."""
    return WhisperModel(
        str(orders.model), device="cpu", compute_type="int8", cpu_threads=orders.threads, local_files_only=True
    )


def forced(orders: Orders) -> dict[str, Any]:
    """Give the options that make exactly the ordered tokens."""
    return {
        "language": LANGUAGE,
        "beam_size": 1,
        "temperature": 0.0,
        "without_timestamps": True,
        "max_new_tokens": 2 * orders.tokens - _PROMPT,
        "suppress_tokens": orders.unsaid,
        "condition_on_previous_text": False,
        "no_speech_threshold": None,
        "log_prob_threshold": None,
        "compression_ratio_threshold": None,
    }


class _Stock(Engine):
    def __init__(self, model: Any, options: dict[str, Any]) -> None:
        self._model, self._options = model, options

    def transcribe(self, recordings: Sequence[Recording]) -> Iterator[Done]:
        for place, recording in enumerate(recordings):
            segments, _ = self._model.transcribe(str(recording.path), **self._options)
            yield Done(place, sum(len(segment.tokens) for segment in segments))
