"""A lane's queue as a worker sees it."""

from dataclasses import dataclass
from typing import Final, Protocol

from botocore.exceptions import ClientError

from functions.core.aws import client

WAIT_SECONDS: Final = 5
"""Of one poll. SQS takes 20; a worker that shall stop waits for the poll in hand."""
GONE: Final = {
    "InvalidParameterValue",
    "ReceiptHandleIsInvalid",
    "MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
}
"""What SQS answers for a message that was deleted, or that has become visible again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in our hands. `deliveries` counts this one."""

    receipt: str
    body: str
    deliveries: int


class Inbox(Protocol):
    """Where a lane's messages come from."""

    def receive(self, *, hidden_for: int) -> Delivery | None:
        """Wait for a message and hide it from others for some seconds."""
        ...

    def hide(self, delivery: Delivery, *, seconds: int) -> None:
        """Keep a message hidden for so long from now; one that is gone is no error."""
        ...

    def delete(self, delivery: Delivery) -> None:
        """Be done with a message."""
        ...


class SqsInbox:
    """The real one. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html."""

    def __init__(self, url: str, *, wait_seconds: int = WAIT_SECONDS) -> None:
        self._url = url
        self._wait_seconds = wait_seconds
        self._client = client("sqs")

    def receive(self, *, hidden_for: int) -> Delivery | None:
        """Wait for one message: more would age in our hands."""
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=self._wait_seconds,
            VisibilityTimeout=hidden_for,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        for message in answer.get("Messages", []):
            count = int(message["Attributes"]["ApproximateReceiveCount"])
            return Delivery(receipt=message["ReceiptHandle"], body=message["Body"], deliveries=count)
        return None

    def hide(self, delivery: Delivery, *, seconds: int) -> None:
        """Keep a message hidden for so long from now; one that is gone is no error."""
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=delivery.receipt, VisibilityTimeout=seconds
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise

    def delete(self, delivery: Delivery) -> None:
        """Be done with a message."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt)
