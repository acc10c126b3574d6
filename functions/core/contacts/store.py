"""Contacts: who has asked whom, who has confirmed, and who is blocked.

Nothing can be learnt by guessing ids: a request to nobody reads and writes as much as one to somebody.
"""

from typing import Final

from functions.core.clock import Clock
from functions.core.collection import Listing
from functions.core.contacts import rules
from functions.core.contacts.addresses import Addresses
from functions.core.contacts.keeping import GROUPS, blocks_of, list_of, position_of
from functions.core.contacts.model import (
    MOST_ASKING,
    MOST_BLOCKED,
    MOST_CONTACTS,
    Block,
    Contact,
    Link,
    Pair,
    Person,
    State,
    pair_id,
)
from functions.core.contacts.people import People
from functions.core.contacts.turns import Seen, Turn, Turns
from functions.core.errors import Conflict, Invalid
from functions.core.keys.ring import KeyRing
from functions.core.table import Put, Table

PAGE: Final = 100


class Contacts(Addresses):
    """Everybody's."""

    def __init__(self, table: Table, ring: KeyRing, people: People, *, clock: Clock) -> None:
        super().__init__(table, clock=clock)
        self._people = people
        self._turns = Turns(table, ring, clock=clock)

    def ask(self, me: Person, other: str, request: rules.Request) -> Turn:
        """Ask somebody to be a contact, or confirm what they have asked.

        Raises:
            Invalid: it is oneself.
            Conflict: one has blocked them, or has too many contacts.
        """
        if other == me.unique_id:
            raise Invalid("This is your own number: nobody is their own contact.", code="yourself")
        standing = self._people.find(other)
        mine, theirs = self._states_of(me.unique_id), self._states_of(other)
        contacts = len(mine) - mine.count(State.ASKING)
        is_there = standing is not None and theirs.count(State.ASKING) < MOST_ASKING

        def transition(seen: Seen) -> Pair:
            if seen.block is not None:
                raise Conflict("You have blocked this person; unblock them first.", code="blocked")
            rules.need_room(seen.pair, contacts)
            asked = rules.Asked(
                unique_id=other,
                user_id=standing.id if standing is not None else None,
                may_be_told=is_there and seen.counter_block is None,
            )
            return rules.asked(seen.pair, me, asked, request, self._clock())

        return self._turns.take(me.unique_id, other, transition)

    def confirm(self, me: Person, other: str, request: rules.Request) -> Turn:
        """Confirm a request; raises NotFound where there is none."""
        return self._turns.take(
            me.unique_id, other, lambda seen: rules.confirmed(seen.pair, me, request, self._clock())
        )

    def decline(self, me: str, other: str) -> Turn:
        """Decline a request, of which the other one learns nothing; raises NotFound."""
        return self._turns.take(me, other, lambda seen: rules.declined(seen.pair))

    def remove(self, me: str, other: str) -> Turn:
        """End an acquaintance on both sides; raises NotFound."""
        return self._turns.take(me, other, lambda seen: rules.removed(seen.pair))

    def change(self, me: str, other: str, change: rules.Change) -> Turn:
        """Change my own side; raises NotFound."""
        return self._turns.take(me, other, lambda seen: rules.changed(seen.pair, change))

    def block(self, me: str, other: str) -> Turn:
        """Hear nothing more of somebody, who learns nothing of it; an id of nobody can be blocked, too.

        Raises:
            Invalid: it is oneself.
            Conflict: too many are blocked.
        """
        if other == me:
            raise Invalid("This is your own number: nobody blocks themselves.", code="yourself")
        blocked = len(self._turns.blocks.newest(blocks_of(me), before=None, limit=MOST_BLOCKED))
        block = Block(id=pair_id(me, other), created_at=self._clock())

        def blocking(seen: Seen) -> list[Put]:
            if seen.block is not None:
                return []
            if blocked >= MOST_BLOCKED:
                raise Conflict(f"You may block {MOST_BLOCKED} people.", code="too-many-blocked", limit=MOST_BLOCKED)
            return [self._turns.blocks.put(block)]

        return self._turns.take(me, other, lambda seen: rules.ended(seen.pair), blocking)

    def unblock(self, me: str, other: str) -> None:
        """Let somebody ask again; nothing to do where they are not blocked."""
        self._table.write(self._turns.blocks.removal(pair_id(me, other)))

    def list_of(self, owner: str, *, before: str | None, limit: int, include_secret: bool) -> Listing[Contact]:
        """List somebody's contacts and requests, newest first; a list without the secret ones shows no gap."""
        groups = GROUPS[:2] if include_secret else GROUPS[:1]
        newest = self._turns.contacts.newest
        found = [one for group in groups for one in newest(list_of(owner, group), before=before, limit=limit + 1)]
        found.sort(key=position_of, reverse=True)
        page, now = found[:limit], self._clock()
        return Listing(
            things=[one for one in page if one.is_live(now)],
            following=position_of(page[-1]) if len(found) > limit else None,
        )

    def blocked_by(self, owner: str, *, before: str | None, limit: int) -> Listing[Block]:
        """List whom somebody has blocked, newest first."""
        return self._turns.blocks.look("lists", blocks_of(owner), before=before, limit=limit)

    def user_ids_of(self, owner: str) -> list[str]:
        """Return the accounts of all confirmed contacts of somebody: who is told of what they do."""
        found = self._all(owner, *GROUPS[:2])
        return [one.other_user_id for one in found if one.state is State.CONFIRMED and one.other_user_id is not None]

    def secrets_of(self, owner: str) -> frozenset[str]:
        """Return the unique ids of somebody's secret contacts."""
        return frozenset(one.other for one in self._all(owner, "/SECRET"))

    def forget(self, owner: str) -> None:
        """Remove all contacts of somebody who leaves, on both sides, and their blocks; safe to do again.

        A request that others have made to them stays for its time, as one to nobody. That others have blocked them is
        the others' own.
        """
        for group in GROUPS:
            while found := self._links.newest(list_of(owner, group), before=None, limit=PAGE):
                for one in found:
                    self._turns.take(owner, one.other, lambda seen: rules.forgotten(seen.pair))
                    # Also what is over, and waits for being deleted.
                    self._table.write(self._turns.contacts.removal(one.id))
        while blocks := self._turns.blocks.newest(blocks_of(owner), before=None, limit=PAGE):
            for block in blocks:
                self._table.write(self._turns.blocks.removal(block.id))

    def _all(self, owner: str, *groups: str) -> list[Link]:
        """Read all of some of somebody's lists, as far as one query each finds them: 1 MB."""
        now, limit = self._clock(), MOST_CONTACTS + MOST_ASKING
        found = [one for group in groups for one in self._links.newest(list_of(owner, group), before=None, limit=limit)]
        return [one for one in found if one.is_live(now)]

    def _states_of(self, owner: str) -> list[State]:
        return [one.state for one in self._all(owner, *GROUPS[:2])]
