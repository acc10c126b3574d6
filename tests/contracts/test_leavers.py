import json
from collections.abc import Iterator

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws
from moto.events.utils import EventTemplateParser
from structlog.testing import capture_logs

from functions.core.accounts.erasure import DETAIL_TYPE, EventBridgeLeavers
from functions.core.accounts.event_messages import SOURCE
from functions.core.aws import client


@pytest.fixture
def queue_url() -> Iterator[str]:
    """Yield a queue behind a rule as in the template."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        # Our rules transform no input, and moto's way of doing so wants one more package.
        patch.setattr(EventTemplateParser, "parse", lambda *, event, **_: event)
        events, sqs = boto3.client("events"), boto3.client("sqs")
        url = sqs.create_queue(QueueName="leavers")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": [SOURCE], "detail-type": [DETAIL_TYPE], "resources": ["prod"]}
        events.put_rule(Name="leavers", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="leavers", Targets=[{"Id": "queue", "Arn": arn}])
        yield url


def test_a_leaver_is_announced_to_their_installation(queue_url: str) -> None:
    EventBridgeLeavers(installation="dev").announce("usr_0")
    EventBridgeLeavers(installation="prod").announce("usr_1")

    arrived = boto3.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(one["Body"])["detail"] for one in arrived] == [{"user_id": "usr_1"}]


def test_an_announcement_that_is_refused_is_logged_and_breaks_nothing() -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "no"}]}
    with Stubber(client("events")) as events, capture_logs() as lines:
        events.add_response("put_events", refused, {"Entries": ANY})
        EventBridgeLeavers().announce("usr_1")

    assert [(line["user_id"], line["code"]) for line in lines] == [("usr_1", "ThrottlingException")]
