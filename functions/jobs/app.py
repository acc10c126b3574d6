"""The door `jobs`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.clock import utc_now
from functions.core.jobs.queue import SqsQueues
from functions.core.jobs.store import Jobs
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.recordings.media import Media, S3Media
from functions.core.recordings.orders import Orders
from functions.core.recordings.store import Recordings
from functions.core.settings import Door, JobQueues, LibraryTable, MediaBucket, MediaEndpoint
from functions.core.table import DynamoTable
from functions.jobs.routes import router


class Settings(Door, LibraryTable, MediaBucket, MediaEndpoint, JobQueues):
    """What this door is told."""


settings = Settings()
set_up_logging("jobs", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
recordings, jobs = Recordings(library, clock=utc_now), Jobs(library, clock=utc_now)
services = Services(
    caller_services(
        settings,
        accounts_table=DynamoTable(settings.accounts_table),
        limiter=DynamoLimiter(settings.accounts_table),
        clock=utc_now,
    )
    | {
        Recordings: recordings,
        Jobs: jobs,
        Orders: Orders(recordings=recordings, jobs=jobs, queues=SqsQueues(settings.queue_urls()), clock=utc_now),
        Media: S3Media(settings.media_bucket, public_endpoint=settings.media_endpoint_url or None),
    }
)
handler = handler_for(build_app(router, services=services))
