"""The door `debug`: in development only."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.accounts.store import Accounts
from functions.core.clock import utc_now
from functions.core.keys.ring import KeyRing
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.settings import Door, Stage
from functions.core.table import DynamoTable
from functions.debug.routes import router


class Settings(Door, Stage):
    """What this door is told."""


settings = Settings()
if not settings.is_development:
    raise SystemExit(f"STAGE={settings.stage}: personal data is shown in development only.")
set_up_logging("debug", level=settings.log_level, form=settings.log_format)
table = DynamoTable(settings.accounts_table)
services = caller_services(
    settings, accounts_table=table, limiter=DynamoLimiter(settings.accounts_table), clock=utc_now
)
accounts = Accounts(table, Services(services).get(KeyRing), clock=utc_now)
handler = handler_for(build_app(router, services=Services(services | {Accounts: accounts})))
