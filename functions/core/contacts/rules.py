"""What becomes of both sides of an acquaintance when one of the two acts; pure.

Whoever asks sees the same in all cases but one, that somebody confirms: whether the id is nobody's, the request was
declined, or its receiver has blocked them. In those cases the other side is `silenced` and not absent, so that a second
request changes as little as one to nobody would.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from functions.core.contacts.model import MOST_CONTACTS, Contact, Pair, Person, State, pair_id
from functions.core.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody says who asks, or confirms."""

    introduced_as: str | None = None
    """What they call themselves."""
    label: str | None = None
    """What they call the other one."""
    is_secret: bool | None = None
    """None: as it is; where nothing is yet, no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom somebody asks."""

    unique_id: str
    user_id: str | None = None
    """None: the id is nobody's."""
    may_be_told: bool = False
    """Whether they are there, do not block who asks, and are not asked by too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What somebody changes of their own side; None: stays."""

    is_secret: bool | None = None
    label: str | None = None
    """Empty: none any more."""


def need_room(pair: Pair, contacts: int) -> None:
    """Go on only if there is room for one more beside so many; raises Conflict."""
    if not _is_asked_already(pair) and contacts >= MOST_CONTACTS:
        raise Conflict(f"You may have {MOST_CONTACTS} contacts.", code="too-many-contacts", limit=MOST_CONTACTS)


def asked(pair: Pair, me: Person, other: Asked, request: Request, now: datetime) -> Pair:
    """Ask somebody, or confirm what they have asked; unchanged where that was done before."""
    if _is_asked_already(pair):
        return pair
    if pair.theirs is not None and pair.theirs.state is State.REQUESTED:
        return _both(pair, me, other.user_id, request, now)
    is_secret = bool(request.is_secret)
    mine = Contact(
        id=pair_id(me.unique_id, other.unique_id),
        state=State.REQUESTED,
        created_at=now,
        other_user_id=other.user_id,
        is_secret=is_secret,
        label=request.label,
    )
    theirs = Contact(
        id=pair_id(other.unique_id, me.unique_id),
        state=State.ASKING if other.may_be_told else State.SILENCED,
        created_at=now,
        other_user_id=me.user_id,
        is_secret=is_secret,
        introduced_as=request.introduced_as,
    )
    return Pair(mine=mine, theirs=pair.theirs or theirs)


def confirmed(pair: Pair, me: Person, request: Request, now: datetime) -> Pair:
    """Confirm a request; unchanged where that was done before; raises NotFound."""
    if pair.mine is not None and pair.mine.state is State.CONFIRMED:
        return pair
    if not _is_asking(pair) or pair.theirs is None or pair.theirs.state is not State.REQUESTED:
        raise no_request()
    return _both(pair, me, None, request, now)


def declined(pair: Pair) -> Pair:
    """Decline a request, of which the one who asked learns nothing; raises NotFound."""
    if not _is_asking(pair):
        raise no_request()
    assert pair.mine is not None
    return replace(pair, mine=_silenced(pair.mine))


def removed(pair: Pair) -> Pair:
    """End an acquaintance on both sides, take a request back, or decline one; raises NotFound."""
    if pair.mine is None or not pair.mine.is_visible:
        raise no_contact()
    return ended(pair)


def ended(pair: Pair) -> Pair:
    """Leave nothing for either to see, save a request that was made to me: whoever made it learns nothing."""
    match None if pair.mine is None else pair.mine.state:
        case State.CONFIRMED:
            return Pair()
        case State.REQUESTED:
            is_silenced = pair.theirs is not None and pair.theirs.state is State.SILENCED
            # Also for who asks anew: a request that was declined stays so for its time.
            return Pair(theirs=pair.theirs if is_silenced else None)
        case State.ASKING:
            assert pair.mine is not None
            return replace(pair, mine=_silenced(pair.mine))
        case _:
            return pair


def forgotten(pair: Pair) -> Pair:
    """Leave nothing of me, save a request that somebody made to me: it is one to nobody now."""
    if pair.theirs is None or pair.theirs.state is not State.REQUESTED:
        return Pair()
    return Pair(theirs=replace(pair.theirs, other_user_id=None))


def changed(pair: Pair, change: Change) -> Pair:
    """Change my own side; raises NotFound."""
    if pair.mine is None or not pair.mine.is_visible:
        raise no_contact()
    mine = pair.mine
    if change.is_secret is not None:
        mine = replace(mine, is_secret=change.is_secret)
    if change.label is not None:
        mine = replace(mine, label=change.label or None)
    return replace(pair, mine=mine)


def no_contact() -> NotFound:
    """Say that there is no such contact, whyever."""
    return NotFound("There is no such contact.")


def no_request() -> NotFound:
    """Say that nobody has asked, whyever."""
    return NotFound("There is no such request.")


def _is_asked_already(pair: Pair) -> bool:
    return pair.mine is not None and pair.mine.state in {State.REQUESTED, State.CONFIRMED}


def _is_asking(pair: Pair) -> bool:
    return pair.mine is not None and pair.mine.state is State.ASKING


def _silenced(contact: Contact) -> Contact:
    return replace(contact, state=State.SILENCED)


def _both(pair: Pair, me: Person, other_user_id: str | None, request: Request, now: datetime) -> Pair:
    """Confirm a request of theirs."""
    assert pair.theirs is not None
    # There is none where I declined so long ago that it is forgotten, before their request was.
    mine = pair.mine or Contact(
        id=pair_id(me.unique_id, pair.theirs.owner), state=State.ASKING, created_at=now, other_user_id=other_user_id
    )
    return Pair(
        mine=replace(
            mine,
            state=State.CONFIRMED,
            is_secret=mine.is_secret if request.is_secret is None else request.is_secret,
            label=request.label or mine.label,
            confirmed_at=now,
        ),
        theirs=replace(
            pair.theirs,
            state=State.CONFIRMED,
            other_user_id=me.user_id,
            introduced_as=request.introduced_as,
            confirmed_at=now,
        ),
    )
