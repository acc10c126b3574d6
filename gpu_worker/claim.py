"""A job in this worker's hands: how the work says how far it is, and learns that it must stop."""

import threading
import time
from datetime import timedelta
from typing import Final

from functions.core.jobs.model import ClaimLost, Failure, Job
from functions.core.jobs.store import Jobs
from gpu_worker.inbox import Delivery, Inbox

REPORT_SECONDS: Final = 2.0
"""Progress is written at most so often: every write costs, and nobody reads faster."""


class Interrupted(Exception):
    """The worker shall stop: give the job back."""


class Hopeless(Exception):
    """No further attempt would help."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.failure = Failure(code, detail)


class Claim:
    """Holds a job and its message. The heartbeat's thread and the lane's thread both write through it."""

    def __init__(self, job: Job, delivery: Delivery, *, jobs: Jobs, inbox: Inbox, stopping: threading.Event) -> None:
        self.delivery: Final = delivery
        self.inbox: Final = inbox
        self._job = job
        self._jobs = jobs
        self._stopping = stopping
        self._lost = False
        self._reported = 0.0
        self._lock = threading.Lock()

    @property
    def job(self) -> Job:
        """The job as last read or written."""
        return self._job

    def beat(self, lease: timedelta) -> None:
        """Hold on to the job and its message; losing the job is remembered for the lane."""
        with self._lock:
            try:
                self._job = self._jobs.renew(self._job, lease=lease)
            except ClaimLost:
                self._lost = True
                return
            # Under the lock: after a release the message must not be hidden for another lease.
            self.inbox.hide(self.delivery, seconds=int(lease.total_seconds()))

    def report(self, stage: str, progress: float, *, message: str = "", eta_seconds: float | None = None) -> None:
        """Say how far the work is. Call it often: here the work learns that it must stop.

        Raises:
            Interrupted: the worker shall stop.
            ClaimLost: the job was cancelled or is another worker's.
        """
        if self._stopping.is_set():
            raise Interrupted
        if self._lost:
            raise ClaimLost("The claim was lost.")
        if stage == self._job.stage and time.monotonic() - self._reported < REPORT_SECONDS:
            return
        with self._lock:
            self._job = self._jobs.report(
                self._job, stage=stage, progress=progress, message=message, eta_seconds=eta_seconds
            )
        self._reported = time.monotonic()

    def leave_checkpoint(self, name: str) -> None:
        """Note that a part of the work is stored; raises ClaimLost."""
        with self._lock:
            self._job = self._jobs.leave_checkpoint(self._job, name)

    def finish(self, *, result_key: str, timings: dict[str, float]) -> Job:
        """Make the result visible."""
        with self._lock:
            self._job = self._jobs.finish(self._job, result_key=result_key, timings=timings)
        return self._job

    def fail(self, failure: Failure) -> Job:
        """End the job without a result."""
        with self._lock:
            self._job = self._jobs.fail(self._job, failure)
        return self._job

    def release(self, reason: Failure | None = None, *, after_seconds: int = 0) -> None:
        """Give the job back, to be tried again after some seconds."""
        with self._lock:
            self._job = self._jobs.release(self._job, reason=reason)
            self.inbox.hide(self.delivery, seconds=after_seconds)
