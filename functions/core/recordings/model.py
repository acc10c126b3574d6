"""A recording from the promise of an upload to its bytes; pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from functions.core.errors import Conflict
from functions.core.jobs.model import Failure, Job, Kind, Status
from functions.core.recordings.tracks import RecordedCall

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


class MediaKind(StrEnum):
    """What people look for."""

    AUDIO = "audio"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Process:
    """Something to do with a recording once it is there."""

    kind: Kind
    options: dict[str, Any] = field(default_factory=dict)
    preset: str | None = None
    """The name of the preset that the options came from, with or without others."""


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
    part_size: int | None = None
    """Of an upload in parts: what each of them has but the last one."""
    parts_are_checked: bool = False
    """Whether each of them comes with its SHA-256."""
    batch_id: str | None = None
    corrections: dict[str, str] = field(default_factory=dict)
    """What people have corrected: the key of the corrections by the id of the job that made the transcript."""
    keep_until: datetime | None = None
    """When it is to be deleted; None: never."""
    deleted_at: datetime | None = None
    """When its owner deleted it: there for nobody any more, and removed as soon as everything that is its is gone."""
    job_ids: tuple[str, ...] = ()
    call: RecordedCall | None = None
    """The call that it is of: then nobody uploads it, but a worker makes it out of what both sides send."""
    folded: str = ""
    """Title and file name, to be searched in."""
    media_kind: MediaKind | None = None
    """By its content, or by what was announced until that is known; None: nobody knows."""
    version: int = 0

    def __post_init__(self) -> None:
        """Derive what is kept to be looked for."""
        object.__setattr__(self, "folded", folded(f"{self.title}\n{self.filename}"))
        object.__setattr__(self, "media_kind", media_kind_of(self.media_type or self.content_type))
        # They are compared as they are written.
        object.__setattr__(self, "upload_until", _in_utc(self.upload_until))
        if self.recorded_at is not None:
            object.__setattr__(self, "recorded_at", _in_utc(self.recorded_at))

    @property
    def announced_size(self) -> int | None:
        """How many bytes were promised; None: it is made here, and nobody knew."""
        return self.size if self.call is None else None

    @property
    def speaker_names(self) -> tuple[str, ...]:
        """Who speaks in each of its channels, where that is known."""
        return () if self.call is None else self.call.names

    def is_there(self, now: datetime) -> bool:
        """Whether it is there for anybody at `now`."""
        return self.deleted_at is None and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Whether it has been kept for as long as it was to be."""
        return self.keep_until is not None and now >= self.keep_until

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
            # A call has been joined by one.
            job_ids=(*self.job_ids, *job_ids),
            work=Work.WORKING if job_ids else Work.NONE,
        )

    def promised(self, until: datetime) -> "Recording":
        """Take note that its bytes may come for longer; unchanged where they came, or may come that long anyway."""
        if self.stored_status is not RecordingStatus.AWAITING_UPLOAD or until <= self.upload_until:
            return self
        return replace(self, upload_until=until)

    def in_parts(self, upload_id: str, *, part_size: int, checked: bool, now: datetime, until: datetime) -> "Recording":
        """Take note of an upload in parts; unchanged where one goes on, or where none is needed any more."""
        if self.stored_status is not RecordingStatus.AWAITING_UPLOAD:
            return self
        if self.upload_id is not None and now < self.upload_until:
            return self
        return replace(self, upload_id=upload_id, part_size=part_size, parts_are_checked=checked, upload_until=until)

    def given_up(self, now: datetime) -> "Recording":
        """Take note that its bytes will not come; unchanged where they came."""
        if self.stored_status is not RecordingStatus.AWAITING_UPLOAD:
            return self
        return replace(self, upload_until=min(self.upload_until, now), upload_id=None)

    def heard(self, *, duration: float, language: str, words: int, listening_seconds: float) -> "Recording":
        """Take note of what a worker found out by listening, and how long that took."""
        return replace(
            self, duration=duration, heard_language=language, words=words, listening_seconds=listening_seconds
        )

    def wanting(self, job_id: str) -> "Recording":
        """Take note of a further job."""
        return replace(self, job_ids=(*self.job_ids, job_id), work=Work.WORKING)

    def without_job(self, job_id: str, others: Iterable[Job]) -> "Recording":
        """Forget a job and what hangs on it; unchanged where it is none of the recording's. `others` are those left."""
        if job_id not in self.job_ids:
            return self
        return replace(
            self,
            job_ids=tuple(one for one in self.job_ids if one != job_id),
            corrections={made_by: where for made_by, where in self.corrections.items() if made_by != job_id},
            work=work_of(others),
        )

    def stocktaken(self, jobs: Iterable[Job]) -> "Recording":
        """Take note of how far its jobs are; unchanged where that is known."""
        work = work_of(jobs)
        return self if work is self.work else replace(self, work=work)

    def deleted(self, now: datetime) -> "Recording":
        """Take note that it is there for nobody any more."""
        return self if self.deleted_at is not None else replace(self, deleted_at=now)

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
    # Once more after folding, which takes some letters apart.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def end_of_keeping(created_at: datetime, *, days: int | None, usual_days: int) -> datetime | None:
    """Return when a recording is to be deleted whose owner keeps theirs for `days`, or as is usual; 0: never."""
    kept = usual_days if days is None else days
    return (created_at + timedelta(days=kept)).replace(microsecond=0) if kept else None


def _in_utc(at: datetime) -> datetime:
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:  # of the first or the last day that there is, by another clock
        return at


def is_media_type(content_type: str) -> bool:
    """Tell whether an announced type may be a recording."""
    return media_kind_of(content_type) is not None or _bare(content_type) == UNKNOWN_MEDIA_TYPE


def media_kind_of(content_type: str) -> MediaKind | None:
    """Return what a type stands for, or None."""
    bare = _bare(content_type)
    if bare.startswith(MEDIA_TYPES):
        return MediaKind(bare.split("/")[0])
    return {"application/ogg": MediaKind.AUDIO, "application/mxf": MediaKind.VIDEO}.get(bare)


def _bare(content_type: str) -> str:
    return content_type.split(";", maxsplit=1)[0].strip().lower()


def default_process() -> tuple[Process, ...]:
    """Return what happens to a recording whose owner asked for nothing else."""
    return (Process(Kind.TRANSCRIBE), Process(Kind.SUMMARISE))
