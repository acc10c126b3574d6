"""The door `openai`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.clock import utc_now
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.jobs.store import Jobs
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.recordings.media import S3Media
from functions.core.recordings.store import Recordings
from functions.core.settings import Door, Keeping, LibraryTable, MediaBucket, Models, Uploads
from functions.core.table import DynamoTable
from functions.openai.routes import router
from functions.openai.settings import Waiting
from functions.openai.transcribing import Transcriber
from functions.openai.waiting import Patience


class Settings(Door, LibraryTable, MediaBucket, Uploads, Keeping, Models, Waiting):
    """What this door is told."""


settings = Settings()
set_up_logging("openai", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
services = Services(
    caller_services(
        settings,
        accounts_table=DynamoTable(settings.accounts_table),
        limiter=DynamoLimiter(settings.accounts_table),
        clock=utc_now,
    )
    | {
        Transcriber: Transcriber(
            recordings=Recordings(library, clock=utc_now),
            jobs=Jobs(library, clock=utc_now),
            media=S3Media(settings.media_bucket),
            patience=Patience(seconds=settings.openai_wait_seconds),
            keep_days=settings.keep_days,
            clock=utc_now,
        ),
        Uploads: settings,
        AllowedModels: AllowedModels(settings.allowed_models),
    }
)
handler = handler_for(build_app(router, services=services))
