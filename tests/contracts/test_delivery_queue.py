"""The queue of deliveries, in memory and on moto."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from functions.core.webhooks.queue import DeliveryQueue, SqsDeliveryQueue, Turn
from tests.fakes.clock import FakeClock
from tests.fakes.webhooks import FakeDeliveryQueue

Receive = Callable[[], list[Turn]]


def from_sqs(url: str) -> list[Turn]:
    found: list[Turn] = []
    while messages := boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [Turn.from_json(message["Body"]) for message in messages]
    return found


@pytest.fixture(params=["fake", "moto"])
def queue(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[tuple[DeliveryQueue, Receive]]:
    if request.param == "fake":
        fake = FakeDeliveryQueue(clock)
        yield fake, fake.receive
        return
    with mock_aws():
        url = boto3.client("sqs").create_queue(QueueName="webhooks")["QueueUrl"]
        yield SqsDeliveryQueue(url), lambda: from_sqs(url)


def test_turns_arrive_and_those_to_come_later_do_not_yet(queue: tuple[DeliveryQueue, Receive]) -> None:
    send, receive = queue[0].send, queue[1]
    now = [Turn(delivery_id=f"dlv_{number}", owner_id="usr_anna", number=number) for number in range(23)]
    later = Turn(delivery_id="dlv_later", owner_id="usr_bert", number=1, delay=900)

    send([*now, later])
    send([])

    assert sorted(receive(), key=lambda turn: turn.number) == now


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"delivery_id": "d", "owner_id": "u", "turn": "one"}'])
def test_a_message_that_names_no_turn_cannot_be_read(body: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Turn.from_json(body)
