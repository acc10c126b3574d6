"""SQS queues and who else may send to them."""

import json
from typing import Any, Final

from infra.local.resources.aws import Aws
from infra.local.resources.properties import Properties, refuse_unknown

_ATTRIBUTES: Final = {
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
}


def make_queue(aws: Aws, name: str) -> str:
    """Make a queue unless there is one, whose messages stay. Returns its address."""
    # Without attributes this answers for an existing queue too, whatever it is set to.
    return aws.sqs.create_queue(QueueName=name)["QueueUrl"]


def set_up_queue(aws: Aws, url: str, properties: Properties) -> None:
    """Bring a queue up to the template; its dead letter queue must be there."""
    refuse_unknown(properties, _ATTRIBUTES | {"QueueName", "Tags"}, of=f"queue {url}")
    attributes: Any = {key: _text(value) for key, value in properties.items() if key in _ATTRIBUTES}
    if attributes:
        aws.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def allow_senders(aws: Aws, properties: Properties) -> None:
    """Set the policy of queues."""
    refuse_unknown(properties, {"Queues", "PolicyDocument"}, of="a queue's policy")
    for url in properties["Queues"]:
        aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(properties["PolicyDocument"])})


def _text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return json.dumps(value)
        case _:
            return str(value)
