"""Messages handed over through EventBridge: it takes them at once, and starts the door `messages` with each.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.core.accounts.messages import Message
from functions.core.aws import client
from functions.core.errors import Unavailable
from functions.core.observability import log

SOURCE: Final = "parley.accounts"
DETAIL_TYPE: Final = "Message"


class EventBridgeMessages:
    """The real ones. Neither a message nor what AWS says of one is ever logged."""

    def __init__(self, *, installation: str = "") -> None:
        # All installations of an AWS account share its bus; without a name a rule can't tell theirs from ours.
        self._resources = [installation] if installation else []

    def send(self, message: Message) -> None:
        """Hand a message over; raises Unavailable."""
        failure = self._failure_of(message)
        if failure is not None:
            log.error("a message could not be handed over", message_id=message.id, code=failure)
            raise Unavailable("The message could not be handed over; try again.")

    def _failure_of(self, message: Message) -> str | None:
        try:
            answer = client("events").put_events(
                Entries=[
                    {
                        "Source": SOURCE,
                        "DetailType": DETAIL_TYPE,
                        "Detail": message.to_json(),
                        "Resources": self._resources,
                    }
                ]
            )
        except ClientError as error:
            return error.response["Error"]["Code"]
        except BotoCoreError as error:
            return type(error).__name__
        # A refused entry comes with status 200.
        return answer["Entries"][0].get("ErrorCode", "unknown") if answer["FailedEntryCount"] else None
