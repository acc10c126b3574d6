"""The door `jobs`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.clock import utc_now
from functions.core.jobs.queue import SqsQueues
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.recordings.media import S3Media
from functions.core.settings import (
    AsciiKeeping,
    Door,
    JobQueues,
    Keeping,
    LibraryTable,
    MediaBucket,
    MediaEndpoint,
    Models,
    Uploads,
)
from functions.core.table import DynamoTable
from functions.jobs.routes import router
from functions.jobs.wiring import job_services


class Settings(Door, LibraryTable, MediaBucket, MediaEndpoint, JobQueues, Uploads, Keeping, AsciiKeeping, Models):
    """What this door is told."""


settings = Settings()
set_up_logging("jobs", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
media = S3Media(settings.media_bucket, public_endpoint=settings.media_endpoint_url or None)
services = Services(
    caller_services(
        settings,
        accounts_table=DynamoTable(settings.accounts_table),
        limiter=DynamoLimiter(settings.accounts_table),
        clock=utc_now,
    )
    | job_services(
        library,
        media=media,
        queues=SqsQueues(settings.queue_urls()),
        uploads=settings,
        keeping=settings,
        ascii_keeping=settings,
        models=settings,
        clock=utc_now,
    )
)
handler = handler_for(build_app(router, services=services))
