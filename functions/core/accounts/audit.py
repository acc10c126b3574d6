"""What is on record of a deed."""

from datetime import datetime

from functions.core.accounts.model import AuditRecord
from functions.core.ids import new_id
from functions.core.observability import log


def audit_record(*, now: datetime, actor_id: str, action: str, target_id: str, facts: dict[str, str]) -> AuditRecord:
    """Return the record of a deed, with the request that it was done in."""
    return AuditRecord(
        id=new_id("audit_record"),
        at=now,
        actor_id=actor_id,
        action=action,
        target_id=target_id,
        request_id=log.request_id() or "",
        facts=facts,
    )
