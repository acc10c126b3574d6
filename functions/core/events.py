"""Events of ours on EventBridge: it takes them at once, and starts whoever has a rule for them.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from botocore.exceptions import BotoCoreError, ClientError

from functions.core.aws import client


class EventBus:
    """Where one source hands events over. What AWS says of one is never logged: it may quote it."""

    def __init__(self, source: str, *, installation: str = "") -> None:
        self._source = source
        # All installations of an AWS account share its bus; without a name a rule can't tell theirs from ours.
        self._resources = [installation] if installation else []

    def put(self, detail_type: str, detail: str) -> str | None:
        """Hand an event over; returns the code of what went wrong, if anything did."""
        try:
            answer = client("events").put_events(
                Entries=[
                    {
                        "Source": self._source,
                        "DetailType": detail_type,
                        "Detail": detail,
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
