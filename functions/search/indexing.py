"""What EventBridge starts when what can be found of a recording has changed."""

from datetime import timedelta
from typing import Any, Final

from functions.core.clock import utc_now
from functions.core.jobs.store import Jobs
from functions.core.observability import log, set_up_logging
from functions.core.recordings.media import S3Media
from functions.core.recordings.store import Recordings
from functions.core.search.index import SearchIndex
from functions.core.search.reconciling import Reconciler
from functions.core.settings import LibraryTable, Logging, MediaBucket
from functions.core.table import DynamoTable

FOR_ONE_MERGE: Final = timedelta(minutes=1)
"""The largest takes seconds."""


class Settings(LibraryTable, MediaBucket, Logging):
    """What this function is told."""


settings = Settings()
set_up_logging("search", level=settings.log_level, form=settings.log_format)
library, media = DynamoTable(settings.library_table), S3Media(settings.media_bucket)
reconciler = Reconciler(
    index=SearchIndex(library, media, clock=utc_now),
    recordings=Recordings(library, clock=utc_now),
    jobs=Jobs(library, clock=utc_now),
    media=media,
)


def handler(event: dict[str, Any], context: Any) -> None:
    """Bring the index up to one recording; an exception makes Lambda try again."""
    detail = event["detail"]
    log.bind_request(str(event.get("id")), recording_id=detail["recording_id"])
    reconciler.reconcile(
        detail["owner_id"],
        detail["recording_id"],
        may_merge=lambda: context.get_remaining_time_in_millis() > FOR_ONE_MERGE.total_seconds() * 1000,
    )
