"""The door `calls`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.calls.routes import router
from functions.calls.wiring import Library, Neighbours, call_services, recording_services
from functions.core.clock import utc_now
from functions.core.ice.providers import ice_servers_of
from functions.core.ice.settings import IceSettings
from functions.core.jobs.queue import SqsQueues
from functions.core.keys.ring import KeyRing
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.realtime.posts import ApiGatewayPosts
from functions.core.recordings.media import S3Media
from functions.core.settings import (
    Door,
    JobQueues,
    Keeping,
    LibraryTable,
    MediaBucket,
    MediaEndpoint,
    Models,
    PresenceTable,
    Realtime,
    Uploads,
)
from functions.core.table import DynamoTable
from functions.core.web_push.settings import WebPush
from functions.core.web_push.vapid import vapid_of


class Settings(
    Door,
    PresenceTable,
    Realtime,
    IceSettings,
    WebPush,
    LibraryTable,
    MediaBucket,
    MediaEndpoint,
    JobQueues,
    Uploads,
    Keeping,
    Models,
):
    """What this door is told."""


settings = Settings()
set_up_logging("calls", level=settings.log_level, form=settings.log_format)
accounts_table, presence = DynamoTable(settings.accounts_table), DynamoTable(settings.presence_table)
limiter = DynamoLimiter(settings.accounts_table)
people = caller_services(settings, accounts_table=accounts_table, limiter=limiter, clock=utc_now)
own = call_services(
    presence,
    accounts_table,
    Neighbours(
        ring=Services(people).get(KeyRing),
        limiter=limiter,
        posts=ApiGatewayPosts(settings.realtime_url),
        ice_servers=ice_servers_of(settings, clock=utc_now),
        vapid=vapid_of(settings, clock=utc_now),
        realtime=settings,
    ),
    clock=utc_now,
)
library = Library(
    table=DynamoTable(settings.library_table),
    media=S3Media(settings.media_bucket, public_endpoint=settings.media_endpoint_url or None),
    queues=SqsQueues(settings.queue_urls()),
    uploads=settings,
    keeping=settings,
    models=settings,
)
handler = handler_for(build_app(router, services=Services(people | own | recording_services(library, clock=utc_now))))
