"""What SQS starts with deliveries whose turn may have come.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from functions.core.clock import utc_now
from functions.core.keys.providers import provider_for
from functions.core.keys.ring import KeyRing
from functions.core.observability import log, set_up_logging
from functions.core.settings import AccountsTable, DataKeys, LibraryTable, Logging, WebhookAddresses, WebhookQueue
from functions.core.table import DynamoTable
from functions.core.webhooks.delivery import Deliverer
from functions.core.webhooks.policy import policy_of
from functions.core.webhooks.queue import SqsDeliveryQueue, Turn
from functions.core.webhooks.sending import HttpSender
from functions.core.webhooks.store import Deliveries, Secrets, Webhooks


class Settings(AccountsTable, LibraryTable, DataKeys, WebhookAddresses, WebhookQueue, Logging):
    """What this function is told."""


settings = Settings()
set_up_logging("webhooks", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
ring = KeyRing(DynamoTable(settings.accounts_table), provider_for(settings), clock=utc_now)
deliverer = Deliverer(
    webhooks=Webhooks(library, clock=utc_now),
    secrets=Secrets(library, ring),
    deliveries=Deliveries(library),
    queue=SqsDeliveryQueue(settings.webhook_queue_url),
    sender=HttpSender(policy_of(settings)),
    clock=utc_now,
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Try each delivery, side by side, since a receiver may take its time; those that fail stay in the queue."""
    records = event["Records"]
    with ThreadPoolExecutor(len(records)) as pool:
        taken = list(pool.map(_take, records))
    failed = [record["messageId"] for record, is_taken in zip(records, taken, strict=True) if not is_taken]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _take(record: dict[str, Any]) -> bool:
    log.bind_request(record["messageId"])
    try:
        deliverer.take(Turn.from_json(record["body"]))
    except Exception:  # noqa: BLE001 (one bad message may not hold up the rest)
        log.error("a delivery could not be tried")
        return False
    return True
