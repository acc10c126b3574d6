"""What must not exist in production: personal data, opened. Not in the document either."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from functions.api.callers import Admin
from functions.api.paging import CurrentPage, Page
from functions.api.services import service
from functions.core.accounts.audit import audit_record
from functions.core.accounts.store import Accounts
from functions.core.clock import utc_now
from functions.core.errors import Invalid
from functions.debug.schemas import DebugUser

router = APIRouter(prefix="/v1/debug", tags=["debug"], include_in_schema=False)

TheAccounts = Annotated[Accounts, Depends(service(Accounts))]
Reason = Annotated[str, Query(max_length=200, description="Why; it goes into the audit")]


@router.get("/users")
def list_opened_users(
    caller: Admin,
    accounts: TheAccounts,
    paging: CurrentPage,
    reveal: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    reason: Reason = "",
) -> Page[DebugUser]:
    """List accounts with their personal data masked, or, with `reveal` and a `reason`, in clear."""
    if reveal:
        if not reason.strip():
            raise Invalid("Say why: `reason` goes into the audit.", code="reason-needed")
        accounts.add_audit_record(
            audit_record(
                now=utc_now(),
                actor_id=caller.user_id,
                action="personal data revealed",
                target_id="users",
                facts={"reason": reason},
            )
        )
    return paging.page(
        "opened users",
        lambda before, limit: accounts.newest(before=before, limit=limit),
        lambda user: user.id,
        lambda users: [DebugUser.of(user, is_revealed=reveal) for user in users],
    )
