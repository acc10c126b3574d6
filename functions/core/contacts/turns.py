"""Reads and writes both sides of an acquaintance together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from functions.core.clock import Clock
from functions.core.collection import RACES
from functions.core.contacts.keeping import blocks_collection, contacts_collection
from functions.core.contacts.model import Block, Contact, Pair, pair_id
from functions.core.errors import Conflict
from functions.core.keys.ring import KeyRing
from functions.core.table import Changed, Delete, Document, Put, Table, Unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read of two people: both sides, also those whose time is over, and who blocks whom."""

    pair: Pair
    """Without what is over."""
    kept: Pair
    block: Block | None
    """Mine of them."""
    counter_block: Block | None
    """Theirs of me."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What somebody's deed has changed."""

    me: str
    other: str
    before: Pair
    after: Pair


Blocking = Callable[[Seen], Sequence[Put | Delete]]


class Turns:
    """All pairs of people."""

    def __init__(self, table: Table, ring: KeyRing, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self.contacts = contacts_collection(table, ring)
        self.blocks = blocks_collection(table)

    def take(self, me: str, other: str, transition: Callable[[Seen], Pair], blocking: Blocking = lambda _: ()) -> Turn:
        """Apply a transition to both sides together, and what it means for blocks.

        What does not change is held on to, so that every deed writes as much whoever the other one is.

        Raises:
            Conflict: other writers won every race.
            Exception: whatever `transition` refuses.
        """
        for _ in range(RACES):
            seen = self.read(me, other)
            after = transition(seen)
            blocks = blocking(seen)
            turn = Turn(me=me, other=other, before=seen.pair, after=after)
            if after == seen.pair and not blocks:
                return turn
            sides = (
                self._write(pair_id(me, other), seen.kept.mine, seen.pair.mine, after.mine),
                self._write(pair_id(other, me), seen.kept.theirs, seen.pair.theirs, after.theirs),
            )
            try:
                self._table.write(*sides, *(blocks or self._held(me, other, seen)))
            except Changed:
                continue
            return turn
        raise Conflict("This is being changed by many at once; try again.", code="busy")

    def read(self, me: str, other: str) -> Seen:
        """Read all that is kept of two people, at once."""
        ids = pair_id(me, other), pair_id(other, me)
        contact_keys = [self.contacts.key_of(one) for one in ids]
        block_keys = [self.blocks.key_of(one) for one in ids]
        found = self._table.get_many([*contact_keys, *block_keys])
        mine, theirs = (self._contact(found.get(key)) for key in contact_keys)
        block, counter_block = (self._block(found.get(key)) for key in block_keys)
        return Seen(
            pair=Pair(mine=self._live(mine), theirs=self._live(theirs)),
            kept=Pair(mine=mine, theirs=theirs),
            block=block,
            counter_block=counter_block,
        )

    def _write(
        self, side: str, kept: Contact | None, before: Contact | None, after: Contact | None
    ) -> Put | Delete | Unchanged:
        version = kept.version if kept is not None else 0
        if after == before:
            return Unchanged(self.contacts.key_of(side), version or None)
        if after is None:
            return self.contacts.removal(side, seen=version)
        return self.contacts.put(replace(after, version=version))

    def _held(self, me: str, other: str, seen: Seen) -> list[Unchanged]:
        """Say that nobody may have blocked anybody meanwhile."""
        pairs = (pair_id(me, other), seen.block), (pair_id(other, me), seen.counter_block)
        return [Unchanged(self.blocks.key_of(one), block.version if block else None) for one, block in pairs]

    def _live(self, contact: Contact | None) -> Contact | None:
        return contact if contact is not None and contact.is_live(self._clock()) else None

    def _contact(self, document: Document | None) -> Contact | None:
        return None if document is None else self.contacts.load(document)

    def _block(self, document: Document | None) -> Block | None:
        return None if document is None else self.blocks.load(document)
