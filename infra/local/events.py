"""What calls functions beside HTTP: rules (a bucket's events, schedules) and queues.

Each has a thread that polls, since boto3 waits; the function itself is called on the supervisor's loop.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.core.observability import log
from infra.local.credentials import Roles
from infra.local.functions import FunctionFailed, LocalFunction
from infra.local.resources.aws import Aws
from infra.local.stack import QueueMapping, Rule

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

RETRY_AFTER: Final = (2, 10)
"""Seconds. Lambda waits one minute and two; whoever sits at a desk does not."""

_POLL: Final = 20
_AFTER_ERROR: Final = 1.0
_SPARE: Final = 30
"""Seconds that a message stays hidden beyond the function's timeout."""


class Poller:
    """A thread that takes messages from a queue until told to stop."""

    def __init__(self, name: str, poll: Callable[[], None]) -> None:
        self._poll = poll
        self._name = name
        self._stopping = threading.Event()
        # A daemon: a long poll is not worth waiting for at the end.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more messages."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._poll()
            except (CancelledError, RuntimeError):
                if self._stopping.is_set():
                    # The supervisor's loop has ended.
                    return
                raise
            except (BotoCoreError, ClientError) as error:
                if self._stopping.wait(_AFTER_ERROR):
                    return
                log.error(f"{self._name} could not poll", reason=str(error))


class RuleEvents:
    """Calls a function for each event that a rule matches, as EventBridge and Lambda's own queue do together."""

    def __init__(self, rule: Rule, function: LocalFunction, *, aws: Aws, roles: Roles) -> None:
        self._rule = rule
        self._function = function
        self._aws = aws
        self._roles = roles
        self._loop = asyncio.get_running_loop()

    def poll(self) -> None:
        """Wait for events and call the function for each; events don't wait for each other."""
        answer = self._aws.sqs.receive_message(
            QueueUrl=self._rule.queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=_POLL,
            VisibilityTimeout=self._function.function.timeout + _SPARE,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        for message in answer.get("Messages", []):
            asyncio.run_coroutine_threadsafe(self._take(message), self._loop)

    async def _take(self, message: "MessageTypeDef") -> None:
        event = json.loads(message["Body"])
        calls = int(message["Attributes"]["ApproximateReceiveCount"])
        try:
            try:
                await self._function.call(event)
            except FunctionFailed as failure:
                await asyncio.to_thread(self._fail, message, event, calls, str(failure))
            else:
                await asyncio.to_thread(self._done, message)
        except (BotoCoreError, ClientError) as error:
            # The event comes again when it shows again.
            log.error(f"{self._rule.name} could not settle an event", reason=str(error))

    def _fail(self, message: "MessageTypeDef", event: Mapping[str, Any], calls: int, reason: str) -> None:
        failures = self._function.function.failures
        if calls <= failures.retries:
            wait = RETRY_AFTER[min(calls, len(RETRY_AFTER)) - 1]
            log.warning(f"{self._function.function.logical_id} is tried again", calls=calls, seconds=wait)
            self._aws.sqs.change_message_visibility(
                QueueUrl=self._rule.queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=wait
            )
            return
        log.error(f"{self._function.function.logical_id} gave an event up", calls=calls, reason=reason)
        if failures.queue_url is not None:
            # With the function's own right, as Lambda does.
            self._roles.aws_as(self._function.function.role_arn).sqs.send_message(
                QueueUrl=failures.queue_url, MessageBody=json.dumps(self._record(event, calls, reason))
            )
        self._done(message)

    def _done(self, message: "MessageTypeDef") -> None:
        self._aws.sqs.delete_message(QueueUrl=self._rule.queue_url, ReceiptHandle=message["ReceiptHandle"])

    def _record(self, event: Mapping[str, Any], calls: int, reason: str) -> dict[str, Any]:
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        return {
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(),
            "requestContext": {
                "functionArn": f"{self._function.function.arn}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": calls,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": reason},
        }


class QueueEvents:
    """Calls a function with a queue's messages in batches, with the rights of that function's role."""

    def __init__(self, mapping: QueueMapping, function: LocalFunction, *, roles: Roles, region: str) -> None:
        self._mapping = mapping
        self._function = function
        self._roles = roles
        self._region = region
        self._loop = asyncio.get_running_loop()

    def poll(self) -> None:
        """Wait for messages, call the function with them, and delete those that it took."""
        sqs = self._roles.aws_as(self._function.function.role_arn).sqs
        answer = sqs.receive_message(
            QueueUrl=self._mapping.queue_url,
            MaxNumberOfMessages=min(10, self._mapping.batch_size),
            WaitTimeSeconds=_POLL,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            return
        event = {"Records": [self._record(message) for message in messages]}
        try:
            result = asyncio.run_coroutine_threadsafe(self._function.call(event), self._loop).result()
        except FunctionFailed:
            # The messages come again when they show again.
            return
        failed = _failed(result, messages) if self._mapping.reports_failures else set()
        for message in messages:
            if message["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=self._mapping.queue_url, ReceiptHandle=message["ReceiptHandle"])

    def _record(self, message: "MessageTypeDef") -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._mapping.queue_arn,
            "awsRegion": self._region,
        }


def _attribute(value: Any) -> dict[str, Any]:
    return {
        "stringValue": value.get("StringValue"),
        "binaryValue": value.get("BinaryValue"),
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }


def _failed(result: Any, messages: "list[MessageTypeDef]") -> set[str]:
    """Read a function's report; one that can't be read means that all failed, as on AWS.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    everything = {message["MessageId"] for message in messages}
    if not result:
        return set()
    try:
        reported = {failure["itemIdentifier"] for failure in result.get("batchItemFailures") or []}
    except (AttributeError, KeyError, TypeError):
        return everything
    return min(reported, everything)
