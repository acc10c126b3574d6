"""Resources of the real template in moto's AWS."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.errors import CannotRun
from infra.local.resources.aws import Aws
from infra.local.resources.queues import make_queue, set_up_queue
from infra.local.resources.roles import make_role
from infra.local.resources.rules import drop_other_rules, make_rule
from infra.local.resources.tables import make_table
from tests.moto_stack import REGION, moto_stack

TABLE: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
INDEX: dict[str, Any] = {
    "IndexName": "lists",
    "KeySchema": [{"AttributeName": "list_pk", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
TRUST = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws(boto3.Session(), REGION)


def test_the_whole_of_the_data_is_made_twice_without_harm() -> None:
    with moto_stack() as names:
        s3 = boto3.client("s3", region_name=REGION)
        sqs = boto3.client("sqs", region_name=REGION)
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        s3.put_object(Bucket=names["MediaBucket"], Key="media/a", Body=b"a")
        dynamodb.put_item(TableName=names["LibraryTable"], Item={"pk": {"S": "a"}})
        with moto_stack() as again:
            assert again == names
            assert s3.get_bucket_versioning(Bucket=names["MediaBucket"])["Status"] == "Enabled"
            rules = s3.get_bucket_lifecycle_configuration(Bucket=names["MediaBucket"])["Rules"]
            assert {rule["ID"] for rule in rules} == {"abandoned-uploads", "deleted-is-deleted", "kept-briefly"}
            queue = sqs.get_queue_attributes(QueueUrl=names["SpeechQueue"], AttributeNames=["All"])["Attributes"]
            assert json.loads(queue["RedrivePolicy"])["maxReceiveCount"] == 20
            assert queue["ReceiveMessageWaitTimeSeconds"] == "20"
            expiry = dynamodb.describe_time_to_live(TableName=names["LibraryTable"])["TimeToLiveDescription"]
            assert expiry["TimeToLiveStatus"] == "ENABLED"


def test_a_new_index_comes_to_an_old_table_and_its_items_stay(aws: Aws) -> None:
    make_table(aws, "t", TABLE)
    aws.dynamodb.put_item(TableName="t", Item={"pk": {"S": "a"}, "list_pk": {"S": "g"}})
    attributes = [*TABLE["AttributeDefinitions"], {"AttributeName": "list_pk", "AttributeType": "S"}]
    make_table(aws, "t", {**TABLE, "AttributeDefinitions": attributes, "GlobalSecondaryIndexes": [INDEX]})
    found = aws.dynamodb.query(
        TableName="t",
        IndexName="lists",
        KeyConditionExpression="list_pk = :g",
        ExpressionAttributeValues={":g": {"S": "g"}},
    )
    assert found["Count"] == 1


def test_a_stream_comes_to_an_old_table_and_stays_the_same(aws: Aws) -> None:
    assert make_table(aws, "t", TABLE) is None
    with_stream = {**TABLE, "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"}}
    stream = make_table(aws, "t", with_stream)
    assert stream is not None
    assert make_table(aws, "t", with_stream) == stream
    aws.dynamodb.put_item(TableName="t", Item={"pk": {"S": "a"}})
    with pytest.raises(CannotRun, match="other images"):
        make_table(aws, "t", {**TABLE, "StreamSpecification": {"StreamViewType": "KEYS_ONLY"}})


def test_other_keys_stop_the_start(aws: Aws) -> None:
    make_table(aws, "t", TABLE)
    other = [{"AttributeName": "id", "AttributeType": "S"}]
    with pytest.raises(CannotRun, match="other keys"):
        make_table(
            aws,
            "t",
            {**TABLE, "AttributeDefinitions": other, "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]},
        )


def test_a_changed_queue_keeps_its_messages(aws: Aws) -> None:
    url = make_queue(aws, "q")
    set_up_queue(aws, url, {"VisibilityTimeout": 1})
    aws.sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert make_queue(aws, "q") == url
    set_up_queue(aws, url, {"VisibilityTimeout": 77, "SqsManagedSseEnabled": True})
    assert aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["VisibilityTimeout"] == "77"
    assert aws.sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


def test_a_property_that_would_be_skipped_stops_the_start(aws: Aws) -> None:
    with pytest.raises(CannotRun, match="has FifoQueue"):
        set_up_queue(aws, "q", {"FifoQueue": True})


def test_a_rule_delivers_into_a_queue_of_its_own_and_goes_when_the_template_drops_it(aws: Aws) -> None:
    url = make_rule(aws, "house-Nightly", {"ScheduleExpression": "rate(1 day)", "Targets": []})
    make_rule(aws, "house-Arrived", {"EventPattern": {"source": ["aws.s3"]}, "State": "ENABLED", "Targets": []})
    assert url.endswith("house-Nightly-events")
    (target,) = aws.events.list_targets_by_rule(Rule="house-Nightly")["Targets"]
    assert target["Arn"].endswith("house-Nightly-events")
    drop_other_rules(aws, "house", {"house-Arrived"})
    assert [rule["Name"] for rule in aws.events.list_rules()["Rules"]] == ["house-Arrived"]


def test_a_role_has_exactly_what_the_template_says_now(aws: Aws) -> None:
    def role(*names: str) -> dict[str, Any]:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
        policies = [{"PolicyName": name, "PolicyDocument": document} for name in names]
        return {"AssumeRolePolicyDocument": TRUST, "Policies": policies}

    make_role(aws, "r", role("old", "kept"))
    make_role(aws, "r", role("kept", "new"))
    assert aws.iam.list_role_policies(RoleName="r")["PolicyNames"] == ["kept", "new"]
