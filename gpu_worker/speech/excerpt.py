"""What one reading of the model is about: a stretch of sound as the encoder wants it, and how it is to be read."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from gpu_worker.speech.audio import SAMPLE_RATE, Samples
from gpu_worker.speech.models import SpeechModel
from gpu_worker.speech.windows import Window

FRAMES_PER_SECOND: Final = 100

Encoded = NDArray[Any]
"""What the encoder made of one excerpt, shaped (frames / 2, width)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to read. Excerpts share a batch only if theirs is the same."""

    task: str = "transcribe"
    beam_size: int = 5
    with_words: bool = True
    prompt: str = ""
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What is spoken; found out once per recording. The probability is 1 when somebody said so."""

    code: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """One window, ready for the model.

    `features` is shaped (mels, frames), padded to a length that depends on the window alone: what else is in a batch
    never changes what is heard.
    """

    window: Window
    features: Samples
    language: Language | None = None
    is_certain: bool = False
    """Whether the language is given; otherwise a window that is clearly in another one is read as that."""
    encoded: Encoded | None = None

    @property
    def frames(self) -> int:
        """How many frames the encoder gets."""
        return int(self.features.shape[1])

    @property
    def sounding_frames(self) -> int:
        """How many of them are sound and not padding."""
        return min(self.frames, max(1, round(self.seconds * FRAMES_PER_SECOND)))

    @property
    def seconds(self) -> float:
        """Of sound."""
        return len(self.window.samples) / SAMPLE_RATE


def excerpt_of(window: Window, model: SpeechModel, *, whole_window: bool = False) -> Excerpt:
    """Prepare a window for a model; `whole_window` gives it all the room that the model has."""
    seconds = len(window.samples) / SAMPLE_RATE
    room = model.longest_seconds if whole_window else model.room_for(seconds, is_whole=window.is_whole)
    frames = int(room * FRAMES_PER_SECOND)
    # The last frame is made of padding only; without it the features are those of faster-whisper's own pipelines.
    features = _extractor(model)(window.samples)[:, :-1]
    padded = np.zeros((features.shape[0], frames), np.float32)
    padded[:, : min(frames, features.shape[1])] = features[:, :frames]
    return Excerpt(window=window, features=padded)


def _extractor(model: SpeechModel) -> Any:
    return _extractor_with(model.mels)


@lru_cache(maxsize=4)
def _extractor_with(mels: int) -> Any:
    return FeatureExtractor(feature_size=mels)
