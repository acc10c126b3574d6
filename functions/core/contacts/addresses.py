"""Who may call whom, for the switchboard: no name is read, and so no key is needed."""

from functions.core.calls.people import Reachable
from functions.core.clock import Clock
from functions.core.contacts.keeping import blocks_collection, links_collection
from functions.core.contacts.model import Link, State, pair_id
from functions.core.table import Table


class Addresses:
    """The switchboard's address book."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._links = links_collection(table)
        self._blocks = blocks_collection(table)

    def reach(self, caller: str, callee: str) -> Reachable | None:
        """Return the account of somebody's confirmed contact, or None, whyever; one read of four documents."""
        link = self.confirmed(caller, callee)
        if link is None or link.other_user_id is None:
            return None
        return Reachable(user_id=link.other_user_id, is_secret=link.is_secret)

    def confirmed(self, owner: str, other: str) -> Link | None:
        """Return the owner's side of two people who have confirmed and not blocked each other, or None."""
        mine, theirs = (self._links.key_of(one) for one in (pair_id(owner, other), pair_id(other, owner)))
        blocks = [self._blocks.key_of(one) for one in (pair_id(owner, other), pair_id(other, owner))]
        found = self._table.get_many([mine, theirs, *blocks])
        if found.keys() != {mine, theirs}:
            return None
        sides = [self._links.load(found[key]) for key in (mine, theirs)]
        return sides[0] if all(side.state is State.CONFIRMED for side in sides) else None
