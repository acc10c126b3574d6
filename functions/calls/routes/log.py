"""Calls that were, and the one that is."""

from typing import Annotated

from fastapi import Path, Query

from functions.api.callers import CallsReader
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.calls.log_pages import page_of
from functions.calls.parts import IncludeSecret, TheCalls, TheContacts, TheSignIns, person_of
from functions.calls.routes.door import router
from functions.calls.schemas import CallView, LoggedCallView
from functions.core.calls.model import RUNNING, Call, CallStatus, no_such_call
from functions.core.calls.store import Calls
from functions.core.errors import Invalid, NotFound


@router.get("/calls", responses=problems(Invalid))
def list_calls(
    caller: CallsReader,
    calls: TheCalls,
    contacts: TheContacts,
    sign_ins: TheSignIns,
    paging: CurrentPage,
    *,
    status: Annotated[
        CallStatus | None, Query(description="Only those; `ringing`, `accepted` or `connected`: the one that goes on")
    ] = None,
    include_secret: IncludeSecret = False,
) -> Page[LoggedCallView]:
    """List my calls that are over, newest first, for 90 days; or the one that rings or goes on.

    Calls with secret contacts are left out, unless `include_secret` is asked for within 15 minutes after signing in;
    an API key never sees them. What rings now is shown, whoever calls.
    """
    me = person_of(caller)
    if include_secret:
        sign_ins.need_recent(caller)
    if status in RUNNING:
        running = _running(calls, me.unique_id)
        return Page(items=[LoggedCallView.of_running(one, me.unique_id) for one in running if one.status is status])
    hidden = frozenset() if include_secret else contacts.secrets_of(me.unique_id)
    list_name = f"calls of {me.unique_id} {status} {include_secret}"
    found = page_of(
        calls,
        me.unique_id,
        before=paging.position(list_name),
        limit=paging.limit,
        is_shown=lambda one: (
            (status is None or one.status is status) and (include_secret or not (one.is_secret or one.other in hidden))
        ),
    )
    return paging.answer(list_name, [LoggedCallView.of(one) for one in found.things], following=found.following)


@router.get("/calls/{call_id}", responses=problems(NotFound))
def read_call(
    call_id: Annotated[str, Path(max_length=64, description="`call_...`")], caller: CallsReader, calls: TheCalls
) -> CallView:
    """Read how a call of mine stands."""
    me = person_of(caller)
    call = calls.find(call_id)
    if call is None or me.unique_id not in call.people:
        raise no_such_call()
    return CallView.of(call)


def _running(calls: Calls, unique_id: str) -> list[Call]:
    line = calls.lines([unique_id]).get(unique_id)
    call = None if line is None or line.call_id is None else calls.find(line.call_id)
    return [] if call is None or call.is_over else [call]
