"""What EventBridge starts when an account is leaving."""

from typing import Any

from functions.core.observability import log, set_up_logging
from functions.maintenance.wiring import ErasureSettings, wired

settings = ErasureSettings()
set_up_logging("maintenance", level=settings.log_level, form=settings.log_format)
erasure = wired(settings).erasure


def handler(event: dict[str, Any], _context: object) -> None:
    """Erase one account; an exception makes Lambda try again."""
    log.bind_request(str(event.get("id")))
    erasure.erase(event["detail"]["user_id"])
