"""What SQS starts with messages from the dead-letter queue.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from typing import Any

from functions.core.clock import utc_now
from functions.core.jobs.dead_letters import DeadLetters
from functions.core.jobs.queue import SqsQueues
from functions.core.jobs.store import Jobs
from functions.core.observability import log, set_up_logging
from functions.core.recordings.store import Recordings
from functions.core.settings import JobQueues, LibraryTable, Logging
from functions.core.table import DynamoTable


class Settings(LibraryTable, JobQueues, Logging):
    """What this function is told."""


settings = Settings()
set_up_logging("maintenance", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
dead_letters = DeadLetters(
    jobs=Jobs(library, clock=utc_now),
    recordings=Recordings(library, clock=utc_now),
    queues=SqsQueues(settings.queue_urls()),
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Bury each message's job; those that fail stay in the queue."""
    failed = [record["messageId"] for record in event["Records"] if not _bury(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _bury(record: dict[str, Any]) -> bool:
    attributes = {name: one.get("stringValue", "") for name, one in record.get("messageAttributes", {}).items()}
    try:
        dead_letters.bury(record["body"], attributes)
    except Exception:  # noqa: BLE001 (one bad message may not hold up the rest)
        log.error("a dead message could not be buried", message_id=record["messageId"])
        return False
    return True
