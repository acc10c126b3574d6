"""The door `realtime`: a plain handler, since Mangum refuses WebSocket events."""

from functions.core.accounts.open_credentials import OpenCredentials
from functions.core.calls.switchboard import Switchboard
from functions.core.calls.timers import RingTimersQueue, SqsRingTimers
from functions.core.clock import utc_now
from functions.core.contacts.addresses import Addresses
from functions.core.jobs.store import Jobs
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.realtime.posts import ApiGatewayPosts
from functions.core.realtime.push import Push
from functions.core.realtime.store import Connections, Tickets
from functions.core.settings import AccountsTable, LibraryTable, Logging, PresenceTable, Realtime
from functions.core.table import DynamoTable
from functions.core.web_push.ringer import ringer_of
from functions.core.web_push.settings import WebPush
from functions.realtime.desk import Desk, handler_of


class Settings(AccountsTable, LibraryTable, PresenceTable, Realtime, RingTimersQueue, WebPush, Logging):
    """What this door is told."""

    web_origin: str
    """Whose pages may connect."""


settings = Settings()
set_up_logging("realtime", level=settings.log_level, form=settings.log_format)
presence = DynamoTable(settings.presence_table)
connections = Connections(presence, clock=utc_now)
credentials = OpenCredentials(DynamoTable(settings.accounts_table), clock=utc_now)
limiter = DynamoLimiter(settings.presence_table)
push = Push(connections, ApiGatewayPosts(settings.realtime_url), credentials)
handler = handler_of(
    Desk(
        tickets=Tickets(presence, clock=utc_now),
        connections=connections,
        credentials=credentials,
        push=push,
        jobs=Jobs(DynamoTable(settings.library_table), clock=utc_now),
        calls=Switchboard(
            presence,
            push=push,
            people=Addresses(presence, clock=utc_now),
            timers=SqsRingTimers(settings.ring_timers_url, clock=utc_now),
            clock=utc_now,
            ringer=ringer_of(settings, presence, clock=utc_now),
            limiter=limiter,
        ),
        limiter=limiter,
        web_origin=settings.web_origin,
        clock=utc_now,
    )
)
