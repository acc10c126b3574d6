"""Who may call whom: each side of two people's acquaintance, and whom somebody has blocked; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

REQUEST_LIFE: Final = timedelta(days=30)
MOST_CONTACTS: Final = 1000
"""Those that somebody has, or has asked."""
MOST_ASKING: Final = 100
"""Requests that wait for somebody; one more is silenced, for nobody's list may be filled by others."""
MOST_BLOCKED: Final = 1000


class State(StrEnum):
    """What the other one is to the owner of a side."""

    REQUESTED = "requested"
    """The owner has asked them."""
    ASKING = "asking"
    """They have asked the owner."""
    CONFIRMED = "confirmed"
    SILENCED = "silenced"
    """They have asked, and the owner is not told: they are blocked, declined already, or ask for an id of nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account."""

    unique_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What calls need to know of one side; read from the same document as the Contact, and without any key."""

    id: str
    """`<owner>#<other>`"""
    state: State
    created_at: datetime
    other_user_id: str | None = None
    """The other one's account; None: an id of nobody."""
    is_secret: bool = False
    """Whether the owner keeps it out of lists."""
    version: int = 0

    @property
    def owner(self) -> str:
        """The unique id of whose side it is."""
        return self.id.partition("#")[0]

    @property
    def other(self) -> str:
        """The unique id of whom it is about."""
        return self.id.partition("#")[2]

    @property
    def until(self) -> datetime | None:
        """When it ends by itself."""
        return None if self.state is State.CONFIRMED else self.created_at + REQUEST_LIFE

    @property
    def is_visible(self) -> bool:
        """Whether its owner is shown it at all."""
        return self.state is not State.SILENCED

    def is_live(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Link):
    """One side. `introduced_as` and `label` are sealed where it is kept."""

    introduced_as: str | None = None
    """What the other one calls themselves."""
    label: str | None = None
    """What the owner calls them."""
    confirmed_at: datetime | None = None


SEALED: Final = frozenset({"introduced_as", "label"})
"""Fields of a Contact that no table shows in clear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Somebody wants to hear nothing of somebody else."""

    id: str
    """`<owner>#<other>`"""
    created_at: datetime
    version: int = 0

    @property
    def owner(self) -> str:
        """The unique id of who blocks."""
        return self.id.partition("#")[0]

    @property
    def other(self) -> str:
        """The unique id of who is blocked."""
        return self.id.partition("#")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both sides of an acquaintance, as the one who acts sees them."""

    mine: Contact | None = None
    theirs: Contact | None = None


def pair_id(owner: str, other: str) -> str:
    """Return the id of the owner's side."""
    return f"{owner}#{other}"
