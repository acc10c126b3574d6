"""How well and how fast the speech lane hears: the same model in faster-whisper's own pipelines, in one run."""

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from faster_whisper import BatchedInferencePipeline, WhisperModel

from gpu_worker.speech.excerpt import Language
from gpu_worker.speech.front_end import Place
from gpu_worker.speech.listener import ROWS, Listener
from gpu_worker.speech.loaded_models import LoadedModels
from gpu_worker.speech.models import SpeechModel, demo_model
from gpu_worker.speech.transcription import Wanted, transcribe
from gpu_worker.speech.whisper import HeardWindow, SpeechEngine
from infra.demo_model.grammar import GRAMMARS
from infra.demo_model.word_errors import word_errors, words_of
from tests.speech_synthesis import conversation, write_wav

SENTENCES: Final = 45
VOICES: Final = {"en": "en-us", "ru": "ru"}
WINDOWS: Final = (4, 6, 8, 10, 30)


def measure() -> None:
    """Print word error rates and speeds."""
    print("A synthesised talk of 45 sentences with pauses of 0.3 s, demo model, int8, 1 thread, beam 5.\n")
    print("| pipeline | en: wrong words | en: × real time | ru: wrong words | ru: × real time |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        talks = {
            code: _talk(Path(folder) / f"{code}.wav", code, voice) for code, voice in (("en", "en-us"), ("ru", "ru"))
        }
        for name, transcribe in _pipelines().items():
            cells = [_cells(transcribe, *talk) for talk in talks.values()]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _talk(path: Path, language: str, voice: str) -> tuple[Path, list[str], float]:
    chance = random.Random(7)  # noqa: S311 (a measurement that repeats)
    sentences = [f"{GRAMMARS[language].sentence(chance)}." for _ in range(SENTENCES)]
    sound = conversation(sentences, voice, gap=0.3)
    return write_wav(path, sound), words_of(" ".join(sentences)), len(sound) / 16_000


def _pipelines() -> dict[str, Callable[[Path], str]]:
    model = demo_model()
    stock = WhisperModel(str(model.folder), device="cpu", compute_type="int8", cpu_threads=1)
    batched = BatchedInferencePipeline(stock)
    pipelines: dict[str, Callable[[Path], str]] = {
        "faster-whisper, one after another, VAD": lambda path: _joined(stock.transcribe(str(path), vad_filter=True)),
        "faster-whisper, batched": lambda path: _joined(batched.transcribe(str(path), batch_size=8)),
    }
    for seconds in WINDOWS:
        # As much room to spare as the shipped windows of 6 s have.
        rooms = tuple(room for room in (*model.rooms, 9.0, 11.0) if room <= seconds + 1)
        ours = "" if seconds != model.window_seconds else " (as shipped)"
        pipelines[f"Parley, windows of {seconds} s{ours}"] = _with(
            replace(model, window_seconds=float(seconds), rooms=rooms)
        )
    return pipelines


def _with(model: SpeechModel) -> Callable[[Path], str]:
    models = LoadedModels(lambda one: SpeechEngine(one, device="cpu", cpu_threads=1), most=1)
    listener = Listener(models, model, rows=ROWS["cpu"])
    listener.start()

    def text_of(path: Path) -> str:
        with path.open("rb") as file:
            found = transcribe(file, listener, Wanted(model=model), checkpoint=_Forgetful(), on_progress=lambda _: None)
        return found.transcript.text

    return text_of


class _Forgetful:
    """No checkpoint: nothing is interrupted here."""

    language: Language | None = None

    def recall(self, _: Place) -> HeardWindow | None:
        return None

    def keep(self, place: Place, window: HeardWindow) -> None:
        pass


def _joined(answer: tuple[object, object]) -> str:
    segments, _ = answer
    return " ".join(segment.text for segment in segments)  # type: ignore[attr-defined]


def _cells(transcribe: Callable[[Path], str], path: Path, spoken: list[str], seconds: float) -> str:
    began = time.perf_counter()
    heard = words_of(transcribe(path))
    spent = time.perf_counter() - began
    return f"{word_errors(spoken, heard) / len(spoken):.1%} | {seconds / spent:.0f}"
