"""What several doors show: a job, and why something failed."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from functions.core.jobs.model import Failure, Job, Kind, Status


class FailureView(BaseModel):
    """Why something came to nothing."""

    code: str = Field(description="For programs", examples=["not-media"])
    detail: str = Field(description="For people", examples=["The file is no audio or video."])

    @classmethod
    def of(cls, failure: Failure | None) -> "FailureView | None":
        """Show a failure, if there is one."""
        return None if failure is None else cls(code=failure.code, detail=failure.detail)


class JobView(BaseModel):
    """One piece of work on a recording."""

    id: str
    kind: Kind
    status: Status
    stage: str = Field(description="Where the work is", examples=["transcribing"])
    progress: float = Field(ge=0, le=1)
    message: str = Field(description="The same for people", examples=["1:20 of 4:05"])
    eta_seconds: float | None = Field(description="Seconds until it is probably done")
    attempts: int = Field(description="How often a worker has started on it")
    error: FailureView | None = Field(description="Why it failed, or why its last attempt did")
    timings: dict[str, float] = Field(description="Seconds by stage; `realtime_factor` is audio over wall time")
    options: dict[str, Any]
    preset: str | None = Field(description="The preset that options came from")
    recording_id: str
    batch_id: str | None = Field(description="The batch that asked for it")
    retry_of: str | None = Field(description="The job that came to nothing and that this one does once more")
    after: str | None = Field(description="The job that this one waits for, or waited")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "JobView":
        """Show a job."""
        return cls(
            id=job.id,
            kind=job.kind,
            status=job.status,
            stage=job.stage,
            progress=job.progress,
            message=job.message,
            eta_seconds=job.eta_seconds,
            attempts=job.attempts,
            error=FailureView.of(job.error),
            timings=job.timings,
            options=job.options,
            preset=job.preset,
            recording_id=job.recording_id,
            batch_id=job.batch_id,
            retry_of=job.retry_of,
            after=job.after,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )
