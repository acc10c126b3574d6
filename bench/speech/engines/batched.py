"""`faster_whisper.BatchedInferencePipeline`, eight windows at a time; it batches windows of one file only.

Forced as in `stock`. Without its VAD it wants to be told where to cut: every 30 s, as the others do.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from faster_whisper import BatchedInferencePipeline
from faster_whisper.audio import decode_audio

from bench.speech.engines.engine import WINDOW_SECONDS, Done, Engine, Orders
from bench.speech.engines.stock import forced, loaded
from bench.speech.recordings import Recording
from bench.speech.sound import SAMPLE_RATE

_BATCH: Final = 8


def load(orders: Orders, *, vad: bool = False) -> Engine:
    """Load the pipeline."""
    return _Batched(loaded(orders), forced(orders), vad=vad)


class _Batched(Engine):
    def __init__(self, model: Any, options: dict[str, Any], *, vad: bool) -> None:
        self._pipeline, self._options, self._vad = BatchedInferencePipeline(model), options, vad

    def transcribe(self, recordings: Sequence[Recording]) -> Iterator[Done]:
        for place, recording in enumerate(recordings):
            sound = decode_audio(str(recording.path))
            cuts = {"vad_filter": True} if self._vad else {"vad_filter": False, "clip_timestamps": _cuts(len(sound))}
            segments, _ = self._pipeline.transcribe(sound, batch_size=_BATCH, **cuts, **self._options)
            yield Done(place, sum(len(segment.tokens) for segment in segments))


def _cuts(samples: int) -> list[dict[str, float]]:
    seconds = samples / SAMPLE_RATE
    starts = range(0, int(-(-seconds // 1)), WINDOW_SECONDS)
    return [{"start": float(start), "end": min(seconds, start + WINDOW_SECONDS)} for start in starts]
