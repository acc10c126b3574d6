"""Following a table's stream, in moto's AWS."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local import streams
from infra.local.credentials import Roles
from infra.local.functions import FunctionFailed, LocalFunction
from infra.local.positions import Positions
from infra.local.resources.aws import Aws
from infra.local.resources.tables import make_table
from infra.local.stack import StreamMapping
from infra.local.streams import StreamEvents
from tests.infra.local.test_resources import TABLE
from tests.loops import run
from tests.moto_stack import REGION


@dataclass
class Function:
    """Takes changes unless one of them is bad; `done` is set once it has been shown `last`."""

    last: str
    shown: list[list[str]] = field(default_factory=list)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    function: Any = field(default_factory=lambda: SimpleNamespace(role_arn="arn:role", arn="arn:function"))

    async def call(self, event: Mapping[str, Any]) -> None:
        keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
        self.shown.append(keys)
        self.events.append(event)
        if "bad" in keys:
            raise FunctionFailed("ValueError: as asked")
        if self.last in keys:
            self.done.set()


@dataclass
class House:
    """A table with a stream, somewhere to tell what was given up, and where positions are kept."""

    aws: Aws
    mapping: StreamMapping
    positions: Positions

    def write(self, *keys: str) -> None:
        for key in keys:
            self.aws.dynamodb.put_item(TableName="t", Item={"pk": {"S": key}})

    def follow(self, *, until: str, **changes: Any) -> Function:
        """Follow until a change was taken, and stop."""

        async def following() -> Function:
            function = Function(until)
            events = StreamEvents(
                replace(self.mapping, **changes),
                cast("LocalFunction", function),
                roles=cast("Roles", SimpleNamespace(aws_as=lambda _role: self.aws)),
                region=REGION,
                positions=self.positions,
                poll_every=60,
            )
            events.start()
            await asyncio.wait_for(function.done.wait(), 30)
            events.stop()
            return function

        return run(following())

    def given_up(self) -> list[dict[str, Any]]:
        assert self.mapping.queue_url is not None
        answer = self.aws.sqs.receive_message(QueueUrl=self.mapping.queue_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(streams, "RETRY_AFTER", (0,))
    with mock_aws():
        aws = Aws(boto3.Session(), REGION)
        stream = make_table(aws, "t", {**TABLE, "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"}})
        assert stream is not None
        mapping = StreamMapping(
            name="Changes",
            table="t",
            stream_arn=stream,
            function="ChangesFunction",
            batch_size=100,
            filters=(),
            bisects=True,
            retries=1,
            queue_url=aws.sqs.create_queue(QueueName="q")["QueueUrl"],
        )
        yield House(aws, mapping, Positions(tmp_path / "streams"))


def test_an_event_is_as_lambda_makes_it(house: House) -> None:
    house.aws.dynamodb.put_item(TableName="t", Item={"pk": {"S": "a"}, "bytes": {"B": b"\xff"}})
    ((record,),) = (event["Records"] for event in house.follow(until="a").events)
    assert record["eventName"] == "INSERT"
    assert (record["eventSource"], record["awsRegion"]) == ("aws:dynamodb", REGION)
    assert record["eventSourceARN"] == house.mapping.stream_arn
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "a"}, "bytes": {"B": "/w=="}}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)
    assert {"SequenceNumber", "SizeBytes", "StreamViewType"} < set(record["dynamodb"])
    assert json.loads(json.dumps(record)) == record


def test_batches_are_in_order_and_no_larger_than_asked(house: House) -> None:
    house.write("a", "b", "c", "d", "e")
    assert house.follow(until="e", batch_size=2).shown == [["a", "b"], ["c", "d"], ["e"]]


def test_what_no_filter_wants_is_passed_over(house: House) -> None:
    house.write("x1", "a1", "x2", "b1", "x3")
    filters = tuple({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": name}]}}}} for name in "ab")
    assert house.follow(until="b1", filters=filters).shown == [["a1", "b1"]]


def test_a_bad_change_is_found_by_halves_and_given_up_alone(house: House) -> None:
    house.write("a", "b", "bad", "c")
    function = house.follow(until="c")
    assert function.shown == [["a", "b", "bad", "c"], ["a", "b"], ["bad", "c"], ["bad"], ["bad"], ["c"]]
    (record,) = house.given_up()
    batch = record["DDBStreamBatchInfo"]
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert (batch["batchSize"], batch["streamArn"]) == (1, house.mapping.stream_arn)
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]


def test_without_bisecting_the_whole_batch_is_given_up(house: House) -> None:
    house.write("a", "bad", "b")
    function = house.follow(until="b", bisects=False, batch_size=2, retries=0)
    assert function.shown == [["a", "bad"], ["b"]]
    (record,) = house.given_up()
    assert record["DDBStreamBatchInfo"]["batchSize"] == 2


def test_following_goes_on_where_it_was_left(house: House) -> None:
    house.write("a")
    house.follow(until="a")
    house.write("b")
    assert house.follow(until="b").shown == [["b"]]


def test_a_position_that_the_stream_has_lost_is_no_position(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("a")
    house.follow(until="a")
    house.write("b")
    opened = house.aws.streams.get_shard_iterator

    def open_now(**place: Any) -> Any:
        if place["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER":
            raise house.aws.streams.exceptions.TrimmedDataAccessException({}, "GetShardIterator")
        return opened(**place)

    monkeypatch.setattr(house.aws.streams, "get_shard_iterator", open_now)
    assert house.follow(until="b").shown == [["a", "b"]]


def test_a_stream_that_cannot_be_read_is_read_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_AFTER_ERROR", 0)
    house.write("a")
    read = house.aws.streams.get_records
    answers = iter([ClientError({"Error": {"Code": "ExpiredIteratorException"}}, "GetRecords")])

    def read_now(**place: Any) -> Any:
        for error in answers:
            raise error
        return read(**place)

    monkeypatch.setattr(house.aws.streams, "get_records", read_now)
    assert house.follow(until="a").shown == [["a"]]
