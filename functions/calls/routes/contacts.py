"""Contacts: ask, confirm, decline, change, remove, block."""

from typing import Final

from fastapi import Request, Response

from functions.api.callers import CallsReader, CallsWriter
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.calls.contact_schemas import (
    BlockView,
    ContactChange,
    ContactConfirmation,
    ContactRequest,
    ContactView,
)
from functions.calls.parts import (
    IncludeSecret,
    TheContactNews,
    TheContacts,
    TheLimits,
    TheSignIns,
    UniqueId,
    person_of,
)
from functions.calls.routes.door import router
from functions.core.errors import Conflict, Invalid, NotFound
from functions.core.observability import log

REQUESTS_AN_HOUR: Final = 20


@router.post("/contacts", status_code=201, responses=problems(Conflict, Invalid))
def ask_contact(
    request: Request,
    body: ContactRequest,
    caller: CallsWriter,
    contacts: TheContacts,
    news: TheContactNews,
    limits: TheLimits,
) -> ContactView:
    """Ask somebody, by the number that they gave you, whether you may call each other.

    The answer is the same whether or not the number is anybody's: it stays `requested` until they confirm, and for 30
    days at most. If they have asked you already, you are contacts at once. 20 requests an hour; 1,000 contacts.
    """
    me = person_of(caller)
    limits.check_exact(request, "contact-requests", me.user_id, calls=REQUESTS_AN_HOUR, seconds=3600)
    turn = contacts.ask(me, body.unique_id, body.said())
    news.tell(turn, me)
    log.info("contact asked", user_id=me.user_id)
    return ContactView.of(turn.after.mine)


@router.get("/contacts", responses=problems(Invalid))
def list_contacts(
    caller: CallsReader,
    contacts: TheContacts,
    sign_ins: TheSignIns,
    paging: CurrentPage,
    *,
    include_secret: IncludeSecret = False,
) -> Page[ContactView]:
    """List my contacts, and who has asked whom, newest first.

    Secret ones are left out, unless `include_secret` is asked for within 15 minutes after signing in; an API key never
    sees them. A page may hold fewer than `limit` while more follow.
    """
    me = person_of(caller)
    if include_secret:
        sign_ins.need_recent(caller)
    list_name = f"contacts of {me.unique_id} {include_secret}"
    return paging.found(
        list_name,
        lambda before, limit: contacts.list_of(me.unique_id, before=before, limit=limit, include_secret=include_secret),
        lambda found: [ContactView.of(one) for one in found],
    )


@router.post("/contacts/{unique_id}/confirm", responses=problems(NotFound, Conflict, Invalid))
def confirm_contact(
    unique_id: UniqueId,
    caller: CallsWriter,
    contacts: TheContacts,
    news: TheContactNews,
    body: ContactConfirmation | None = None,
) -> ContactView:
    """Confirm somebody's request: from now on you may call each other."""
    me = person_of(caller)
    turn = contacts.confirm(me, unique_id, (body or ContactConfirmation()).said())
    news.tell(turn, me)
    log.info("contact confirmed", user_id=me.user_id)
    return ContactView.of(turn.after.mine)


@router.post(
    "/contacts/{unique_id}/decline",
    status_code=204,
    responses=problems(NotFound, Conflict),
    response_class=Response,
)
def decline_contact(unique_id: UniqueId, caller: CallsWriter, contacts: TheContacts, news: TheContactNews) -> None:
    """Decline somebody's request. They are not told: to them it stays `requested` until its 30 days are over."""
    me = person_of(caller)
    news.tell(contacts.decline(me.unique_id, unique_id), me)
    log.info("contact declined", user_id=me.user_id)


@router.patch("/contacts/{unique_id}", responses=problems(NotFound, Conflict, Invalid))
def change_contact(
    unique_id: UniqueId, body: ContactChange, caller: CallsWriter, contacts: TheContacts, news: TheContactNews
) -> ContactView:
    """Change what I call a contact, and whether it is secret; the other one sees nothing of it."""
    me = person_of(caller)
    turn = contacts.change(me.unique_id, unique_id, body.said())
    news.tell(turn, me)
    return ContactView.of(turn.after.mine)


@router.delete(
    "/contacts/{unique_id}", status_code=204, responses=problems(NotFound, Conflict), response_class=Response
)
def remove_contact(unique_id: UniqueId, caller: CallsWriter, contacts: TheContacts, news: TheContactNews) -> None:
    """Remove a contact, on both sides; or take a request back."""
    me = person_of(caller)
    news.tell(contacts.remove(me.unique_id, unique_id), me)
    log.info("contact removed", user_id=me.user_id)


@router.post(
    "/contacts/{unique_id}/block", status_code=204, responses=problems(Conflict, Invalid), response_class=Response
)
def block_person(unique_id: UniqueId, caller: CallsWriter, contacts: TheContacts, news: TheContactNews) -> None:
    """Hear nothing more of somebody: no request, no call. They are not told, and are no contact any more.

    To them you are like a number of nobody. You may block 1,000 people.
    """
    me = person_of(caller)
    news.tell(contacts.block(me.unique_id, unique_id), me)
    log.info("person blocked", user_id=me.user_id)


@router.delete("/contacts/{unique_id}/block", status_code=204, response_class=Response)
def unblock_person(unique_id: UniqueId, caller: CallsWriter, contacts: TheContacts) -> None:
    """Let somebody ask again; you are no contacts by that."""
    contacts.unblock(person_of(caller).unique_id, unique_id)
    log.info("person unblocked", user_id=caller.user_id)


@router.get("/blocks", responses=problems(Invalid))
def list_blocks(caller: CallsReader, contacts: TheContacts, paging: CurrentPage) -> Page[BlockView]:
    """List whom I have blocked, newest first."""
    me = person_of(caller)
    return paging.found(
        f"blocks of {me.unique_id}",
        lambda before, limit: contacts.blocked_by(me.unique_id, before=before, limit=limit),
        lambda found: [BlockView.of(one) for one in found],
    )
