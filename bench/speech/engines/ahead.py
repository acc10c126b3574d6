"""No transcript: what goes ahead of the model, on a CPU whatever the model runs on: decode, find speech, features."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np
from faster_whisper.audio import decode_audio
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.vad import collect_chunks, get_speech_timestamps

from bench.speech.engines.engine import Done, Engine, Orders
from bench.speech.recordings import Recording
from functions.core.jobs.options import VoiceActivity
from gpu_worker.speech.audio import AudioFile
from gpu_worker.speech.excerpt import excerpt_of
from gpu_worker.speech.front_end import FrontEnd
from gpu_worker.speech.models import SpeechModel


def load(orders: Orders, *, stock: bool = False) -> Engine:
    """Prepare as Parley does; with `stock`, as faster-whisper does with its VAD."""
    return _Stock() if stock else _Ours(SpeechModel(name="bench", folder=orders.model))


class _Ahead(Engine):
    def transcribe(self, recordings: Sequence[Recording]) -> Iterator[Done]:
        for place, recording in enumerate(recordings):
            self.prepare_one(recording)
            yield Done(place, 0)

    @abstractmethod
    def prepare_one(self, recording: Recording) -> None: ...


class _Ours(_Ahead):
    def __init__(self, model: SpeechModel) -> None:
        self._model = model

    def prepare_one(self, recording: Recording) -> None:
        with recording.path.open("rb") as file, AudioFile(file) as audio:
            for cut in FrontEnd(audio, self._model, VoiceActivity(), by_track=False).cuts():
                if cut is not None:
                    excerpt_of(cut.window, self._model)


class _Stock(_Ahead):
    def __init__(self) -> None:
        self._extractor = FeatureExtractor()

    def prepare_one(self, recording: Recording) -> None:
        sound = decode_audio(str(recording.path))
        pieces, _ = collect_chunks(sound, get_speech_timestamps(sound))
        self._extractor(np.concatenate(pieces))
