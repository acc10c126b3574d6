"""The queue of ring timers, in memory and on moto."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from functions.core.calls.timers import LONGEST_DELAY, SLACK, RingTimer, RingTimers, SqsRingTimers, delay_until
from tests.builders import NOON
from tests.fakes.clock import FakeClock
from tests.fakes.ring_timers import FakeRingTimers

Receive = Callable[[], list[RingTimer]]


def from_sqs(url: str) -> list[RingTimer]:
    found: list[RingTimer] = []
    while messages := boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [RingTimer.from_json(message["Body"]) for message in messages]
    return found


@pytest.fixture(params=["fake", "moto"])
def timers(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[tuple[RingTimers, Receive]]:
    if request.param == "fake":
        fake = FakeRingTimers(clock)
        yield fake, fake.receive
        return
    with mock_aws():
        url = boto3.client("sqs").create_queue(QueueName="ring-timers")["QueueUrl"]
        yield SqsRingTimers(url, clock=clock), lambda: from_sqs(url)


def test_timers_come_when_their_time_is_over_and_not_before(
    timers: tuple[RingTimers, Receive], clock: FakeClock
) -> None:
    start, receive = timers[0].start, timers[1]

    start("call_over", clock() - SLACK)
    start("call_rings", clock() + timedelta(seconds=45))
    start("call_over", clock() - timedelta(days=1))

    assert receive() == [RingTimer("call_over")] * 2


@given(st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=1)))
def test_no_timer_comes_before_its_time_unless_sqs_cannot_wait_so_long(ahead: timedelta) -> None:
    delay = timedelta(seconds=delay_until(NOON + ahead, NOON))

    assert timedelta() <= delay <= LONGEST_DELAY
    assert delay >= ahead or delay == LONGEST_DELAY


def test_a_ring_of_45_seconds_is_looked_at_after_47() -> None:
    assert delay_until(NOON + timedelta(seconds=45), NOON) == 47


@pytest.mark.parametrize("body", ["", "[]", "{}", "1", '{"call_id": 1}', '{"call_id": null}'])
def test_a_message_that_names_no_call_cannot_be_read(body: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        RingTimer.from_json(body)
