"""Where one is signed in."""

from typing import Annotated

from fastapi import Path, Response

from functions.accounts.routes.door import TheSessions, router
from functions.accounts.schemas import SessionView
from functions.api.callers import AccountReader, AccountWriter
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.core.clock import utc_now
from functions.core.errors import Invalid, NotFound


@router.get("/auth/sessions", responses=problems(Invalid))
def list_sessions(caller: AccountReader, sessions: TheSessions, paging: CurrentPage) -> Page[SessionView]:
    """List where I am signed in, newest first."""
    return paging.page(
        f"sessions of {caller.user_id}",
        lambda before, limit: sessions.of_user(caller.user_id, before=before, limit=limit),
        lambda session: session.id,
        lambda found: [
            SessionView.of(session, current=caller.session_id) for session in found if session.is_live(utc_now())
        ],
    )


@router.delete("/auth/sessions", status_code=204, response_class=Response)
def end_other_sessions(caller: AccountWriter, sessions: TheSessions) -> None:
    """Sign out everywhere but here."""
    sessions.end_all(caller.user_id, but=caller.session_id)


@router.delete(
    "/auth/sessions/{session_id}",
    status_code=204,
    response_class=Response,
    responses=problems(NotFound),
)
def end_session(session_id: Annotated[str, Path(max_length=64)], caller: AccountWriter, sessions: TheSessions) -> None:
    """Sign out somewhere; its tokens end at once."""
    sessions.end(session_id, user_id=caller.user_id)
