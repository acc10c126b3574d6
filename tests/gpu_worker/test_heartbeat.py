import threading
from datetime import timedelta

import pytest

from functions.core.jobs.model import Status
from functions.core.jobs.store import Jobs
from gpu_worker.claim import Claim
from gpu_worker.heartbeat import Heartbeat
from gpu_worker.inbox import Delivery
from tests.builders import a_job
from tests.fakes.clock import FakeClock
from tests.fakes.queues import FakeInbox
from tests.fakes.table import FakeTable

LEASE = timedelta(seconds=30)


class Keeper:
    def __init__(self) -> None:
        self.leases: list[timedelta] = []
        self.was_called = threading.Event()

    def __call__(self, lease: timedelta) -> None:
        self.leases.append(lease)
        self.was_called.set()


def break_down(_: timedelta) -> None:
    raise OSError("no route")


def a_claim(clock: FakeClock) -> tuple[Jobs, Claim]:
    table = FakeTable()
    jobs = Jobs(table, clock=clock)
    job = a_job()
    table.write(jobs.put(job))
    held = jobs.claim(job.id, by="test", lease=LEASE)
    claim = Claim(held, Delivery("r", "b", 1), jobs=jobs, inbox=FakeInbox(clock), stopping=threading.Event())
    return jobs, claim


def test_who_keeps_something_by_himself_is_told_of_every_beat() -> None:
    heartbeat, keepers = Heartbeat(LEASE), [Keeper(), Keeper()]
    for keeper in keepers:
        heartbeat.watch_over(keeper)

    heartbeat.beat()
    heartbeat.beat()

    assert [keeper.leases for keeper in keepers] == [[LEASE, LEASE]] * 2


def test_a_keeper_that_breaks_keeps_no_other_from_its_beat(clock: FakeClock) -> None:
    heartbeat, keeper = Heartbeat(LEASE), Keeper()
    heartbeat.watch_over(break_down)
    heartbeat.watch_over(keeper)
    jobs, claim = a_claim(clock)

    with heartbeat.watching(claim):
        clock.pass_time(timedelta(seconds=20))
        heartbeat.beat()
        heartbeat.beat()

    assert keeper.leases == [LEASE, LEASE]
    assert jobs.get(claim.job.id).lease_until == clock() + LEASE


def test_a_claim_that_breaks_keeps_no_keeper_from_its_beat(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat, keeper = Heartbeat(LEASE), Keeper()
    heartbeat.watch_over(keeper)
    _, claim = a_claim(clock)
    monkeypatch.setattr(claim, "beat", break_down)

    with heartbeat.watching(claim):
        heartbeat.beat()

    assert keeper.leases == [LEASE]


def test_a_claim_is_held_only_while_it_is_watched(clock: FakeClock) -> None:
    heartbeat = Heartbeat(LEASE)
    jobs, claim = a_claim(clock)
    with heartbeat.watching(claim):
        pass
    until = jobs.get(claim.job.id).lease_until

    clock.pass_time(timedelta(seconds=20))
    heartbeat.beat()

    assert jobs.get(claim.job.id).lease_until == until
    assert jobs.get(claim.job.id).status is Status.RUNNING


def test_it_beats_by_itself_until_it_is_stopped() -> None:
    heartbeat, keeper = Heartbeat(timedelta(milliseconds=3)), Keeper()
    heartbeat.watch_over(keeper)
    heartbeat.start()
    assert keeper.was_called.wait(timeout=10)

    heartbeat.stop()
    beats = len(keeper.leases)

    assert not heartbeat._thread.is_alive()
    assert len(keeper.leases) == beats
