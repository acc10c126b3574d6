from collections.abc import Iterator

import pytest

from gpu_worker.speech.listener import Listener
from gpu_worker.speech.loaded_models import LoadedModels
from gpu_worker.speech.models import demo_model
from gpu_worker.speech.whisper import SpeechEngine


@pytest.fixture(scope="session")
def engine() -> SpeechEngine:
    return SpeechEngine(demo_model(), device="cpu", cpu_threads=1)


@pytest.fixture(scope="session")
def listener(engine: SpeechEngine) -> Iterator[Listener]:
    listener = Listener(LoadedModels(lambda _: engine, most=1), engine.model, rows=8)
    listener.start()
    yield listener
    listener.stop()
