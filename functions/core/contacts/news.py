"""Says to both people, where they are connected, what has become of their acquaintance."""

from typing import Any, Final

from functions.core.accounts.model import NOBODY_ID
from functions.core.calls.view import written_time
from functions.core.contacts.model import Contact, Person
from functions.core.contacts.turns import Turn
from functions.core.realtime.model import Notice
from functions.core.realtime.push import Push

REMOVED: Final = "removed"
"""What an event says of a contact that its owner does not see any more."""


class ContactNews:
    """Tells people. Nothing depends on it: contacts are read where they are kept."""

    def __init__(self, push: Push) -> None:
        self._push = push

    def tell(self, turn: Turn, me: Person) -> None:
        """Say what a deed of mine has changed, to each what they see; nobody reads as much as somebody does."""
        mine = _event(turn.before.mine, turn.after.mine)
        theirs = _event(turn.before.theirs, turn.after.theirs)
        known = turn.after.mine or turn.before.mine
        other_id = known.other_user_id if known is not None and theirs is not None else None
        self._push.send(
            [
                *([Notice(user_id=me.user_id, event=mine)] if mine is not None else []),
                Notice(user_id=other_id or NOBODY_ID, event=theirs or {}),
            ]
        )


def shown(contact: Contact, *, state: str = "") -> dict[str, Any]:
    """Return a side as its owner sees it."""
    return {
        "unique_id": contact.other,
        "state": state or contact.state.value,
        "secret": contact.is_secret,
        "introduced_as": contact.introduced_as,
        "label": contact.label,
        "created_at": written_time(contact.created_at),
        "confirmed_at": None if contact.confirmed_at is None else written_time(contact.confirmed_at),
    }


def _event(before: Contact | None, after: Contact | None) -> dict[str, Any] | None:
    """Return what the owner of a side is told, if anything is new to them."""
    was_seen, is_seen = before is not None and before.is_visible, after is not None and after.is_visible
    if after is not None and is_seen:
        return None if after == before else {"type": "contact", "contact": shown(after)}
    if before is not None and was_seen:
        return {"type": "contact", "contact": shown(before, state=REMOVED)}
    return None
