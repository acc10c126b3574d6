"""Transcribing in tests: one attempt, with nothing kept."""

from pathlib import Path
from typing import Any

from gpu_worker.speech.excerpt import Language, Manner
from gpu_worker.speech.front_end import Place
from gpu_worker.speech.listener import Listener
from gpu_worker.speech.transcription import OnProgress, Progress, Transcription, Wanted, transcribe
from gpu_worker.speech.whisper import HeardWindow
from tests.speech_synthesis import Samples, write_wav

FAST = Manner(beam_size=1, with_words=False)


def nobody_asks(_: Progress) -> None:
    pass


class Forgetful:
    """A checkpoint of an attempt that is the first and the last."""

    def __init__(self) -> None:
        self.language: Language | None = None

    def recall(self, _: Place) -> HeardWindow | None:
        return None

    def keep(self, place: Place, window: HeardWindow) -> None:
        pass


def transcribed(
    path: Path, listener: Listener, *, on_progress: OnProgress = nobody_asks, **wanted: Any
) -> Transcription:
    with path.open("rb") as file:
        return transcribe(
            file,
            listener,
            Wanted(model=listener.default, **wanted),
            checkpoint=Forgetful(),
            on_progress=on_progress,
        )


def heard(sound: Samples, listener: Listener, folder: Path, **wanted: Any) -> Transcription:
    return transcribed(write_wav(folder / "a.wav", sound), listener, **wanted)
