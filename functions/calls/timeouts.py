"""What SQS starts with calls that may have rung for long enough.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from typing import Any

from functions.core.accounts.open_credentials import OpenCredentials
from functions.core.calls.switchboard import Switchboard
from functions.core.calls.timers import RingTimer, RingTimersQueue, SqsRingTimers
from functions.core.clock import utc_now
from functions.core.contacts.addresses import Addresses
from functions.core.observability import log, set_up_logging
from functions.core.realtime.posts import ApiGatewayPosts
from functions.core.realtime.push import Push
from functions.core.realtime.store import Connections
from functions.core.settings import AccountsTable, Logging, PresenceTable, Realtime
from functions.core.table import DynamoTable
from functions.core.web_push.ringer import ringer_of
from functions.core.web_push.settings import WebPush


class Settings(AccountsTable, PresenceTable, Realtime, RingTimersQueue, WebPush, Logging):
    """What this function is told."""


settings = Settings()
set_up_logging("timeouts", level=settings.log_level, form=settings.log_format)
presence = DynamoTable(settings.presence_table)
switchboard = Switchboard(
    presence,
    push=Push(
        Connections(presence, clock=utc_now),
        ApiGatewayPosts(settings.realtime_url),
        OpenCredentials(DynamoTable(settings.accounts_table), clock=utc_now),
    ),
    people=Addresses(presence, clock=utc_now),
    timers=SqsRingTimers(settings.ring_timers_url, clock=utc_now),
    clock=utc_now,
    ringer=ringer_of(settings, presence, clock=utc_now),
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """End the ringing of each; those where that fails stay in the queue."""
    failed = [record["messageId"] for record in event["Records"] if not _is_done(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _is_done(record: dict[str, Any]) -> bool:
    log.bind_request(record["messageId"])
    try:
        switchboard.expire(RingTimer.from_json(record["body"]).call_id)
    except Exception:  # noqa: BLE001 (one bad message may not hold up the rest)
        log.error("a call could not be let go")
        return False
    return True
