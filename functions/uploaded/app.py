"""What EventBridge starts when the bucket has got a recording's bytes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from typing import Any

from functions.core.clock import utc_now
from functions.core.jobs.queue import SqsQueues
from functions.core.jobs.store import Jobs
from functions.core.observability import set_up_logging
from functions.core.recordings.arrivals import Arrivals
from functions.core.recordings.media import S3Media
from functions.core.recordings.store import Recordings
from functions.core.settings import JobQueues, LibraryTable, Logging, MediaBucket
from functions.core.table import DynamoTable


class Settings(LibraryTable, MediaBucket, JobQueues, Logging):
    """What this function is told."""


settings = Settings()
set_up_logging("uploaded", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
arrivals = Arrivals(
    recordings=Recordings(library, clock=utc_now),
    jobs=Jobs(library, clock=utc_now),
    media=S3Media(settings.media_bucket),
    queues=SqsQueues(settings.queue_urls()),
    clock=utc_now,
)


def handler(event: dict[str, Any], _context: object) -> None:
    """Take in one object; an exception makes EventBridge try again."""
    arrivals.take_in(event["detail"]["object"]["key"])
