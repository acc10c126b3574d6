"""A lane: receive, claim, do, finish, delete. No AWS names in here."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from functions.core.errors import NotFound
from functions.core.jobs.dead_letters import EXHAUSTED
from functions.core.jobs.followers import settle_followers
from functions.core.jobs.model import ClaimLost, Failure, Job, JobAlreadyFinished, JobClaimedElsewhere, Kind, Status
from functions.core.jobs.queue import JobMessage, MalformedMessage, Queues
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.media import Media, checkpoints_of, results_of
from functions.core.recordings.store import Recordings
from gpu_worker.claim import Claim, Hopeless, Interrupted
from gpu_worker.heartbeat import Heartbeat
from gpu_worker.inbox import Delivery, Inbox
from gpu_worker.report import Reporter
from gpu_worker.retries import MAX_TRIES, is_last_try, wait_before_retry
from gpu_worker.tasks.task import Task, Work

OUR_OWN_FAILURES: Final = frozenset(
    {"model-unavailable", "options-unreadable", "render-crashed", "timed-out", "unknown-kind"}
)
LONGEST_HIDING: Final = 11 * 3600
"""SQS hides a message for twelve hours at most, counted from its delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What every lane needs of the house."""

    jobs: Jobs
    recordings: Recordings
    media: Media
    queues: Queues
    heartbeat: Heartbeat
    reporter: Reporter
    lease: timedelta
    worker: str
    """This worker's name, to be seen at the jobs that it holds."""


class LaneWorker:
    """Works off one queue, one job at a time."""

    def __init__(self, inbox: Inbox, tasks: Mapping[Kind, Task], *, house: House, stopping: threading.Event) -> None:
        self._inbox = inbox
        self._tasks = tasks
        self._house = house
        self._stopping = stopping
        self._hidden_for = int(house.lease.total_seconds())
        self.is_working = False
        """Whether a message is in hand."""

    def run(self) -> None:
        """Work until the worker shall stop; an unreachable neighbour is waited for."""
        while not self._stopping.is_set():
            try:
                self.work_off_one()
            except Exception:  # noqa: BLE001 (the lane outlives whatever befalls one message)
                log.error("the lane stumbled")
                self._stopping.wait(self._house.lease.total_seconds() / 10)

    def work_off_one(self) -> bool:
        """Receive one message and see it through; tell whether there was one."""
        delivery = self._inbox.receive(hidden_for=self._hidden_for)
        if delivery is None:
            return False
        self.is_working = True
        try:
            self._see_through(delivery)
        finally:
            self.is_working = False
        return True

    def _see_through(self, delivery: Delivery) -> None:
        try:
            message = JobMessage.from_json(delivery.body)
        except MalformedMessage as error:
            log.warning("a message could not be read", reason=str(error), deliveries=delivery.deliveries)
            self._inbox.hide(delivery, seconds=0)  # SQS moves it to the dead letters, which end its job
            return
        log.bind_request(message.request_id, job_id=message.job_id)
        claim = self._claim(message, delivery)
        if claim is not None:
            self._do(claim)

    def _claim(self, message: JobMessage, delivery: Delivery) -> Claim | None:
        jobs = self._house.jobs
        try:
            job = jobs.claim(message.job_id, by=self._house.worker, lease=self._house.lease)
        except NotFound:
            log.warning("the job is gone")
            # Somebody may have died between writing a result and learning that.
            self._house.media.remove_all(results_of(message.job_id))
            self._inbox.delete(delivery)
        except JobAlreadyFinished:
            # Whoever finished it may have died before anything else.
            self._settle(jobs.get(message.job_id), delivery)
        except JobClaimedElsewhere:
            # It may be that worker's own message, and all that is left of it should it die; or one too many, which
            # must not reach the dead letters while the job runs for hours.
            patience = self._hidden_for * 4 ** (delivery.deliveries - 1)
            self._inbox.hide(delivery, seconds=min(patience, LONGEST_HIDING))
        else:
            log.info("job started", kind=job.kind, attempt=job.attempts)
            return Claim(job, delivery, jobs=jobs, inbox=self._inbox, stopping=self._stopping)
        return None

    def _do(self, claim: Claim) -> None:
        with self._house.heartbeat.watching(claim):
            try:
                self._work(claim)
            except ClaimLost as error:
                log.warning("job lost", reason=error.detail)
                self._clean_up(claim)

    def _work(self, claim: Claim) -> None:
        try:
            job = self._attempt(claim)
            self._settle(job, claim.delivery)
            self._tell(job)
        except ClaimLost:
            raise
        except Interrupted:
            claim.release()
            log.info("job given back")
        except Exception as error:  # noqa: BLE001 (whatever broke may go through the next time)
            self._try_again(claim, error)

    def _attempt(self, claim: Claim) -> Job:
        if claim.job.tries > MAX_TRIES:
            # Whoever had it before could not even say why: it may be what kills workers.
            return claim.fail(EXHAUSTED)
        task = self._tasks.get(claim.job.kind)
        if task is None:
            return claim.fail(Failure("unknown-kind", f"No worker here can {claim.job.kind}."))
        try:
            with self._house.reporter.working_on(claim.job):
                outcome = task.run(Work(claim, is_last_try(claim.job.tries)))
        except Hopeless as error:
            return claim.fail(error.failure)
        return claim.finish(result_key=outcome.result_key, timings=outcome.timings)

    def _try_again(self, claim: Claim, error: Exception) -> None:
        job = claim.job
        # The traceback is for us; the owner learns what kind of thing it was.
        reason = Failure("attempt-failed", f"Attempt {job.attempts} broke ({type(error).__name__}).")
        self._house.reporter.broke(job.kind, reason)
        if is_last_try(job.tries):
            log.error("job is over", attempts=job.attempts)
            self._settle(claim.fail(Failure(EXHAUSTED.code, f"{EXHAUSTED.detail} {reason.detail}")), claim.delivery)
            return
        wait = wait_before_retry(job.tries)
        log.error("job broke", retry_seconds=wait, attempts=job.attempts)
        claim.release(reason, after_seconds=wait)

    def _clean_up(self, claim: Claim) -> None:
        """Remove what a lost attempt has left: nobody would find it, and the job may have been erased."""
        results = results_of(claim.job.id, claim.job.attempts)
        job = self._house.jobs.find(claim.job.id)
        if job is None or job.status is Status.CANCELLED:
            self._house.media.remove_all(results_of(claim.job.id))
        # It may be ours after all: a finish that went through, and whose answer did not.
        elif not (job.result_key or "").startswith(results):
            self._house.media.remove_all(results)

    def _tell(self, job: Job) -> None:
        # A file that holds no sound is its owner's affair, and no sign that anything is wrong here.
        if job.error is not None and job.error.code in OUR_OWN_FAILURES:
            self._house.reporter.broke(job.kind, job.error)
        else:
            self._house.reporter.done(job.kind)

    def _settle(self, job: Job, delivery: Delivery) -> None:
        house = self._house
        settle_followers(job, jobs=house.jobs, recordings=house.recordings, queues=house.queues)
        self._remove_leftovers(job)
        self._inbox.delete(delivery)
        log.info("job ended", status=job.status, code=job.error.code if job.error else None, timings=job.timings)

    def _remove_leftovers(self, job: Job) -> None:
        """Remove what is of no use any more, also what a worker that was killed could not tell of."""
        if job.status is Status.CANCELLED:
            self._house.media.remove_all(results_of(job.id))
        elif job.checkpoints or job.attempts > 1:
            self._house.media.remove_all(checkpoints_of(job.id))
