"""Two workers, crashes, late heartbeats, messages delivered twice: one result all the same."""

from collections.abc import Callable
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from functions.core.jobs.model import ClaimLost, Job, JobAlreadyFinished, JobClaimedElsewhere, Status
from functions.core.jobs.store import Jobs
from tests.builders import a_job
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

LEASE = timedelta(seconds=30)
WORKERS = st.sampled_from(["one", "two"])


class OneJobTwoWorkers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.table = FakeTable()
        self.jobs = Jobs(self.table, clock=self.clock)
        job = a_job()
        self.table.write(self.jobs.put(job))
        self.job_id = job.id
        self.held: dict[str, Job] = {}
        self.results: list[str] = []
        self.progress = (0, 0.0)

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        try:
            self.held[worker] = self.jobs.claim(self.job_id, by=worker, lease=LEASE)
        except (JobClaimedElsewhere, JobAlreadyFinished):
            return

    @rule(worker=WORKERS)
    def crash(self, worker: str) -> None:
        self.held.pop(worker, None)

    @rule(seconds=st.integers(min_value=1, max_value=60))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.pass_time(timedelta(seconds=seconds))

    @rule(worker=WORKERS)
    def beat(self, worker: str) -> None:
        self._write(worker, lambda held: self.jobs.renew(held, lease=LEASE))

    @rule(worker=WORKERS, progress=st.floats(min_value=-1, max_value=2))
    def report(self, worker: str, progress: float) -> None:
        self._write(worker, lambda held: self.jobs.report(held, stage="transcribing", progress=progress))

    @rule(worker=WORKERS)
    def give_back(self, worker: str) -> None:
        if self._write(worker, self.jobs.release):
            del self.held[worker]

    @rule(worker=WORKERS)
    def finish(self, worker: str) -> None:
        if worker not in self.held:
            return
        key = f"results/{self.held[worker].attempts}"
        if self._write(worker, lambda held: self.jobs.finish(held, result_key=key, timings={})):
            self.results.append(key)

    def _write(self, worker: str, write: Callable[[Job], Job]) -> bool:
        if worker not in self.held:
            return False
        try:
            self.held[worker] = write(self.held[worker])
        except ClaimLost:
            del self.held[worker]
            return False
        return True

    @invariant()
    def there_is_at_most_one_result(self) -> None:
        assert len(self.results) <= 1

    @invariant()
    def the_job_shows_the_result_that_was_made(self) -> None:
        job = self.jobs.get(self.job_id)
        assert (job.status is Status.SUCCEEDED) == bool(self.results)
        assert job.result_key == (self.results[0] if self.results else None)

    @invariant()
    def only_one_worker_can_write(self) -> None:
        job = self.jobs.get(self.job_id)
        able = [held for held in self.held.values() if held.attempts == job.attempts and job.status is Status.RUNNING]
        assert len(able) <= 1

    @invariant()
    def progress_never_falls_within_an_attempt(self) -> None:
        job = self.jobs.get(self.job_id)
        attempt, progress = self.progress
        if job.attempts == attempt and job.status is Status.RUNNING:
            assert job.progress >= progress
        self.progress = (job.attempts, job.progress if job.status is Status.RUNNING else 0.0)


TestOneJobTwoWorkers = OneJobTwoWorkers.TestCase
