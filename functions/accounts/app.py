"""The door `accounts`."""

from functions.accounts.routes import router
from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.clock import utc_now
from functions.core.observability import set_up_logging
from functions.core.settings import AccountsTable, Logging, Tokens
from functions.core.table import DynamoTable


class Settings(AccountsTable, Tokens, Logging):
    """What this door is told."""


settings = Settings()
set_up_logging("accounts", level=settings.log_level, form=settings.log_format)
services = Services(
    caller_services(settings, accounts_table=DynamoTable(settings.accounts_table), clock=utc_now),
)
handler = handler_for(build_app(router, services=services))
