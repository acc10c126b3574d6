"""A lane's queue as a worker sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from functions.core.aws import client

WAIT_SECONDS: Final = 5
"""Of one poll. SQS takes 20; a worker that shall stop waits for the poll in hand."""
BATCH_LIMIT: Final = 10
"""Messages that SQS takes in one ChangeMessageVisibilityBatch."""


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

    def hide(self, deliveries: Sequence[Delivery], *, seconds: int) -> None:
        """Keep messages hidden for so long from now."""
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

    def hide(self, deliveries: Sequence[Delivery], *, seconds: int) -> None:
        """Keep messages hidden for so long from now; one that is gone is no error."""
        for start in range(0, len(deliveries), BATCH_LIMIT):
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": delivery.receipt, "VisibilityTimeout": seconds}
                    for number, delivery in enumerate(deliveries[start : start + BATCH_LIMIT])
                ],
            )

    def delete(self, delivery: Delivery) -> None:
        """Be done with a message."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt)
