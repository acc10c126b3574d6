"""The door `search`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.clock import utc_now
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.recordings.media import S3Media
from functions.core.recordings.store import Recordings
from functions.core.search.manifest import Manifests
from functions.core.search.reading import PackReader
from functions.core.search.search import Search
from functions.core.settings import Door, LibraryTable, MediaBucket
from functions.core.table import DynamoTable
from functions.search.routes import router


class Settings(Door, LibraryTable, MediaBucket):
    """What this door is told."""


settings = Settings()
set_up_logging("search", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
services = Services(
    caller_services(
        settings,
        accounts_table=DynamoTable(settings.accounts_table),
        limiter=DynamoLimiter(settings.accounts_table),
        clock=utc_now,
    )
    | {
        Search: Search(
            Manifests(library),
            PackReader(S3Media(settings.media_bucket)),
            Recordings(library, clock=utc_now),
            clock=utc_now,
        ),
    }
)
handler = handler_for(build_app(router, services=services))
