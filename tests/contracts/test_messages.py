import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import ANY, Stubber
from moto import mock_aws
from moto.events.utils import EventTemplateParser

from functions.core.accounts.event_messages import DETAIL_TYPE, SOURCE, EventBridgeMessages
from functions.core.accounts.messages import Channel, Message, Messages, Template
from functions.core.aws import client
from functions.core.errors import Unavailable
from tests.fakes.messages import FakeMessages

MESSAGE = Message(
    id="msg_1",
    channel=Channel.SMS,
    to="+79161234567",
    template=Template.CODE,
    facts={"code": "905217", "purpose": "login", "locale": "ru", "имя": "Аня"},
)


@dataclass
class Handing:
    messages: Messages
    arrived: Callable[[], list[Message]]


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        # Our rules transform no input, and moto's way of doing so wants one more package.
        patch.setattr(EventTemplateParser, "parse", lambda *, event, **_: event)
        yield


def rule_into_a_queue(name: str, **pattern: list[str]) -> Callable[[], list[dict[str, Any]]]:
    """Make a rule for our messages, with a queue behind it; returns what reads that empty."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    matched = {"source": [SOURCE], "detail-type": [DETAIL_TYPE], **pattern}
    events.put_rule(Name=name, EventPattern=json.dumps(matched))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    def read() -> list[dict[str, Any]]:
        return [json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url).get("Messages", [])]

    return read


@pytest.fixture(params=["fake", "moto"])
def handing(request: pytest.FixtureRequest) -> Handing:
    if request.param == "fake":
        fake = FakeMessages()
        return Handing(fake, lambda: fake.sent)
    request.getfixturevalue("aws")
    read = rule_into_a_queue("whole")
    return Handing(EventBridgeMessages(), lambda: [Message.from_json(json.dumps(event["detail"])) for event in read()])


def test_a_message_arrives_whole(handing: Handing) -> None:
    handing.messages.send(MESSAGE)

    assert handing.arrived() == [MESSAGE]


def test_installations_that_share_a_bus_get_their_own_messages_only(aws: None) -> None:
    ours = rule_into_a_queue("ours", resources=["prod"])
    theirs = rule_into_a_queue("theirs", resources=["dev"])

    EventBridgeMessages(installation="prod").send(MESSAGE)

    assert (len(ours()), len(theirs())) == (1, 0)


@pytest.fixture
def events() -> Iterator[Stubber]:
    with Stubber(client("events")) as stubber:
        yield stubber


def test_a_refused_entry_is_no_success(events: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "no"}]}
    events.add_response("put_events", refused, {"Entries": ANY})

    with pytest.raises(Unavailable, match="could not be handed over; try again"):
        EventBridgeMessages().send(MESSAGE)

    assert_silent(capsys)


def test_an_error_of_eventbridge_is_ours_to_explain(events: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    events.add_client_error("put_events", "InternalException", f"no {MESSAGE.to}")

    with pytest.raises(Unavailable) as caught:
        EventBridgeMessages().send(MESSAGE)

    assert caught.value.__context__ is None
    assert_silent(capsys)


def test_an_eventbridge_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def time_out(**_: object) -> None:
        raise ConnectTimeoutError(endpoint_url="https://events.example")

    monkeypatch.setattr(client("events"), "put_events", time_out)

    with pytest.raises(Unavailable):
        EventBridgeMessages().send(MESSAGE)


def assert_silent(capsys: pytest.CaptureFixture[str]) -> None:
    written = "".join(capsys.readouterr())
    assert "could not be handed over" in written
    assert MESSAGE.to not in written
    assert MESSAGE.facts["code"] not in written
