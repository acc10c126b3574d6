"""Whom somebody may call, and how somebody is rung who is not connected."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable:
    """Somebody who may be called by somebody."""

    user_id: str
    """The account of who is called."""
    is_secret: bool = False
    """Whether the caller keeps who is called out of lists."""


class AddressBook(Protocol):
    """Who knows whom."""

    def reach(self, caller: str, callee: str) -> Reachable | None:
        """Return the callee, or None unless both have confirmed each other and neither blocks; both by unique id.

        Always the same work: whoever is told `unreachable` learns nothing more by a watch.
        """
        ...


class Ringer(Protocol):
    """Rings people where they are not connected (Web Push). What goes wrong there changes nothing."""

    def ring(self, unique_id: str, call_id: str) -> None:
        """Say that a call is there."""
        ...

    def stop(self, unique_id: str, call_id: str) -> None:
        """Say that it rings no more."""
        ...


class SilentRinger:
    """Where no keys for Web Push are configured."""

    def ring(self, unique_id: str, call_id: str) -> None:
        """Do nothing."""

    def stop(self, unique_id: str, call_id: str) -> None:
        """Do nothing."""
