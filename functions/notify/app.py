"""What the library table's stream starts when recordings and jobs have changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.core.accounts.open_credentials import OpenCredentials
from functions.core.batches.progress import BatchProgress
from functions.core.batches.store import Batches
from functions.core.changes import Reaction, change_of
from functions.core.clock import utc_now
from functions.core.jobs.store import Jobs
from functions.core.observability import log, set_up_logging
from functions.core.realtime.posts import ApiGatewayPosts
from functions.core.realtime.push import Push
from functions.core.realtime.store import Connections
from functions.core.recordings.deletions import AnnouncingDeletions, EventBridgeDeletions
from functions.core.repeats import Repeats
from functions.core.search.news import EventBridgeIndexers, SearchNews
from functions.core.settings import AccountsTable, LibraryTable, Logging, PresenceTable, Realtime, WebhookQueue
from functions.core.stats.keeper import StatsKeeper
from functions.core.stream_records import TooOld, records_of
from functions.core.table import DynamoTable
from functions.core.webhooks.announcer import Announcer
from functions.core.webhooks.outbox import Outbox
from functions.core.webhooks.queue import SqsDeliveryQueue
from functions.core.webhooks.store import Deliveries, Webhooks
from functions.notify.live import LiveNews


class Settings(AccountsTable, LibraryTable, PresenceTable, Realtime, WebhookQueue, Logging):
    """What this function is told."""


settings = Settings()
set_up_logging("notify", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
outbox = Outbox(
    Deliveries(library), Repeats(library, clock=utc_now), SqsDeliveryQueue(settings.webhook_queue_url), clock=utc_now
)
push = Push(
    Connections(DynamoTable(settings.presence_table), clock=utc_now),
    ApiGatewayPosts(settings.realtime_url),
    OpenCredentials(DynamoTable(settings.accounts_table), clock=utc_now),
)
reactions: Sequence[Reaction] = (
    LiveNews(Jobs(library, clock=utc_now), push),
    BatchProgress(Batches(library, clock=utc_now)),
    AnnouncingDeletions(EventBridgeDeletions(installation=settings.library_table)),
    Announcer(Webhooks(library, clock=utc_now), outbox, clock=utc_now),
    StatsKeeper(library),
    SearchNews(EventBridgeIndexers(installation=settings.library_table)),
)


def handler(event: dict[str, Any], _context: object) -> None:
    """React to changes; an exception makes Lambda show the batch again, in halves."""
    changes = [change_of(record) for record in _records(event)]
    for reaction in reactions:
        reaction.react(changes)


def _records(event: dict[str, Any]) -> Sequence[Mapping[str, Any]]:
    if "Records" in event:
        return list(event["Records"])
    # Given up once; an admin wants it followed up after all.
    batch = event["detail"]
    try:
        return records_of(batch)
    except TooOld:
        log.error("changes are too old to be followed up", since=batch["approximateArrivalOfFirstRecord"])
        return []
