"""Dead letters that are tried again, as AWS calls it, on moto."""

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from functions.core.aws import client
from functions.core.changes import Change
from functions.core.clock import utc_now
from functions.core.events import EventBus
from functions.core.recordings.store import Recordings
from functions.core.table import DynamoTable
from tests.builders import a_recording
from tests.moto_stack import moto_stack

TABLES = {
    "ACCOUNTS_TABLE": "AccountsTable",
    "LIBRARY_TABLE": "LibraryTable",
    "PRESENCE_TABLE": "PresenceTable",
}
QUEUES = {
    "UPLOADED_DEAD_LETTERS_URL": "UploadedDeadLetters",
    "CHANGES_DEAD_LETTERS_URL": "ChangesDeadLetters",
    "WEBHOOK_DEAD_LETTERS_URL": "WebhookDeadLetters",
    "WEBHOOK_QUEUE_URL": "WebhookQueue",
}
ARRIVED = {"detail-type": "Object Created", "source": "aws.s3", "detail": {"object": {"key": "media/rec_1/source"}}}


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class House:
    """Functions under their settings, and what they have put on the bus."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.sqs: Any = boto3.client("sqs")
        self.events: list[tuple[str, Any]] = []

    def send(self, queue: str, body: Any, **more: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.names[queue], MessageBody=text, **more)

    def left(self, queue: str) -> int:
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.names[queue], AttributeNames=asked)
        return sum(map(int, answer["Attributes"].values()))

    def redrive(self, queue: str) -> Any:
        module = importlib.import_module("functions.maintenance.redrive")
        return module.handler({"id": "1", "detail": {"queue": queue}}, Context())

    def notify(self, detail: Any) -> list[Change]:
        """Have changes followed up again; returns which were."""
        seen: list[Change] = []
        module: Any = importlib.import_module("functions.notify.app")

        class Reaction:
            def react(self, changes: list[Change]) -> None:
                seen.extend(changes)

        module.reactions = (Reaction(),)
        module.handler({"detail-type": "Changes again", "detail": detail}, None)
        return seen


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with moto_stack() as names:
        house = House(names)
        for variable, table in TABLES.items():
            monkeypatch.setenv(variable, names[table])
        monkeypatch.setenv("REALTIME_URL", "ws://127.0.0.1:9/ws")
        for variable, resource in QUEUES.items():
            monkeypatch.setenv(variable, names[resource])

        def put(_: EventBus, detail_type: str, detail: str) -> None:
            house.events.append((detail_type, json.loads(detail)))

        monkeypatch.setattr(EventBus, "put", put)
        yield house
        for module in ("functions.maintenance.redrive", "functions.notify.app"):
            sys.modules.pop(module, None)


def test_an_upload_is_taken_in_again_whoever_has_given_it_up(house: House) -> None:
    house.send("UploadedDeadLetters", {"version": "1.0", "requestPayload": ARRIVED})
    house.send("UploadedDeadLetters", ARRIVED)

    assert house.redrive("uploads") == {"sent": 2, "failed": 0}
    assert house.events == [("Upload again", {"object": {"key": "media/rec_1/source"}})] * 2
    assert house.left("UploadedDeadLetters") == 0


@pytest.mark.parametrize("body", ["no JSON", "{}", '{"requestPayload": {"detail": null}}', "[]"])
def test_a_letter_that_cannot_be_read_stays_and_holds_up_no_other(house: House, body: str) -> None:
    house.send("UploadedDeadLetters", body)
    house.send("UploadedDeadLetters", ARRIVED)

    assert house.redrive("uploads") == {"sent": 1, "failed": 1}
    assert house.left("UploadedDeadLetters") == 1


def test_a_letter_stays_where_nobody_takes_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventBus, "put", lambda *_: "ThrottlingException")
    house.send("UploadedDeadLetters", ARRIVED)

    with pytest.raises(Exception, match="ThrottlingException"):
        house.redrive("uploads")

    assert house.left("UploadedDeadLetters") == 1


def test_a_delivery_goes_back_into_its_queue_for_its_owner(house: House) -> None:
    house.send("WebhookDeadLetters", '{"delivery_id": "dlv_1"}', MessageGroupId="usr_1")

    assert house.redrive("webhooks")["sent"] == 1
    (message,) = house.sqs.receive_message(
        QueueUrl=house.names["WebhookQueue"], MessageSystemAttributeNames=["MessageGroupId"]
    )["Messages"]
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ('{"delivery_id": "dlv_1"}', "usr_1")


def test_changes_are_read_from_the_stream_again_and_no_others(house: House) -> None:
    recordings = Recordings(DynamoTable(house.names["LibraryTable"]), clock=utc_now)
    written = [recordings.add(a_recording()) for _ in range(4)]
    streams: Any = boto3.client("dynamodbstreams")
    table = boto3.client("dynamodb").describe_table(TableName=house.names["LibraryTable"])["Table"]
    (shard,) = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=table["LatestStreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    numbers = [one["dynamodb"]["SequenceNumber"] for one in streams.get_records(ShardIterator=iterator)["Records"]]
    batch = {
        "streamArn": table["LatestStreamArn"],
        "shardId": shard["ShardId"],
        "startSequenceNumber": numbers[1],
        "endSequenceNumber": numbers[2],
        "approximateArrivalOfFirstRecord": "2026-11-21T12:00:00Z",
    }
    house.send("ChangesDeadLetters", {"DDBStreamBatchInfo": batch})
    # Lambda's record of an event that failed again.
    house.send("ChangesDeadLetters", {"requestPayload": {"detail": batch}})

    assert house.redrive("changes") == {"sent": 2, "failed": 0}
    assert house.events == [("Changes again", batch)] * 2
    assert [change.pk for change in house.notify(batch)] == [f"RECORDING#{one.id}" for one in written[1:3]]


def test_changes_that_the_stream_has_forgotten_are_told_of_and_let_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = {
        "streamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/gone/stream/2026",
        "shardId": "shardId-00000000000000000000-00000000",
        "startSequenceNumber": "1",
        "endSequenceNumber": "2",
        "approximateArrivalOfFirstRecord": "2026-11-21T12:00:00Z",
    }
    streams = client("dynamodbstreams")

    def forgotten(**_: Any) -> Any:
        raise streams.exceptions.TrimmedDataAccessException({}, "GetShardIterator")

    monkeypatch.setattr(streams, "get_shard_iterator", forgotten)

    assert house.notify(gone) == []
