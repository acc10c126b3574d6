import pytest

from gpu_worker.speech.models import demo_model
from gpu_worker.speech.whisper import SpeechEngine


@pytest.fixture(scope="session")
def engine() -> SpeechEngine:
    return SpeechEngine(demo_model(), device="cpu", cpu_threads=1)
