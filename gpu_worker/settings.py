"""What a worker is told."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from functions.core.jobs.model import Lane
from functions.core.settings import AsciiLimits, JobQueues, Language, LibraryTable, Logging, MediaBucket, Speech


def _listed(text: object) -> object:
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else text


class WorkerSettings(LibraryTable, MediaBucket, JobQueues, Speech, Language, AsciiLimits, Logging):
    """Everything that a worker is told."""

    transcribe_timeout: int = Field(default=600, gt=0)
    """Seconds that a transcription may take for every ten minutes of audio begun."""
    whisper_model_dir: str = ""
    """Where models are kept; empty: Hugging Face's own cache."""
    whisper_models_loaded: int = Field(default=2, ge=1)
    """How many models may be in memory at a time; jobs may choose others than the house's own."""
    speech_jobs_at_once: int = Field(default=0, ge=0, le=64)
    """Recordings heard side by side, whose windows share the model's batches; 0: as many as make a batch."""
    diarization_model_dir: str = ""
    """Folder with the models that tell voices apart (docs/transcription.md); empty: speakers by channels only."""
    diarization_threshold: float = Field(default=0.5, gt=0, le=2)
    """How different voices must sound to be two; lower finds more speakers."""
    whisper_cpu_threads: int = Field(default=0, ge=0)
    """Threads of the model on a CPU; 0: CTranslate2 decides."""
    pictures_jobs_at_once: int = Field(default=0, ge=0, le=64)
    """Videos drawn side by side, each by a process of its own; 0: half as many as there are processors."""
    ascii_timeout: int = Field(default=600, gt=0)
    """Seconds that turning a video into ASCII may take for every minute of it begun."""
    ascii_memory_mb: int = Field(default=2048, ge=256)
    """What one video may take of memory."""
    presence_table: str = ""
    """Where stands who watches videos being drawn; empty, as `realtime_url` is: nobody does."""
    realtime_url: str = ""
    """Where they are connected: wss://.../ws"""
    worker_lanes: Annotated[frozenset[Lane], NoDecode, BeforeValidator(_listed)] = frozenset(Lane)
    """Which lanes this process runs, separated by commas."""
    lease_seconds: int = Field(default=30, ge=6)
    """How long a job stays claimed without a heartbeat: after `kill -9` it takes that long until it is tried again."""
