"""Recordings on the wire; never the stored item."""

from datetime import datetime
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from functions.api.views import FailureView, JobView
from functions.core.jobs.model import Job, Kind
from functions.core.jobs.options import Language, Wanted, chosen
from functions.core.recordings.media import UploadForm
from functions.core.recordings.model import Process, Recording, RecordingStatus
from functions.core.recordings.texts import printable

FileName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), AfterValidator(printable)
]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(printable)
]
ContentType = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+(;[ \w.+=\"-]*)?$")
]


class RecordingRequest(BaseModel):
    """A recording to come."""

    filename: FileName = Field(examples=["встреча.m4a"])
    size: int = Field(gt=0, description="Bytes; the upload takes exactly so many", examples=[1048576])
    content_type: ContentType = Field(description="What the upload will be sent as", examples=["audio/mp4"])
    title: Title | None = Field(default=None, description="Without it the file's name")
    location_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    recorded_at: datetime | None = None
    language: Language | None = Field(default=None, description="What is spoken; without it the model listens for it")
    process: list[Wanted] | None = Field(
        default=None,
        max_length=8,
        description="What to do with it once it is there. Without it: transcribe and summarise; `[]`: nothing",
    )

    def processes(self) -> tuple[Process, ...] | None:
        """Return what was asked for, or None."""
        if self.process is None:
            return None
        return tuple(Process(one.kind, chosen(one)) for one in self.process)

    def title_or_name(self) -> str:
        """Return the title, or the file's name without its ending."""
        return self.title or PurePath(self.filename).stem or self.filename


class ProcessView(BaseModel):
    """Something to do with a recording."""

    kind: Kind
    options: dict[str, Any]


class RecordingView(BaseModel):
    """A recording with what is being done with it."""

    id: str
    title: str
    filename: str
    size: int
    content_type: str = Field(description="What was announced")
    media_type: str | None = Field(description="What it is, by its content")
    status: RecordingStatus
    error: FailureView | None = Field(description="Why the upload was refused")
    duration: float | None = Field(description="Seconds, known once transcribed")
    language: str | None = Field(description="As told, else as heard")
    location_id: str | None
    recorded_at: datetime | None
    created_at: datetime
    uploaded_at: datetime | None
    process: list[ProcessView]
    jobs: list[JobView]

    @classmethod
    def of(cls, recording: Recording, jobs: list[Job], now: datetime) -> "RecordingView":
        """Show a recording."""
        return cls(
            id=recording.id,
            title=recording.title,
            filename=recording.filename,
            size=recording.size,
            content_type=recording.content_type,
            media_type=recording.media_type,
            status=recording.status(now),
            error=FailureView.of(recording.error),
            duration=recording.duration,
            language=recording.language or recording.heard_language,
            location_id=recording.location_id,
            recorded_at=recording.recorded_at,
            created_at=recording.created_at,
            uploaded_at=recording.uploaded_at,
            process=[ProcessView(kind=one.kind, options=one.options) for one in recording.process],
            jobs=[JobView.of(job) for job in jobs],
        )


class UploadView(BaseModel):
    """How to send the bytes: a multipart/form-data POST of all `fields`, then the file as the field `file`, last."""

    method: Literal["POST"] = "POST"
    url: str
    fields: dict[str, str]

    @classmethod
    def of(cls, form: UploadForm) -> "UploadView":
        """Show a signed form."""
        return cls(url=form.url, fields=form.fields)


class AnnouncedRecording(BaseModel):
    """The recording to come, and how to send it."""

    recording: RecordingView
    upload: UploadView


class ReceivedRecording(BaseModel):
    """A recording that is there."""

    recording: RecordingView
