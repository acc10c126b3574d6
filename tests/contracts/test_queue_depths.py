"""How full the queues are, in memory and on moto; how old their messages are, as CloudWatch answers it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.stub import Stubber

from functions.core.aws import client
from functions.core.jobs.model import Lane
from functions.core.jobs.queue_depths import QueueDepth, SqsQueueDepths
from gpu_worker.retries import MAX_DELIVERIES
from tests.builders import a_job
from tests.contracts.conftest import LaneQueue
from tests.fakes.clock import FakeClock


@pytest.fixture
def cloudwatch() -> Iterator[Stubber]:
    with Stubber(client("cloudwatch")) as stubber:
        yield stubber


@pytest.fixture
def depths(lane_queue: LaneQueue, request: pytest.FixtureRequest, clock: FakeClock) -> Any:
    if not hasattr(lane_queue.inbox, "_url"):
        return lane_queue.queues
    names = request.getfixturevalue("moto_names")
    urls = {Lane.SPEECH: lane_queue.inbox._url, Lane.LANGUAGE: names["LanguageQueue"]}
    return SqsQueueDepths(urls, dead={"dead jobs": names["DeadLetters"]}, clock=clock)


def counts(depth: QueueDepth) -> tuple[int, int]:
    return depth.waiting, depth.in_flight


def test_a_message_waits_then_is_in_flight_then_gone(lane_queue: LaneQueue, depths: Any) -> None:
    seen = [counts(depths.lanes()[Lane.SPEECH])]
    lane_queue.queues.enqueue(a_job())
    lane_queue.queues.enqueue(a_job())
    seen.append(counts(depths.lanes()[Lane.SPEECH]))
    delivery = lane_queue.inbox.receive(hidden_for=30)
    assert delivery is not None
    seen.append(counts(depths.lanes()[Lane.SPEECH]))
    lane_queue.inbox.delete(delivery)
    seen.append(counts(depths.lanes()[Lane.SPEECH]))

    assert seen == [(0, 0), (2, 0), (1, 1), (1, 0)]
    assert counts(depths.lanes()[Lane.LANGUAGE]) == (0, 0)


def test_an_empty_queue_has_no_oldest_message(depths: Any) -> None:
    assert depths.lanes()[Lane.SPEECH].oldest is None


def test_a_message_that_nobody_settles_counts_among_the_dead(lane_queue: LaneQueue, depths: Any) -> None:
    before = depths.dead()["dead jobs"]
    lane_queue.queues.enqueue(a_job())
    for _ in range(MAX_DELIVERIES + 1):
        lane_queue.inbox.receive(hidden_for=0)

    assert depths.dead()["dead jobs"] == before + 1


@pytest.fixture
def urls(moto_names: object) -> dict[Lane, str]:
    """Two queues of which one holds a message."""
    sqs = boto3.client("sqs")
    urls = {lane: sqs.create_queue(QueueName=f"{lane}-{uuid4()}")["QueueUrl"] for lane in Lane}
    sqs.send_message(QueueUrl=urls[Lane.SPEECH], MessageBody="x")
    return urls


def test_the_age_is_the_newest_that_cloudwatch_knows_of_queues_that_hold_something(
    cloudwatch: Stubber, urls: dict[Lane, str], clock: FakeClock
) -> None:
    result = {"Id": "speech", "Values": [90.0, 30.0], "Timestamps": [datetime(2026, 11, 21, 11, 59, tzinfo=UTC)] * 2}
    asked = {
        "MetricDataQueries": [
            {
                "Id": "speech",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": "ApproximateAgeOfOldestMessage",
                        "Dimensions": [{"Name": "QueueName", "Value": urls[Lane.SPEECH].rpartition("/")[2]}],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
        ],
        "StartTime": clock() - timedelta(minutes=10),
        "EndTime": clock(),
        "ScanBy": "TimestampDescending",
    }
    cloudwatch.add_response("get_metric_data", {"MetricDataResults": [result]}, asked)

    found = SqsQueueDepths(urls, dead={}, clock=clock).lanes()

    assert (found[Lane.SPEECH].oldest, found[Lane.LANGUAGE].oldest) == (timedelta(seconds=90), None)


def test_what_cloudwatch_does_not_know_is_unknown(cloudwatch: Stubber, urls: dict[Lane, str], clock: FakeClock) -> None:
    cloudwatch.add_response("get_metric_data", {"MetricDataResults": [{"Id": "speech", "Values": []}]})

    assert SqsQueueDepths(urls, dead={}, clock=clock).lanes()[Lane.SPEECH] == QueueDepth(waiting=1, in_flight=0)


def test_a_cloudwatch_that_refuses_fails_nothing(cloudwatch: Stubber, urls: dict[Lane, str], clock: FakeClock) -> None:
    cloudwatch.add_client_error("get_metric_data", "AccessDenied")

    assert SqsQueueDepths(urls, dead={}, clock=clock).lanes()[Lane.SPEECH] == QueueDepth(waiting=1, in_flight=0)
