"""What the house says of itself."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from functions.core.jobs.options import Template


class Health(BaseModel):
    """That it lives."""

    status: Literal["healthy"] = "healthy"
    version: str
    uptime_seconds: float = Field(description="Of the process that answers")
    active_jobs: int = Field(description="Jobs in workers' hands, about")


class Limits(BaseModel):
    """What is taken."""

    max_upload_bytes: int
    upload_minutes: int


class ModelInfo(BaseModel):
    """What transcribes. Until a worker has run, only the setting is known."""

    setting: str
    name: str | None = Field(description="The model that the newest worker runs")
    notes: list[str] = Field(description="What it can't do")
    device: str | None
    compute_type: str | None


class ModelRow(BaseModel):
    """A model that may be asked for."""

    name: str
    parameters: str
    memory_mb: int = Field(description="Of the weights on a CPU (int8)")
    gpu_memory_mb: int = Field(description="On a GPU (float16)")
    speed: float = Field(description="Relative to large-v3 on the same machine")
    languages: int = Field(description="How many it knows")
    translates: bool = Field(description="Whether it can write English while another language is spoken")
    advice: str
    on_disk: bool | None = Field(description="Whether the newest worker needs no download for it; null: nobody knows")
    default: bool = Field(description="Whether it transcribes where no model is asked for")


class Info(BaseModel):
    """What the house is."""

    name: Literal["parley"] = "parley"
    version: str
    engine: Literal["faster-whisper"] = "faster-whisper"
    model: ModelInfo
    models: list[ModelRow]
    summary_engine: str | None
    summary_templates: list[Template]
    diarizer: str | None = Field(description="What tells voices apart; null: nothing does, or no worker has reported")
    device: str | None
    gpu: bool | None = Field(description="Whether the newest worker has one; null: nobody knows")
    fast_mode: bool
    limits: Limits
    features: list[str]


class Finding(BaseModel):
    """How one thing is."""

    name: str
    ok: bool
    detail: str


class SystemCheck(BaseModel):
    """How everything is."""

    ok: bool = Field(description="Whether all checks are")
    checked_at: datetime
    checks: list[Finding]
