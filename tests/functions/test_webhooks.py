"""What sends to webhooks, as SQS calls it, on moto."""

import importlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from functions.core.clock import utc_now
from functions.core.keys.ring import KeyRing
from functions.core.keys.secret_provider import SecretProvider
from functions.core.repeats import Repeats
from functions.core.table import DynamoTable
from functions.core.webhooks.model import DeliveryStatus
from functions.core.webhooks.outbox import Outbox
from functions.core.webhooks.queue import SqsDeliveryQueue
from functions.core.webhooks.registry import Registry
from functions.core.webhooks.store import Deliveries, Secrets, Webhooks
from tests.core.webhooks.receiver import receiving, respond
from tests.house import SECRET
from tests.moto_stack import moto_stack
from tests.webhook_builders import a_webhook


@pytest.fixture
def names() -> Iterator[Mapping[str, str]]:
    with moto_stack() as names:
        yield names


@pytest.fixture
def deliver(names: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import the function's module as Lambda does, with its settings."""
    for variable, resource in {
        "ACCOUNTS_TABLE": "AccountsTable",
        "LIBRARY_TABLE": "LibraryTable",
        "WEBHOOK_QUEUE_URL": "WebhookQueue",
    }.items():
        monkeypatch.setenv(variable, names[resource])
    monkeypatch.setenv("KEY_SECRET", SECRET)
    monkeypatch.setenv("STAGE", "local")
    monkeypatch.setenv("WEBHOOK_PRIVATE_ADDRESSES", "allow")
    yield importlib.import_module("functions.webhooks.deliver")
    sys.modules.pop("functions.webhooks.deliver", None)


def received(names: Mapping[str, str]) -> list[dict[str, Any]]:
    """All that the queue shows, as Lambda would show it."""
    answer = boto3.client("sqs").receive_message(QueueUrl=names["WebhookQueue"], MaxNumberOfMessages=10)
    return [{"messageId": one["MessageId"], "body": one["Body"]} for one in answer.get("Messages", [])]


def test_deliveries_are_sent_side_by_side_and_a_message_that_cannot_be_read_stays(
    deliver: Any, names: Mapping[str, str]
) -> None:
    library = DynamoTable(names["LibraryTable"])
    ring = KeyRing(DynamoTable(names["AccountsTable"]), SecretProvider(SECRET), clock=utc_now)
    webhooks, deliveries = Webhooks(library, clock=utc_now), Deliveries(library)
    repeats = Repeats(library, clock=utc_now)
    outbox = Outbox(deliveries, repeats, SqsDeliveryQueue(names["WebhookQueue"]), clock=utc_now)
    registry = Registry(webhooks, Secrets(library, ring), repeats, clock=utc_now)
    with receiving(respond(200)) as receiver:
        webhook = registry.add(
            a_webhook(url=f"http://127.0.0.1:{receiver.port}/"), owner_id="usr_anna", idempotency_key="one"
        ).webhook
        sent = [outbox.test(webhook, "usr_anna", idempotency_key=str(number)) for number in range(3)]
        bad = {"messageId": "bad", "body": "{"}

        answer = deliver.handler({"Records": [bad, *received(names)]}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert {one.headers["webhook-id"] for one in receiver.received} == {one.message_id for one in sent}
    now = deliveries.look(webhook.id, before=None, limit=10).things
    assert {one.status for one in now} == {DeliveryStatus.DELIVERED}
    assert [one.id for one in now] == [one.id for one in reversed(sent)]
