"""What EventBridge starts once a day."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final, Protocol

from functions.core.accounts.event_messages import EventBridgeMessages
from functions.core.accounts.housekeeping import Housekeeping
from functions.core.accounts.upkeep import Upkeep
from functions.core.calls.recording import CallRecordings
from functions.core.clock import utc_now
from functions.core.jobs.queue import SqsQueues
from functions.core.jobs.store import Jobs
from functions.core.observability import log, set_up_logging
from functions.core.recordings.joining import Joining
from functions.core.settings import Inactivity, JobQueues, Mail
from functions.maintenance.wiring import ErasureSettings, wired

SPARE: Final = timedelta(seconds=60)
"""What is begun shall end before Lambda's time is over."""


class Settings(ErasureSettings, Inactivity, JobQueues, Mail):
    """What this function is told."""


class Context(Protocol):
    """What Lambda says of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long until Lambda ends it."""
        ...


class NeedsSomebody(Exception):
    """The house was kept, but for what a person must look at; counted as an error, which sets off the alarm."""


settings = Settings()
set_up_logging("maintenance", level=settings.log_level, form=settings.log_format)
parts = wired(settings)
housekeeping = Housekeeping(
    accounts=parts.accounts,
    upkeep=Upkeep(parts.accounts_table, parts.ring),
    erasure=parts.erasure,
    ring=parts.ring,
    messages=EventBridgeMessages(installation=settings.accounts_table),
    recordings=parts.library.recordings,
    removal=parts.library.removal,
    tables=(parts.accounts_table, parts.library.library),
    settings=settings,
    sends_mail=settings.sends_mail,
    clock=utc_now,
)

library, recordings = parts.library.library, parts.library.recordings
call_recordings = CallRecordings(library, recordings=recordings, clock=utc_now)
joining = Joining(
    recordings=recordings,
    jobs=Jobs(library, clock=utc_now),
    queues=SqsQueues(settings.queue_urls()),
    clock=utc_now,
)


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Keep house; raises NeedsSomebody afterwards if not all went well."""
    log.bind_request(str(event.get("id")))
    call_recordings.settle_overdue(joining)
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    report = housekeeping.run(deadline=utc_now() + left - SPARE)
    if report.braked or report.failed:
        raise NeedsSomebody(report)
    return asdict(report)
