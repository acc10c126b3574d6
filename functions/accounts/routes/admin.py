"""What admins do: see who is there, let in and shut out, and what was done."""

from dataclasses import replace
from typing import Annotated

from fastapi import Path, Query, Response

from functions.accounts.routes.door import TheAccounts, TheLeavers, TheSessions, router
from functions.accounts.schemas import AuditRecordView, UserChange, UserView
from functions.api.callers import Admin
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.core.accounts.audit import audit_record
from functions.core.accounts.model import AuditRecord, Caller, User
from functions.core.clock import utc_now
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.observability import log

UserId = Annotated[str, Path(max_length=64, description="`usr_...`")]
Search = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=254,
        description="A whole username, email, phone or unique id; or a part of a name, looked for page by page",
    ),
]


@router.get("/users", responses=problems(Invalid))
def list_users(_caller: Admin, accounts: TheAccounts, paging: CurrentPage, q: Search = None) -> Page[UserView]:
    """List accounts, newest first, or those that `q` finds."""
    if q is None:
        return paging.page(
            "users",
            lambda before, limit: accounts.newest(before=before, limit=limit),
            lambda user: user.id,
            lambda users: [UserView.of(user) for user in users],
        )
    list_name = f"users with {q}"
    found, last = accounts.search(q, before=paging.position(list_name), limit=paging.limit)
    return paging.answer(list_name, [UserView.of(user) for user in found], following=last)


@router.get("/users/{user_id}", responses=problems(NotFound))
def read_user(user_id: UserId, _caller: Admin, accounts: TheAccounts) -> UserView:
    """Read an account."""
    return UserView.of(accounts.get(user_id))


@router.patch("/users/{user_id}", responses=problems(NotFound, Conflict, Invalid))
def change_user(
    user_id: UserId, change: UserChange, caller: Admin, accounts: TheAccounts, sessions: TheSessions
) -> UserView:
    """Activate or deactivate an account; make it an admin, or no admin any more; say how long its recordings are kept.

    The last admin stays one.
    """

    def transition(user: User) -> User:
        return replace(
            user,
            is_active=user.is_active if change.active is None else change.active,
            role=change.role or user.role,
            keep_days=change.keep_days if change.sets_keep_days else user.keep_days,
        )

    audit = _record(caller, "account changed", user_id, change.facts())
    user = accounts.change(user_id, transition, audit=audit)
    if not user.is_active:
        # Its credentials open nothing since the change; they are not to come back with it either.
        sessions.end_all(user.id)
        accounts.revoke_all_api_keys(user.id)
    return UserView.of(user)


@router.delete(
    "/users/{user_id}",
    status_code=204,
    response_class=Response,
    responses=problems(NotFound, Conflict),
)
def erase_user(
    user_id: UserId, caller: Admin, accounts: TheAccounts, sessions: TheSessions, leavers: TheLeavers
) -> None:
    """Erase an account and everything that is theirs. It is closed at once; the rest is gone within minutes."""
    audit = _record(caller, "account erased", user_id, {})
    accounts.change(user_id, lambda user: replace(user, is_leaving=True), audit=audit)
    sessions.end_all(user_id)
    leavers.announce(user_id)


@router.get("/audit", responses=problems(Invalid))
def list_audit_records(_caller: Admin, accounts: TheAccounts, paging: CurrentPage) -> Page[AuditRecordView]:
    """List what admins did, newest first; kept for a year."""
    return paging.page(
        "audit",
        lambda before, limit: accounts.audit_records(before=before, limit=limit),
        lambda record: record.id,
        lambda records: [AuditRecordView.of(record) for record in records],
    )


def _record(caller: Caller, action: str, target_id: str, facts: dict[str, str]) -> AuditRecord:
    log.info(action, by=caller.user_id, user_id=target_id, **facts)
    return audit_record(
        now=utc_now(),
        actor_id=caller.user_id,
        action=action,
        target_id=target_id,
        facts=facts,
    )
