"""How contacts and blocks lie in the presence table.

| key | what | listed under |
|---|---|---|
| `CONTACT#<owner>#<other>` | one side; names are sealed | `CONTACTS#<owner>`, `.../SECRET`, `.../SILENCED` |
| `BLOCK#<owner>#<other>` | whom somebody has blocked | `BLOCKS#<owner>` |
"""

from typing import Final

from functions.core.collection import Collection, Sealed
from functions.core.contacts.model import SEALED, Block, Contact, Link, State
from functions.core.keys.ring import KeyRing, Purpose
from functions.core.keys.sealing import Sealer
from functions.core.table import Table

GROUPS: Final = ("", "/SECRET", "/SILENCED")
"""Endings of the names of somebody's lists of contacts."""


def contacts_collection(table: Table, ring: KeyRing) -> Collection[Contact]:
    """Return all sides, with the names in them."""
    return Collection(
        table,
        Contact,
        key=contact_key,
        listed_under=lambda one: (list_of(one.owner, _group_of(one)), position_of(one)),
        expires_at=lambda one: one.until,
        sealed=Sealed(Sealer(ring, Purpose.CONTACTS), SEALED),
    )


def links_collection(table: Table) -> Collection[Link]:
    """Return all sides without names: to be read only."""
    return Collection(table, Link, key=contact_key)


def blocks_collection(table: Table) -> Collection[Block]:
    """Return all blocks."""
    return Collection(
        table,
        Block,
        key=lambda pair: f"BLOCK#{pair}",
        listed_under=lambda one: (blocks_of(one.owner), f"{one.created_at.isoformat()}#{one.other}"),
    )


def contact_key(pair: str) -> str:
    """Return where a side lies."""
    return f"CONTACT#{pair}"


def list_of(owner: str, group: str) -> str:
    """Return one of the lists of somebody's contacts."""
    return f"CONTACTS#{owner}{group}"


def blocks_of(owner: str) -> str:
    """Return the list of whom somebody has blocked."""
    return f"BLOCKS#{owner}"


def position_of(one: Link) -> str:
    """Return where a side stands in its list."""
    return f"{one.created_at.isoformat()}#{one.other}"


def _group_of(one: Contact) -> str:
    if one.state is State.SILENCED:
        return "/SILENCED"
    return "/SECRET" if one.is_secret else ""
