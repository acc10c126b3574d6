"""What lets calls go that nobody answers, as SQS calls it, on moto."""

import importlib
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.core.calls.model import RING_FOR, CallStatus
from functions.core.calls.store import Calls
from functions.core.clock import utc_now
from functions.core.ids import new_id
from functions.core.table import DynamoTable
from tests.core.calls.builders import a_call

TABLE = "presence"


@pytest.fixture
def queue() -> Iterator[str]:
    with mock_aws():
        for name in (TABLE, "accounts"):
            boto3.client("dynamodb").create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        yield boto3.client("sqs").create_queue(QueueName="ring-timers")["QueueUrl"]


@pytest.fixture
def timeouts(queue: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import the function's module as Lambda does, with its settings."""
    for variable, value in {
        "ACCOUNTS_TABLE": "accounts",
        "PRESENCE_TABLE": TABLE,
        "REALTIME_URL": "wss://realtime.test/ws",
        "RING_TIMERS_URL": queue,
    }.items():
        monkeypatch.setenv(variable, value)
    yield importlib.import_module("functions.calls.timeouts")
    sys.modules.pop("functions.calls.timeouts", None)


def ringing(ago: timedelta) -> str:
    begun = utc_now() - ago
    call = a_call(
        id=new_id("call"),
        caller=new_id("call")[-8:],
        callee=new_id("call")[-8:],
        created_at=begun,
        ring_until=begun + RING_FOR,
        version=0,
    )
    return Calls(DynamoTable(TABLE), clock=utc_now).begin(call, {}, []).id


def records(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": f"message-{number}", "body": body} for number, body in enumerate(bodies)]}


def body_of(call_id: str) -> str:
    return json.dumps({"call_id": call_id})


def test_calls_that_have_rung_for_long_enough_are_missed_and_others_get_their_timer_again(
    timeouts: Any, queue: str
) -> None:
    over, early = ringing(timedelta(minutes=1)), ringing(timedelta(seconds=5))

    answer = timeouts.handler(records(body_of(over), "{", body_of(early), body_of("call_unknown")), None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    calls = DynamoTable(TABLE)
    assert calls.get(f"CALL#{over}")["status"] == CallStatus.MISSED  # type: ignore[index]
    assert calls.get(f"CALL#{early}")["status"] == CallStatus.RINGING  # type: ignore[index]
    delayed = boto3.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert delayed["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
