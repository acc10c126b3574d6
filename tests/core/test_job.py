from datetime import timedelta

import pytest

from functions.core.jobs.model import ClaimLost, Failure, Job, JobAlreadyFinished, JobClaimedElsewhere, Status
from tests.builders import NOON, a_job

LEASE = timedelta(seconds=30)
LATER = NOON + timedelta(seconds=31)


def a_running_job() -> Job:
    return a_job().claim(by="one", now=NOON, lease=LEASE)


def test_a_claim_starts_an_attempt() -> None:
    job = a_running_job()

    assert (job.status, job.attempts, job.claimed_by) == (Status.RUNNING, 1, "one")


def test_a_job_with_a_live_lease_cannot_be_claimed() -> None:
    with pytest.raises(JobClaimedElsewhere):
        a_running_job().claim(by="two", now=NOON + timedelta(seconds=29), lease=LEASE)


def test_a_job_whose_lease_is_over_can_be_claimed_by_another() -> None:
    job = a_running_job().claim(by="two", now=LATER, lease=LEASE)

    assert (job.attempts, job.claimed_by) == (2, "two")


def test_a_finished_job_cannot_be_claimed() -> None:
    job = a_running_job().finish(attempt=1, result_key="r", timings={}, now=NOON)

    with pytest.raises(JobAlreadyFinished):
        job.claim(by="two", now=LATER, lease=LEASE)


def test_a_worker_that_lost_its_lease_changes_nothing() -> None:
    job = a_running_job().claim(by="two", now=LATER, lease=LEASE)

    with pytest.raises(ClaimLost):
        job.finish(attempt=1, result_key="r", timings={}, now=LATER)
    with pytest.raises(ClaimLost):
        job.report(attempt=1, stage="transcribing", progress=0.5)
    with pytest.raises(ClaimLost):
        job.renew(attempt=1, now=LATER, lease=LEASE)
    with pytest.raises(ClaimLost):
        job.release(attempt=1)
    with pytest.raises(ClaimLost):
        job.fail(attempt=1, failure=Failure("x", "y"), now=LATER)


def test_progress_never_falls_within_an_attempt() -> None:
    job = a_running_job().report(attempt=1, stage="transcribing", progress=0.5)

    assert job.report(attempt=1, stage="transcribing", progress=0.2).progress == 0.5


def test_a_released_job_keeps_the_reason_until_its_next_attempt() -> None:
    released = a_running_job().release(attempt=1, reason=Failure("attempt-failed", "It broke."))

    assert released.status is Status.QUEUED
    assert released.error == Failure("attempt-failed", "It broke.")
    assert released.claim(by="two", now=NOON, lease=LEASE).error is None


def test_a_job_that_a_worker_is_at_cannot_be_buried() -> None:
    with pytest.raises(JobClaimedElsewhere):
        a_running_job().bury(failure=Failure("x", "y"), now=NOON)


def test_a_job_whose_worker_died_can_be_buried() -> None:
    assert a_running_job().bury(failure=Failure("x", "y"), now=LATER).status is Status.FAILED


def test_a_queue_is_reminded_after_a_minute_and_then_each_time_after_twice_as_long() -> None:
    job, told = a_job(), []
    for seconds in range(0, 600, 10):
        reminded = job.remind(now=NOON + timedelta(seconds=seconds))
        told += [] if reminded is job else [seconds]
        job = reminded

    assert told == [60, 120, 240, 480]


def test_no_queue_is_reminded_of_a_job_that_a_worker_has_started_on() -> None:
    released = a_running_job().release(attempt=1)

    assert a_running_job().remind(now=NOON + timedelta(days=1)).reminded_at is None
    assert released.remind(now=NOON + timedelta(days=1)) is released
