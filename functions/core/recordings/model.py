"""A recording from the promise of an upload to its bytes; pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from functions.core.errors import Conflict
from functions.core.jobs.model import Failure, Kind

MEDIA_TYPES: Final = ("audio/", "video/")
UNKNOWN_MEDIA_TYPE: Final = "application/octet-stream"
"""What programs announce that don't know; the content decides."""


class RecordingStatus(StrEnum):
    """What became of the upload. What becomes of the recording afterwards is said by its jobs."""

    AWAITING_UPLOAD = "awaiting_upload"
    UPLOADED = "uploaded"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Process:
    """Something to do with a recording once it is there."""

    kind: Kind
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One uploaded conversation, or the promise of one."""

    id: str
    owner_id: str
    filename: str
    title: str
    size: int
    content_type: str
    request_id: str
    created_at: datetime
    upload_until: datetime
    """When the promise is over: no bytes by then, no recording."""
    process: tuple[Process, ...] = ()
    language: str | None = None
    location_id: str | None = None
    recorded_at: datetime | None = None
    stored_status: RecordingStatus = RecordingStatus.AWAITING_UPLOAD
    error: Failure | None = None
    uploaded_at: datetime | None = None
    media_type: str | None = None
    """What the content is; `content_type` is what was announced."""
    duration: float | None = None
    """Seconds of sound, once a worker has heard it."""
    heard_language: str | None = None
    """The language that a worker heard; `language` is what the owner said."""
    job_ids: tuple[str, ...] = ()
    version: int = 0

    def status(self, now: datetime) -> RecordingStatus:
        """Say what the recording is at `now`: a promise that nobody kept is over."""
        if self.stored_status is RecordingStatus.AWAITING_UPLOAD and now >= self.upload_until:
            return RecordingStatus.EXPIRED
        return self.stored_status

    def need_bytes(self, now: datetime) -> None:
        """Go on only if the bytes are here; raises Conflict, which says why they are not."""
        match self.status(now):
            case RecordingStatus.AWAITING_UPLOAD:
                raise Conflict("The recording has not been uploaded yet.", code="not-uploaded")
            case RecordingStatus.EXPIRED:
                raise Conflict("The recording was never uploaded.", code="upload-expired")
            case RecordingStatus.REFUSED:
                detail = self.error.detail if self.error else "It was refused."
                raise Conflict(f"The upload was refused. {detail}", code="upload-refused")
            case RecordingStatus.UPLOADED:
                pass

    def received(self, *, size: int, media_type: str, now: datetime, job_ids: tuple[str, ...]) -> "Recording":
        """Take note of the bytes that came and the jobs that they get."""
        return replace(
            self,
            stored_status=RecordingStatus.UPLOADED,
            size=size,
            media_type=media_type,
            uploaded_at=now,
            job_ids=job_ids,
        )

    def heard(self, *, duration: float, language: str) -> "Recording":
        """Take note of what a worker found out by listening."""
        return replace(self, duration=duration, heard_language=language)

    def refused(self, reason: Failure) -> "Recording":
        """Take note that the bytes that came are not kept, and why."""
        return replace(self, stored_status=RecordingStatus.REFUSED, error=reason)


def is_media_type(content_type: str) -> bool:
    """Tell whether an announced type may be a recording."""
    bare = content_type.split(";", maxsplit=1)[0].strip().lower()
    return bare.startswith(MEDIA_TYPES) or bare in {UNKNOWN_MEDIA_TYPE, "application/ogg", "application/mxf"}


def default_process() -> tuple[Process, ...]:
    """Return what happens to a recording whose owner asked for nothing else."""
    return (Process(Kind.TRANSCRIBE), Process(Kind.SUMMARISE))
