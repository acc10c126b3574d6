"""What the API answers, as far as this program looks into it.

`raw` keeps the whole JSON, so that `--json` hands on fields that this version has never heard of.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from parley.errors import Reason

JOB_OVER: Final = frozenset({"succeeded", "failed", "cancelled"})
NO_RECORDING: Final = frozenset({"refused", "expired"})


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work on a recording."""

    id: str
    kind: str
    status: str
    stage: str
    progress: float
    message: str
    eta_seconds: float | None
    attempts: int
    error: Reason | None
    raw: dict[str, Any]
    recording_id: str = ""
    created_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in JOB_OVER


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording with its jobs."""

    id: str
    title: str
    status: str
    error: Reason | None
    duration: float | None
    language: str | None
    created_at: datetime
    jobs: tuple[Job, ...]
    raw: dict[str, Any]

    @property
    def is_over(self) -> bool:
        """Whether it will never be there, or all that was to be done with it is done."""
        if self.status in NO_RECORDING:
            return True
        return self.status == "uploaded" and all(job.is_over for job in self.jobs)

    @property
    def state(self) -> str:
        """One word for a list: what became of the upload, or of what was to be done with it."""
        jobs = self.newest_jobs.values()
        if self.status != "uploaded" or not jobs:
            return self.status
        if not self.is_over:
            return "working"
        return "ready" if all(job.status == "succeeded" for job in jobs) else "failed"

    @property
    def newest_transcribed(self) -> str | None:
        """The job whose transcript is the recording's."""
        return max(
            (job.id for job in self.jobs if job.kind == "transcribe" and job.status == "succeeded"), default=None
        )

    def job(self, job_id: str) -> Job | None:
        """Return one of its jobs, if it is one."""
        return next((job for job in self.jobs if job.id == job_id), None)

    @property
    def newest_jobs(self) -> dict[str, Job]:
        """The newest job of each kind: an earlier failure that was made good later counts no more.

        Nor does one that was cancelled, where there is another.
        """
        jobs = sorted(self.jobs, key=lambda job: job.id)  # ids are ULIDs: sorted by time
        return {job.kind: job for job in jobs} | {job.kind: job for job in jobs if job.status != "cancelled"}


@dataclass(frozen=True, slots=True)
class FormUpload:
    """Where one POST takes the whole file."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class PartsUpload:
    """A large file goes in parts; `there`: the checksums of those that storage has, by their number."""

    part_size: int
    there: dict[int, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignedPart:
    """Where one part goes."""

    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Announced:
    """A recording to come and where its bytes go; None: nowhere, for they are there."""

    recording: Recording
    upload: FormUpload | PartsUpload | None
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech."""

    start: float
    end: float
    text: str = ""
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said."""

    text: str
    segments: dict[int, Segment]
    notes: tuple[str, ...]
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a summary and the ids of the segments that it stands on."""

    text: str
    segments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the recording answers to one of the owner's questions; None: it does not."""

    question: str
    answer: str | None
    segments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unproven:
    """What was written and is not borne out by the transcript, and why it counts as such."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary with its evidence."""

    text: str
    bullets: tuple[Statement, ...]
    action_items: tuple[Statement, ...]
    coverage: float
    template: str | None
    answers: tuple[Answer, ...]
    unproven: tuple[Unproven, ...]
    notes: tuple[str, ...]
    transcript_job_id: str | None
    """Whose segments the evidence names; None: the newest transcript's."""
    raw: dict[str, Any]


def read_recording(data: dict[str, Any]) -> Recording:
    """Read a recording as it stands in a list or alone."""
    return Recording(
        id=data["id"],
        title=data.get("title") or data.get("filename") or "",
        status=data["status"],
        error=_reason(data.get("error")),
        duration=data.get("duration"),
        language=data.get("language"),
        created_at=datetime.fromisoformat(data["created_at"]),
        jobs=tuple(read_job(job) for job in data.get("jobs") or ()),
        raw=data,
    )


def read_job(data: dict[str, Any]) -> Job:
    """Read a job."""
    return Job(
        id=data["id"],
        kind=data["kind"],
        status=data["status"],
        stage=data.get("stage") or "",
        progress=float(data.get("progress") or 0),
        message=data.get("message") or "",
        eta_seconds=data.get("eta_seconds"),
        attempts=data.get("attempts") or 0,
        error=_reason(data.get("error")),
        raw=data,
        recording_id=data.get("recording_id") or "",
        created_at=datetime.fromisoformat(data["created_at"]) if data.get("created_at") else None,
    )


def read_announced(data: dict[str, Any]) -> Announced:
    """Read what became of an announcement."""
    upload = data["upload"]
    return Announced(
        recording=read_recording(data["recording"]),
        upload=None if upload is None else _read_upload(upload),
        duplicate=bool(data.get("duplicate")),
    )


def read_signed_parts(data: dict[str, Any]) -> dict[int, SignedPart]:
    """Read where parts go, by their number."""
    return {part["number"]: SignedPart(part["url"], _texts(part.get("headers") or {})) for part in data["parts"]}


def read_stored_parts(data: dict[str, Any]) -> PartsUpload:
    """Read how far an upload in parts is."""
    there = {part["number"]: part.get("checksum_sha256") for part in data["parts"]}
    return PartsUpload(_part_size(data), there)


def read_transcript(data: dict[str, Any]) -> Transcript:
    """Read a transcript."""
    return Transcript(
        text=data["text"],
        segments={
            one["id"]: Segment(one["start"], one["end"], one.get("text", ""), one.get("speaker"))
            for one in data["segments"]
        },
        notes=tuple(data.get("notes") or ()),
        raw=data,
    )


def read_summary(data: dict[str, Any]) -> Summary:
    """Read a summary."""
    return Summary(
        text=data["text"],
        bullets=_statements(data["bullets"]),
        action_items=_statements(data["action_items"]),
        coverage=data["coverage"],
        template=data.get("template"),
        answers=tuple(
            Answer(one["question"], one.get("answer"), tuple(one.get("segments") or ()))
            for one in data.get("answers") or ()
        ),
        unproven=tuple(Unproven(one["text"], one.get("reason") or "") for one in data.get("unproven") or ()),
        notes=tuple(data.get("notes") or ()),
        transcript_job_id=data.get("transcript_job_id"),
        raw=data,
    )


def _read_upload(data: dict[str, Any]) -> FormUpload | PartsUpload:
    if data["method"] == "multipart":
        return PartsUpload(_part_size(data))
    return FormUpload(url=data["url"], fields=_texts(data["fields"]))


def _part_size(data: dict[str, Any]) -> int:
    size = int(data["part_size"])
    if size < 1:
        raise ValueError("part_size")
    return size


def _texts(data: dict[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in data.items()}


def _statements(items: list[Any]) -> tuple[Statement, ...]:
    # API.md shows action_items as a bare list: a plain sentence is read as one without evidence.
    return tuple(
        Statement(item, ()) if isinstance(item, str) else Statement(item["text"], tuple(item.get("segments") or ()))
        for item in items
    )


def _reason(data: dict[str, Any] | None) -> Reason | None:
    return Reason(code=data["code"], detail=data["detail"]) if data else None
