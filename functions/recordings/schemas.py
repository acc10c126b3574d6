"""Recordings on the wire; never the stored item."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from functions.api.announcements import ComingRecording, LocationId, Moment, Title
from functions.api.views import FailureView, JobView
from functions.core.jobs.model import Job, Kind
from functions.core.jobs.options import Language, Wanted
from functions.core.recordings.model import Recording, RecordingStatus, Work
from functions.core.recordings.tracks import RecordedCall


def _to_the_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


class RecordingRequest(ComingRecording):
    """A recording to come, and what shall be done with it."""

    process: list[Wanted] | None = Field(
        default=None,
        max_length=8,
        description="What to do with it once it is there. Without it: transcribe and summarise; `[]`: nothing",
    )


class RecordingChange(BaseModel):
    """What is to be different; the rest stays. Null takes away what may be missing."""

    title: Title = Field(default="", examples=["Планёрка в понедельник"])
    location_id: LocationId | None = None
    language: Language | None = Field(default=None, description="What is spoken; null: the model listens for it")
    recorded_at: Moment | None = Field(default=None, description="When it took place; UTC if not said")
    keep_until: Annotated[Moment, AfterValidator(_to_the_second)] | None = Field(
        default=None, description="When it is to be deleted; null: it stays. UTC if not said"
    )


class BulkDeletion(BaseModel):
    """Which recordings are to be deleted."""

    ids: list[Annotated[str, StringConstraints(max_length=64)]] = Field(min_length=1, max_length=1000)


class NotDeleted(BaseModel):
    """A recording that was not deleted, and why."""

    id: str
    code: str = Field(description="For programs", examples=["not-found"])
    detail: str = Field(description="For people", examples=["There is no such recording."])


class Deleted(BaseModel):
    """What has become of each."""

    deleted: list[str]
    failed: list[NotDeleted]


class ProcessView(BaseModel):
    """Something to do with a recording."""

    kind: Kind
    options: dict[str, Any]
    preset: str | None = Field(description="The preset that options came from")


class RecordedCallView(BaseModel):
    """The call that a recording is of: who wanted it recorded, and what is missing of it."""

    call_id: str
    requested_by: str = Field(description="The owner's number", examples=["12345678"])
    requested_at: datetime
    granted_by: str = Field(description="The other side's number", examples=["87654321"])
    granted_at: datetime
    consent_text: str = Field(description="The version of what both were shown", examples=["parley/consent-text/1"])
    speakers: list[str] = Field(description="What both are called, the owner first")
    notes: list[str] = Field(description="What is missing of it, for people")

    @classmethod
    def of(cls, call: RecordedCall | None) -> "RecordedCallView | None":
        """Show the call of a recording, if it is of one."""
        if call is None:
            return None
        consent = call.consent
        return cls(
            call_id=consent.call_id,
            requested_by=consent.requested_by,
            requested_at=consent.requested_at,
            granted_by=consent.granted_by,
            granted_at=consent.granted_at,
            consent_text=consent.text,
            speakers=list(call.names),
            notes=list(call.notes),
        )


class RecordingView(BaseModel):
    """A recording with what is being done with it."""

    id: str
    owner_id: str
    title: str
    filename: str
    size: int
    sha256: str | None = Field(description="Of the bytes, in hex, as their sender said")
    content_type: str = Field(description="What was announced")
    media_type: str | None = Field(description="What it is, by its content")
    status: RecordingStatus
    error: FailureView | None = Field(description="Why the upload was refused")
    work: Work = Field(description="How far its jobs are together; of each kind the newest counts")
    duration: float | None = Field(description="Seconds, known once transcribed")
    words: int | None = Field(description="How many were said, known once transcribed")
    realtime_factor: float | None = Field(description="Seconds of sound transcribed in a second")
    has_corrections: bool = Field(description="Whether people have corrected what was heard")
    language: str | None = Field(description="As told, else as heard")
    location_id: str | None
    recorded_at: datetime | None
    created_at: datetime
    uploaded_at: datetime | None
    keep_until: datetime | None = Field(description="When it is to be deleted; null: it stays")
    call: RecordedCallView | None = Field(description="The call that it is of; null: it was uploaded")
    process: list[ProcessView]
    jobs: list[JobView]

    @classmethod
    def of(cls, recording: Recording, jobs: list[Job], now: datetime) -> "RecordingView":
        """Show a recording."""
        return cls(
            id=recording.id,
            owner_id=recording.owner_id,
            title=recording.title,
            filename=recording.filename,
            size=recording.size,
            sha256=recording.sha256,
            content_type=recording.content_type,
            media_type=recording.media_type,
            status=recording.status(now),
            error=FailureView.of(recording.error),
            work=recording.work,
            duration=recording.duration,
            words=recording.words,
            realtime_factor=_realtime_factor(recording),
            has_corrections=bool(recording.corrections),
            language=recording.language or recording.heard_language,
            location_id=recording.location_id,
            recorded_at=recording.recorded_at,
            created_at=recording.created_at,
            uploaded_at=recording.uploaded_at,
            keep_until=recording.keep_until,
            call=RecordedCallView.of(recording.call),
            process=[ProcessView(kind=one.kind, options=one.options, preset=one.preset) for one in recording.process],
            jobs=[JobView.of(job) for job in jobs],
        )


def _realtime_factor(recording: Recording) -> float | None:
    if recording.duration is None or not recording.listening_seconds:
        return None
    return round(recording.duration / recording.listening_seconds, 2)
