"""The door `system`."""

from functions.api.application import build_app
from functions.api.lambda_handler import handler_for
from functions.api.services import Services
from functions.core.jobs.queue import QueueDepths, SqsQueueDepths
from functions.core.jobs.worker_report import WorkerReports
from functions.core.observability import set_up_logging
from functions.core.table import DynamoTable
from functions.system.routes import router
from functions.system.settings import SystemSettings

settings = SystemSettings()
set_up_logging("system", level=settings.log_level, form=settings.log_format)
services = Services(
    {
        QueueDepths: SqsQueueDepths(settings.queue_urls().values()),
        WorkerReports: WorkerReports(DynamoTable(settings.library_table)),
        SystemSettings: settings,
    }
)
handler = handler_for(build_app(router, services=services))
