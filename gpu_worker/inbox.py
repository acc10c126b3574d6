"""A lane's queue as a worker sees it."""

from dataclasses import dataclass
from typing import Final, Protocol

from botocore.exceptions import ClientError

from functions.core.aws import client

WAIT_SECONDS: Final = 5
"""Of one poll. SQS takes 20; a worker that shall stop waits for the poll in hand."""
MOST_AT_ONCE: Final = 10
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

    def receive_many(self, *, most: int, hidden_for: int, wait: bool) -> list[Delivery]:
        """Return what is there, up to so many; `wait` a while if there is nothing."""
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
        return next(iter(self.receive_many(most=1, hidden_for=hidden_for, wait=True)), None)

    def receive_many(self, *, most: int, hidden_for: int, wait: bool) -> list[Delivery]:
        """Return what is there, up to so many and never more than ten, which is what SQS hands out at once."""
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(most, MOST_AT_ONCE),
            WaitTimeSeconds=self._wait_seconds if wait else 0,
            VisibilityTimeout=hidden_for,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Delivery(
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                deliveries=int(message["Attributes"]["ApproximateReceiveCount"]),
            )
            for message in answer.get("Messages", [])
        ]

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
