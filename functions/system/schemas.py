"""What the house says of itself."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.core.jobs.options import Template
from functions.core.jobs.worker_report import WorkerReport
from functions.core.redrives import DeadQueue


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
    ascii_most_pixels: int = Field(description="Of one picture of a video that is turned into ASCII")
    ascii_longest_seconds: int = Field(description="The longest video that is turned into ASCII")
    ascii_keep_days: int = Field(description="How long the files are kept that a video is turned into")


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
    models: list[ModelRow] = Field(description="Those that may be asked for; the house's own need not be among them")
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


class JobInHand(BaseModel):
    """What a worker is at."""

    job_id: str
    kind: str
    since: datetime


class LastError(BaseModel):
    """What broke last."""

    code: str
    detail: str
    at: datetime
    kind: str | None = Field(description="Of the job; null: the worker could not start")


class WorkerState(StrEnum):
    """How a worker is."""

    BUSY = "busy"
    IDLE = "idle"
    STOPPED = "stopped"
    FAILED = "failed"
    SILENT = "silent"


class WorkerRow(BaseModel):
    """A worker that spoke within a day."""

    name: str
    state: WorkerState = Field(
        description="`stopped`: as it was told to; `failed`: it could not start; `silent`: gone without a word"
    )
    lanes: list[str]
    model: str | None
    device: str | None
    started_at: datetime
    last_seen: datetime = Field(description="It speaks every five minutes, and soon after its work has changed")
    jobs_in_hand: list[JobInHand]
    jobs_done: int
    jobs_broken: int
    last_error: LastError | None


class SystemCheck(BaseModel):
    """How everything is."""

    ok: bool = Field(description="Whether all checks are")
    checked_at: datetime
    checks: list[Finding]
    workers: list[WorkerRow] = Field(description="Who spoke last stands first; at most 50")


class RedriveRequest(BaseModel):
    """What is to be tried again."""

    model_config = ConfigDict(extra="forbid")

    queue: DeadQueue = Field(description="Dead uploads, changes or webhooks, by the check of that name")


class RedriveAnswer(BaseModel):
    """What is being tried again."""

    queue: DeadQueue
    messages: int = Field(description="How many there are, about; 0: there is nothing to do")


def worker_row(one: WorkerReport, now: datetime) -> WorkerRow:
    """Show a worker as it is."""
    error = one.last_error
    return WorkerRow(
        name=one.worker,
        state=_state_of(one, now),
        lanes=list(one.lanes),
        model=one.model,
        device=one.device,
        started_at=one.started_at,
        last_seen=one.last_seen,
        jobs_in_hand=[JobInHand(job_id=job.job_id, kind=job.kind, since=job.since) for job in one.in_hand],
        jobs_done=one.jobs_done,
        jobs_broken=one.jobs_broken,
        last_error=error and LastError(code=error.code, detail=error.detail, at=error.at, kind=error.kind),
    )


def _state_of(one: WorkerReport, now: datetime) -> WorkerState:
    if one.could_not_start:
        return WorkerState.FAILED
    if one.ended_at is not None:
        return WorkerState.STOPPED
    if not one.lives(now):
        return WorkerState.SILENT
    return WorkerState.BUSY if one.in_hand else WorkerState.IDLE
