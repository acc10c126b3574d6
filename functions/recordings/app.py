"""The door `recordings`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.clock import Clock, utc_now
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.jobs.store import Jobs
from functions.core.limits.store import DynamoLimiter
from functions.core.locations.store import Locations
from functions.core.observability import set_up_logging
from functions.core.presets.store import Presets
from functions.core.presets.wishes import Wishes
from functions.core.recordings.correcting import Correcting
from functions.core.recordings.media import Media, S3Media
from functions.core.recordings.multipart import MultipartUploads
from functions.core.recordings.store import Recordings
from functions.core.settings import Door, Keeping, LibraryTable, MediaBucket, MediaEndpoint, Models, Uploads
from functions.core.stats.store import Stats
from functions.core.table import DynamoTable
from functions.recordings.routes import router


class Settings(Door, LibraryTable, MediaBucket, MediaEndpoint, Uploads, Keeping, Models):
    """What this door is told."""


settings = Settings()
set_up_logging("recordings", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
recordings = Recordings(library, clock=utc_now)
media = S3Media(settings.media_bucket, public_endpoint=settings.media_endpoint_url or None)
services = Services(
    caller_services(
        settings,
        accounts_table=DynamoTable(settings.accounts_table),
        limiter=DynamoLimiter(settings.accounts_table),
        clock=utc_now,
    )
    | {
        Recordings: recordings,
        Correcting: Correcting(recordings=recordings, media=media),
        Jobs: Jobs(library, clock=utc_now),
        Keeping: settings,
        Locations: Locations(library, clock=utc_now),
        Media: media,
        MultipartUploads: MultipartUploads(recordings=recordings, media=media, clock=utc_now),
        Stats: Stats(library),
        Uploads: settings,
        Wishes: Wishes(Presets(library, clock=utc_now), AllowedModels(settings.allowed_models)),
        Clock: utc_now,
    }
)
handler = handler_for(build_app(router, services=services))
