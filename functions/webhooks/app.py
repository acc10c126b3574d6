"""The door `webhooks`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.clock import utc_now
from functions.core.keys.ring import KeyRing
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.settings import Door, LibraryTable, WebhookAddresses, WebhookQueue
from functions.core.table import DynamoTable
from functions.core.webhooks.policy import policy_of
from functions.core.webhooks.queue import SqsDeliveryQueue
from functions.webhooks.routes import router
from functions.webhooks.wiring import webhook_services


class Settings(Door, LibraryTable, WebhookAddresses, WebhookQueue):
    """What this door is told."""


settings = Settings()
set_up_logging("webhooks", level=settings.log_level, form=settings.log_format)
people = caller_services(
    settings,
    accounts_table=DynamoTable(settings.accounts_table),
    limiter=DynamoLimiter(settings.accounts_table),
    clock=utc_now,
)
own = webhook_services(
    DynamoTable(settings.library_table),
    Services(people).get(KeyRing),
    queue=SqsDeliveryQueue(settings.webhook_queue_url),
    policy=policy_of(settings),
    clock=utc_now,
)
handler = handler_for(build_app(router, services=Services(people | own)))
