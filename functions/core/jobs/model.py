"""A job and its life as pure transitions: nothing here talks to AWS.

A worker *claims* a queued job for a lease and gets an attempt number. Every later write of that worker carries the
attempt, so that a worker which lost its lease (and may not know it) can change nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from functions.core.errors import Conflict


class Kind(StrEnum):
    """What a job does."""

    TRANSCRIBE = "transcribe"
    SUMMARISE = "summarise"
    ASCII_VIDEO = "ascii_video"
    JOIN = "join"
    """Makes one recording out of the tracks of a call."""


INTERNAL: Final = frozenset({Kind.JOIN})
"""What the house does by itself, and nobody can ask for."""


class Lane(StrEnum):
    """Where a job waits and works; lanes never wait for each other, and each has its own queue."""

    SPEECH = "speech"
    LANGUAGE = "language"
    PICTURES = "pictures"


LANE_OF: Final = {
    Kind.TRANSCRIBE: Lane.SPEECH,
    Kind.SUMMARISE: Lane.LANGUAGE,
    Kind.ASCII_VIDEO: Lane.PICTURES,
    # Whoever runs this lane decodes sound on its processors all day, and the transcript of what is joined comes next:
    # one fleet is woken up, not two, and no call waits behind a video of hours.
    Kind.JOIN: Lane.SPEECH,
}


class Status(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FIRST_REMINDER: Final = timedelta(minutes=1)
FINAL: Final = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})


class JobAlreadyFinished(Conflict):
    """The job has ended; nothing changes it any more."""

    code = "job-already-finished"


class JobClaimedElsewhere(Conflict):
    """Another worker holds the job, and its lease is not over."""

    code = "job-claimed-elsewhere"


class ClaimLost(Conflict):
    """The attempt that writes is no longer the one that holds the job."""

    code = "claim-lost"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job or an upload came to nothing: a slug for programs, a sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of work on one recording."""

    id: str
    kind: Kind
    owner_id: str
    recording_id: str
    request_id: str
    created_at: datetime
    options: dict[str, Any] = field(default_factory=dict)
    preset: str | None = None
    """The name of the preset that its options came from, with or without others."""
    batch_id: str | None = None
    """The batch that asked for it."""
    retry_of: str | None = None
    """The job that came to nothing and that this one does once more."""
    after: str | None = None
    """The job whose result this one needs; it is enqueued when that one has succeeded."""
    status: Status = Status.QUEUED
    stage: str = "queued"
    progress: float = 0.0
    message: str = ""
    eta_seconds: float | None = None
    attempts: int = 0
    interruptions: int = 0
    """Attempts that were given back because their worker had to stop."""
    claimed_by: str | None = None
    lease_until: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: Failure | None = None
    result_key: str | None = None
    timings: dict[str, float] = field(default_factory=dict)
    checkpoints: tuple[str, ...] = ()
    """What unfinished attempts have left to go on from, in the order in which it was left."""
    reminded_at: datetime | None = None
    """When its queue was told of it once more, since nobody had started on it."""
    version: int = 0

    @property
    def is_finished(self) -> bool:
        """Whether the job has ended, one way or another."""
        return self.status in FINAL

    @property
    def is_untouched(self) -> bool:
        """Whether no worker has started on it yet."""
        return self.status is Status.QUEUED and self.attempts == 0

    @property
    def came_to_nothing(self) -> bool:
        """Whether it has ended without a result."""
        return self.status in {Status.FAILED, Status.CANCELLED}

    @property
    def tries(self) -> int:
        """How often somebody has begun on it and was not merely interrupted."""
        return self.attempts - self.interruptions

    @property
    def lane(self) -> Lane:
        """The lane that does this kind of work."""
        return LANE_OF[self.kind]

    @property
    def waited_seconds(self) -> float:
        """How long it waited for its first attempt."""
        return 0.0 if self.started_at is None else (self.started_at - self.created_at).total_seconds()

    def claim(self, *, by: str, now: datetime, lease: timedelta) -> "Job":
        """Start a new attempt.

        Raises:
            JobAlreadyFinished: it has ended.
            JobClaimedElsewhere: somebody works on it.
        """
        self._refuse_unless_free(now)
        return replace(
            self,
            status=Status.RUNNING,
            stage="starting",
            progress=0.0,
            message="",
            eta_seconds=None,
            attempts=self.attempts + 1,
            claimed_by=by,
            lease_until=now + lease,
            started_at=self.started_at or now,
            error=None,
        )

    def renew(self, *, attempt: int, now: datetime, lease: timedelta) -> "Job":
        """Hold the job for another `lease` from now.

        Raises:
            ClaimLost: as every write under an attempt.
        """
        self._fence(attempt)
        return replace(self, lease_until=now + lease)

    def report(
        self, *, attempt: int, stage: str, progress: float, message: str = "", eta_seconds: float | None = None
    ) -> "Job":
        """Say how far the work is; within an attempt progress never falls."""
        self._fence(attempt)
        return replace(
            self,
            stage=stage,
            progress=max(self.progress, min(1.0, max(0.0, progress))),
            message=message,
            eta_seconds=eta_seconds,
        )

    def leave_checkpoint(self, *, attempt: int, name: str) -> "Job":
        """Note that a part of the work is stored and need not be done again."""
        self._fence(attempt)
        return replace(self, checkpoints=(*self.checkpoints, name))

    def finish(self, *, attempt: int, result_key: str, timings: dict[str, float], now: datetime) -> "Job":
        """Make the result under `result_key` the job's result."""
        self._fence(attempt)
        return self._end(Status.SUCCEEDED, now, stage="done", progress=1.0, result_key=result_key, timings=timings)

    def fail(self, *, attempt: int, failure: Failure, now: datetime) -> "Job":
        """End without a result: no further attempt would help."""
        self._fence(attempt)
        return self._end(Status.FAILED, now, error=failure)

    def bury(self, *, failure: Failure, now: datetime) -> "Job":
        """End a job that no message calls for any more.

        Raises:
            JobAlreadyFinished: it has ended.
            JobClaimedElsewhere: a worker is at it after all, and its lease is not over.
        """
        self._refuse_unless_free(now)
        return self._end(Status.FAILED, now, error=failure)

    def cancel(self, *, now: datetime) -> "Job":
        """End it because its owner wants no result any more; a worker at it learns that its claim is lost.

        Raises:
            JobAlreadyFinished: it has succeeded or failed.
        """
        if self.status is Status.CANCELLED:
            return self
        if self.is_finished:
            raise JobAlreadyFinished(f"The job has {self.status} already.")
        return self._end(Status.CANCELLED, now, stage="cancelled")

    def remind(self, *, now: datetime) -> "Job":
        """Take note that its queue is told of it once more; unchanged where that is not due.

        Whoever made the job may have died before its queue knew of it; but the queue may be long as well. So it is due
        after a minute, and then whenever the job has waited twice as long as the last time.
        """
        reminded_after = (self.reminded_at or self.created_at) - self.created_at
        if not self.is_untouched or now - self.created_at < max(FIRST_REMINDER, 2 * reminded_after):
            return self
        return replace(self, reminded_at=now)

    def release(self, *, attempt: int, reason: Failure | None = None) -> "Job":
        """Give the job back to the queue; `reason` stays visible while it waits for its next attempt.

        Without a reason it was merely interrupted.
        """
        self._fence(attempt)
        return replace(
            self,
            interruptions=self.interruptions + (reason is None),
            status=Status.QUEUED,
            stage="queued",
            progress=0.0,
            eta_seconds=None,
            claimed_by=None,
            lease_until=None,
            error=reason,
        )

    def _refuse_unless_free(self, now: datetime) -> None:
        if self.is_finished:
            raise JobAlreadyFinished(f"The job has {self.status} already.")
        if self.status is Status.RUNNING and self.lease_until is not None and self.lease_until > now:
            raise JobClaimedElsewhere("A worker is at it.")

    def _fence(self, attempt: int) -> None:
        if self.status is not Status.RUNNING or self.attempts != attempt:
            raise ClaimLost(f"Attempt {attempt} holds the job no longer (attempt {self.attempts}, {self.status}).")

    def _end(self, status: Status, now: datetime, **changes: Any) -> "Job":
        return replace(
            self, status=status, finished_at=now, eta_seconds=None, claimed_by=None, lease_until=None, **changes
        )


def newest_result(jobs: Iterable[Job], kind: Kind) -> Job | None:
    """Return the newest job of a kind that left a result; a later one that failed does not hide it."""
    done = [job for job in jobs if job.kind is kind and job.status is Status.SUCCEEDED and job.result_key]
    return max(done, key=lambda job: job.id, default=None)
