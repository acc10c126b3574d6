"""What EventBridge starts when an admin wants dead letters tried again.

Nothing is done here: each letter goes back to whoever could not do its work, with that function's own rights, tries and
dead letters. So it can be done twice, and what fails once more lies here again.
"""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from functions.core.aws import client
from functions.core.errors import Unavailable
from functions.core.events import EventBus
from functions.core.observability import log, set_up_logging
from functions.core.redrives import CHANGES_AGAIN, SOURCE, UPLOAD_AGAIN, DeadQueue
from functions.core.settings import LibraryTable, Logging, WebhookQueue

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

HIDDEN_FOR: Final = 600
"""Seconds: longer than this function may take, so that it sees no letter twice."""
SPARE_MILLISECONDS: Final = 30_000


class Settings(LibraryTable, WebhookQueue, Logging):
    """What this function is told."""

    uploaded_dead_letters_url: str
    changes_dead_letters_url: str
    webhook_dead_letters_url: str


settings = Settings()
set_up_logging("maintenance", level=settings.log_level, form=settings.log_format)
bus = EventBus(SOURCE, installation=settings.library_table)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Send the letters of one queue back; an exception makes Lambda try again."""
    log.bind_request(str(event.get("id")))
    queue = DeadQueue(event["detail"]["queue"])
    url, send_back = _WAYS[queue]
    sent = failed = 0
    for letter in _letters(url, context):
        try:
            send_back(letter)
        except (AttributeError, KeyError, TypeError, ValueError):
            # It stays, and somebody will be told of it again.
            log.error("a dead letter could not be read", queue=queue, message_id=letter["MessageId"])
            failed += 1
            continue
        client("sqs").delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])
        sent += 1
    log.info("dead letters sent back", queue=queue, sent=sent, failed=failed)
    return {"sent": sent, "failed": failed}


def _letters(url: str, context: Any) -> "Iterator[MessageTypeDef]":
    """Yield what lies there, until there is no more or no time."""
    while context.get_remaining_time_in_millis() > SPARE_MILLISECONDS:
        answer = client("sqs").receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HIDDEN_FOR,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["MessageGroupId"],
        )
        if not answer.get("Messages"):
            return
        yield from answer["Messages"]


def _take_in_again(letter: "MessageTypeDef") -> None:
    """Have an upload taken in: the letter is Lambda's record of a failed call, or the bucket's own event."""
    body = json.loads(letter["Body"])
    key = body.get("requestPayload", body)["detail"]["object"]["key"]
    _put(UPLOAD_AGAIN, {"object": {"key": key}})


def _follow_up_again(letter: "MessageTypeDef") -> None:
    """Have changes followed up: the letter says where in the stream they lie."""
    body = json.loads(letter["Body"])
    batch = body["DDBStreamBatchInfo"] if "DDBStreamBatchInfo" in body else body["requestPayload"]["detail"]
    _put(CHANGES_AGAIN, dict(batch))


def _deliver_again(letter: "MessageTypeDef") -> None:
    """Put a delivery back into its queue."""
    owner = letter["Attributes"]["MessageGroupId"]
    client("sqs").send_message(QueueUrl=settings.webhook_queue_url, MessageBody=letter["Body"], MessageGroupId=owner)


def _put(detail_type: str, detail: dict[str, Any]) -> None:
    failure = bus.put(detail_type, json.dumps(detail))
    if failure is not None:
        raise Unavailable(f"EventBridge did not take an event ({failure}).")


_WAYS: Final[dict[DeadQueue, tuple[str, "Callable[[MessageTypeDef], None]"]]] = {
    DeadQueue.UPLOADS: (settings.uploaded_dead_letters_url, _take_in_again),
    DeadQueue.CHANGES: (settings.changes_dead_letters_url, _follow_up_again),
    DeadQueue.WEBHOOKS: (settings.webhook_dead_letters_url, _deliver_again),
}
