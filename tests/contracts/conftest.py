"""Everything twice: in memory, and on moto as made from the template."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest

from functions.core.jobs.model import Lane
from functions.core.jobs.queue import Queues, SqsQueues
from functions.core.recordings.media import Media, S3Media
from functions.core.table import DynamoTable, Table
from gpu_worker.inbox import Inbox, SqsInbox
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.queues import FakeQueues
from tests.fakes.table import FakeTable
from tests.moto_stack import moto_stack


@dataclass
class LaneQueue:
    queues: Queues
    inbox: Inbox


@pytest.fixture(scope="module")
def moto_names() -> Iterator[Mapping[str, str]]:
    with moto_stack() as names:
        yield names


@pytest.fixture(params=["fake", "moto"])
def table(request: pytest.FixtureRequest) -> Table:
    if request.param == "fake":
        return FakeTable()
    return DynamoTable(request.getfixturevalue("moto_names")["LibraryTable"])


@pytest.fixture(params=["fake", "moto"])
def media(request: pytest.FixtureRequest) -> Media:
    if request.param == "fake":
        return FakeMedia()
    return S3Media(request.getfixturevalue("moto_names")["MediaBucket"])


@pytest.fixture(params=["fake", "moto"])
def lane_queue(request: pytest.FixtureRequest, clock: FakeClock) -> LaneQueue:
    if request.param == "fake":
        queues: Any = FakeQueues(clock)
        return LaneQueue(queues, queues.inboxes[Lane.SPEECH])
    names = request.getfixturevalue("moto_names")
    attributes = boto3.client("sqs").get_queue_attributes(
        QueueUrl=names["SpeechQueue"], AttributeNames=["RedrivePolicy"]
    )
    # The template's queue, but a fresh one: SQS empties a queue once a minute at most.
    url = boto3.client("sqs").create_queue(QueueName=str(uuid4()), Attributes=attributes["Attributes"])["QueueUrl"]
    queues = SqsQueues({Lane.SPEECH: url, Lane.LANGUAGE: names["LanguageQueue"]})
    return LaneQueue(queues, SqsInbox(url, wait_seconds=0))
