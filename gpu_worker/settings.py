"""What a worker is told."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from functions.core.jobs.model import Lane
from functions.core.settings import JobQueues, Language, LibraryTable, Logging, MediaBucket, Speech


def _listed(text: object) -> object:
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else text


class WorkerSettings(LibraryTable, MediaBucket, JobQueues, Speech, Language, Logging):
    """Everything that a worker is told."""

    transcribe_timeout: int = Field(default=600, gt=0)
    """Seconds that a transcription may take for every ten minutes of audio begun."""
    whisper_model_dir: str = ""
    """Where models are kept; empty: Hugging Face's own cache."""
    whisper_cpu_threads: int = Field(default=0, ge=0)
    """Threads of the model on a CPU; 0: CTranslate2 decides."""
    worker_lanes: Annotated[frozenset[Lane], NoDecode, BeforeValidator(_listed)] = frozenset(Lane)
    """Which lanes this process runs, separated by commas."""
    lease_seconds: int = Field(default=30, ge=6)
    """How long a job stays claimed without a heartbeat: after `kill -9` it takes that long until it is tried again."""
