"""A recording from the promise of an upload to its bytes; pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from functions.core.errors import Conflict
from functions.core.jobs.model import Failure, Job, Kind, Status

MEDIA_TYPES: Final = ("audio/", "video/")
UNKNOWN_MEDIA_TYPE: Final = "application/octet-stream"
"""What programs announce that don't know; the content decides."""


class RecordingStatus(StrEnum):
    """What became of the upload. What becomes of the recording afterwards is said by its jobs."""

    AWAITING_UPLOAD = "awaiting_upload"
    UPLOADED = "uploaded"
    REFUSED = "refused"
    EXPIRED = "expired"


class Work(StrEnum):
    """How far the work on a recording is, all its jobs together."""

    NONE = "none"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


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
    words: int | None = None
    """How many were said, once a worker has heard them."""
    listening_seconds: float | None = None
    """How long the worker took for that."""
    work: Work = Work.NONE
    sha256: str | None = None
    """Of the bytes, in hex, as their sender said."""
    upload_id: str | None = None
    """Of an upload in parts that is not complete yet."""
    batch_id: str | None = None
    corrections: dict[str, str] = field(default_factory=dict)
    """What people have corrected: the key of the corrections by the id of the job that made the transcript."""
    keep_until: datetime | None = None
    """When it is to be deleted; None: never."""
    deleted_at: datetime | None = None
    """When its owner deleted it: there for nobody any more, and removed as soon as everything that is its is gone."""
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
            upload_id=None,
            job_ids=job_ids,
            work=Work.WORKING if job_ids else Work.NONE,
        )

    def heard(self, *, duration: float, language: str, words: int, listening_seconds: float) -> "Recording":
        """Take note of what a worker found out by listening, and how long that took."""
        return replace(
            self, duration=duration, heard_language=language, words=words, listening_seconds=listening_seconds
        )

    def wanting(self, job_id: str) -> "Recording":
        """Take note of a further job."""
        return replace(self, job_ids=(*self.job_ids, job_id), work=Work.WORKING)

    def stocktaken(self, jobs: Iterable[Job]) -> "Recording":
        """Take note of how far its jobs are; unchanged where that is known."""
        work = work_of(jobs)
        return self if work is self.work else replace(self, work=work)

    def deleted(self, now: datetime) -> "Recording":
        """Take note that it is there for nobody any more."""
        return replace(self, deleted_at=self.deleted_at or now)

    def refused(self, reason: Failure) -> "Recording":
        """Take note that the bytes that came are not kept, and why."""
        return replace(self, stored_status=RecordingStatus.REFUSED, error=reason)


def work_of(jobs: Iterable[Job]) -> Work:
    """Say how far jobs are together: of each kind the newest that came to an end of its own counts."""
    newest: dict[Kind, Status] = {}
    for job in sorted(jobs, key=lambda job: job.id):
        if not job.is_finished:
            return Work.WORKING
        if job.status is not Status.CANCELLED:
            newest[job.kind] = job.status
    if not newest:
        return Work.NONE
    return Work.FAILED if Status.FAILED in newest.values() else Work.DONE


def folded(text: str) -> str:
    """Return a text as it is searched for: whatever its case and its way of writing the same letters."""
    return unicodedata.normalize("NFKC", text).casefold()


def is_media_type(content_type: str) -> bool:
    """Tell whether an announced type may be a recording."""
    bare = content_type.split(";", maxsplit=1)[0].strip().lower()
    return bare.startswith(MEDIA_TYPES) or bare in {UNKNOWN_MEDIA_TYPE, "application/ogg", "application/mxf"}


def default_process() -> tuple[Process, ...]:
    """Return what happens to a recording whose owner asked for nothing else."""
    return (Process(Kind.TRANSCRIBE), Process(Kind.SUMMARISE))
