"""Batches on the wire; never the stored items."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Body
from pydantic import BaseModel, Field, StringConstraints, model_validator

from functions.api.announcements import ComingRecording, FormUpload
from functions.core.batches.model import MOST_RECORDINGS, MOST_UPLOADS, Batch, BatchStatus
from functions.core.batches.store import Whole
from functions.core.jobs.model import Kind
from functions.core.jobs.options import Summarise, ToAsciiVideo, Transcribe

RecordingId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class OfRecordings(BaseModel):
    """Which recordings a batch is about: those that are there, or those to come."""

    recording_ids: list[RecordingId] | None = Field(
        default=None, min_length=1, max_length=MOST_RECORDINGS, description="`rec_...`; each is worked on once"
    )
    uploads: list[ComingRecording] | None = Field(
        default=None, min_length=1, max_length=MOST_UPLOADS, description="Recordings to come, of 5 GiB at most each"
    )

    @model_validator(mode="after")
    def _names_either(self) -> Self:
        if (self.recording_ids is None) == (self.uploads is None):
            raise ValueError("name either `recording_ids` or `uploads`")
        return self

    def distinct_ids(self) -> list[str]:
        """Return each id once, in their order."""
        return list(dict.fromkeys(self.recording_ids or []))


class TranscribeBatch(Transcribe, OfRecordings):
    """Transcribe many recordings."""


class SummariseBatch(Summarise, OfRecordings):
    """Summarise many recordings."""


class AsciiVideoBatch(ToAsciiVideo, OfRecordings):
    """Turn many videos into ASCII."""


BatchRequest = Annotated[TranscribeBatch | SummariseBatch | AsciiVideoBatch, Body(discriminator="kind")]
"""A kind of job, its options, and the recordings that it is about."""


class RefusedRecording(BaseModel):
    """A recording that got no job, and why."""

    recording_id: str
    code: str = Field(description="For programs", examples=["not-found"])
    detail: str = Field(description="For people", examples=["There is no such recording."])


class BatchSummary(BaseModel):
    """How far a batch is."""

    id: str
    kind: Kind
    options: dict[str, Any]
    preset: str | None
    status: BatchStatus = Field(
        description=(
            "`running` until all have ended; then `failed` if any has failed, else `cancelled` if any was, else "
            "`succeeded`"
        )
    )
    progress: float = Field(ge=0, le=1, description="The share of what has ended")
    total: int
    completed: int
    failed: int = Field(description="Also those that got no job, and uploads that never came")
    cancelled: int
    created_at: datetime
    cancelled_at: datetime | None
    upload_until: datetime | None = Field(description="Until when its uploads may come")

    @classmethod
    def of(cls, batch: Batch, now: datetime) -> "BatchSummary":
        """Show a batch as it was counted last."""
        return cls(**_summary(batch, now))


class BatchView(BatchSummary):
    """How far a batch is, and what it is made of."""

    job_ids: list[str] = Field(description="In the order in which the recordings were named; uploads get theirs later")
    refused: list[RefusedRecording]

    @classmethod
    def of_whole(cls, whole: Whole, now: datetime, **more: Any) -> Self:
        """Show a batch with its jobs."""
        batch = whole.batch.counting(whole.entries)
        refused = whole.entries.refused.items()
        return cls(
            **_summary(batch, now),
            job_ids=list(whole.entries.jobs.values()),
            refused=[RefusedRecording(recording_id=one, code=why.code, detail=why.detail) for one, why in refused],
            **more,
        )


class BatchUpload(BaseModel):
    """Where the bytes of a recording to come are sent."""

    recording_id: str
    upload: FormUpload | None = Field(description="null: nothing is to be sent any more")


class StartedBatch(BatchView):
    """A batch, and where the bytes of its recordings are sent."""

    uploads: list[BatchUpload] | None = Field(
        default=None, description="In the order in which they were announced; null: of recordings that are there"
    )


def _summary(batch: Batch, now: datetime) -> dict[str, Any]:
    tally = batch.tally.at(now, batch.upload_until)
    return {
        "id": batch.id,
        "kind": batch.kind,
        "options": batch.options,
        "preset": batch.preset,
        "status": tally.status,
        "progress": round(tally.progress, 4),
        "total": tally.total,
        "completed": tally.completed,
        "failed": tally.failed,
        "cancelled": tally.cancelled,
        "created_at": batch.created_at,
        "cancelled_at": batch.cancelled_at,
        "upload_until": batch.upload_until,
    }
