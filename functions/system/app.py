"""The door `system`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.api.wiring import caller_services
from functions.core.clock import Clock, utc_now
from functions.core.jobs.queue_depths import QueueDepths, SqsQueueDepths
from functions.core.jobs.worker_report import WorkerReports
from functions.core.limits.store import DynamoLimiter
from functions.core.observability import set_up_logging
from functions.core.redrives import EventBridgeRedrives, Redrives
from functions.core.table import DynamoTable
from functions.core.webhooks.store import Webhooks
from functions.system.routes import router
from functions.system.settings import SystemSettings

settings = SystemSettings()
set_up_logging("system", level=settings.log_level, form=settings.log_format)
library = DynamoTable(settings.library_table)
services = Services(
    caller_services(
        settings,
        accounts_table=DynamoTable(settings.accounts_table),
        limiter=DynamoLimiter(settings.accounts_table),
        clock=utc_now,
    )
    | {
        Clock: utc_now,
        QueueDepths: SqsQueueDepths(settings.queue_urls(), dead=settings.dead_letter_urls(), clock=utc_now),
        Redrives: EventBridgeRedrives(installation=settings.library_table),
        Webhooks: Webhooks(library, clock=utc_now),
        WorkerReports: WorkerReports(library),
        SystemSettings: settings,
    }
)
handler = handler_for(build_app(router, services=services))
