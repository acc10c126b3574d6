"""No transcript: what the encoder alone takes for the same windows, one after another, in CTranslate2."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from faster_whisper.audio import decode_audio, pad_or_trim
from numpy.typing import NDArray

from bench.speech.engines.engine import Done, Engine, Orders
from bench.speech.engines.stock import loaded
from bench.speech.recordings import Recording

_Features = NDArray[np.float32]


def load(orders: Orders, *, cut: bool = False) -> Engine:
    """Load the model; with `cut`, windows end where the recording does."""
    return _Encoder(loaded(orders), cut=cut)


class _Encoder(Engine):
    def __init__(self, model: Any, *, cut: bool) -> None:
        self._model, self._cut = model, cut
        self._windows: dict[Recording, list[_Features]] = {}

    def prepare(self, recordings: Sequence[Recording]) -> None:
        self._windows = {recording: self._windows_of(recording) for recording in recordings}

    def transcribe(self, recordings: Sequence[Recording]) -> Iterator[Done]:
        for place, recording in enumerate(recordings):
            for window in self._windows[recording]:
                np.array(self._model.encode(window))
            yield Done(place, 0)

    def _windows_of(self, recording: Recording) -> list[_Features]:
        extractor = self._model.feature_extractor
        frames = extractor.nb_max_frames
        features = extractor(decode_audio(str(recording.path)))[..., :-1]
        windows = (features[..., start : start + frames] for start in range(0, features.shape[-1], frames))
        return [np.ascontiguousarray(pad_or_trim(window, self._length(window, frames))) for window in windows]

    def _length(self, window: _Features, frames: int) -> int:
        # In eights, as the processor likes it.
        return min(frames, -(-window.shape[-1] // 8) * 8) if self._cut else frames
