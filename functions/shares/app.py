"""The door `shares`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.clock import Clock, utc_now
from functions.core.jobs.store import Jobs
from functions.core.keys.ring import KeyRing
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.recordings.media import Media, S3Media
from functions.core.recordings.store import Recordings
from functions.core.settings import Door, LibraryTable, MediaBucket, MediaEndpoint
from functions.core.shares.links import Links
from functions.core.shares.store import Shares
from functions.core.table import DynamoTable
from functions.shares.routes import router


class Settings(Door, LibraryTable, MediaBucket, MediaEndpoint):
    """What this door is told."""


settings = Settings()
set_up_logging("shares", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
caller = caller_services(
    settings,
    accounts_table=DynamoTable(settings.accounts_table),
    limiter=DynamoLimiter(settings.accounts_table),
    clock=utc_now,
)
services = Services(
    caller
    | {
        Recordings: Recordings(library, clock=utc_now),
        Jobs: Jobs(library, clock=utc_now),
        Media: S3Media(settings.media_bucket, public_endpoint=settings.media_endpoint_url or None),
        Shares: Shares(library, clock=utc_now),
        Links: Links(Services(caller).get(KeyRing)),
        Clock: utc_now,
    }
)
handler = handler_for(build_app(router, services=services))
