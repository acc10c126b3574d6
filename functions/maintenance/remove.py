"""What EventBridge starts when a recording has been deleted."""

from typing import Any

from functions.core.observability import log, set_up_logging
from functions.maintenance.wiring import RemovalSettings, wired_removal

settings = RemovalSettings()
set_up_logging("maintenance", level=settings.log_level, form=settings.log_format)
removal = wired_removal(settings).removal


def handler(event: dict[str, Any], _context: object) -> None:
    """Remove one recording; an exception makes Lambda try again."""
    log.bind_request(str(event.get("id")))
    removal.remove(event["detail"]["recording_id"])
