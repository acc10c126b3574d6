"""What the house says of itself."""

from typing import Literal

from pydantic import BaseModel, Field


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


class Info(BaseModel):
    """What the house is."""

    name: Literal["parley"] = "parley"
    version: str
    engine: Literal["faster-whisper"] = "faster-whisper"
    model: ModelInfo
    summary_engine: str | None
    device: str | None
    fast_mode: bool
    limits: Limits
    features: list[str]
