"""The door `accounts`."""

from functions.accounts.routes import router
from functions.accounts.wiring import account_services
from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.core.accounts.erasure import EventBridgeLeavers
from functions.core.accounts.event_messages import EventBridgeMessages
from functions.core.clock import utc_now
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.settings import Door, IndexKey, Registrations
from functions.core.table import DynamoTable


class Settings(Door, IndexKey, Registrations):
    """What this door is told."""


settings = Settings()
set_up_logging("accounts", level=settings.log_level, form=settings.log_format)
services = Services(
    account_services(
        settings,
        registrations=settings,
        accounts_table=DynamoTable(settings.accounts_table),
        limiter=DynamoLimiter(settings.accounts_table),
        messages=EventBridgeMessages(installation=settings.accounts_table),
        leavers=EventBridgeLeavers(installation=settings.accounts_table),
        clock=utc_now,
        index_key=settings.index_key,
    )
)
handler = handler_for(build_app(router, services=services))
