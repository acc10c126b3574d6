"""Erases people: everything that is theirs, everywhere, and the account last."""

from typing import Protocol


class Leavers(Protocol):
    """Tells the house that an account is leaving, so that it is erased soon."""

    def announce(self, user_id: str) -> None:
        """Hand the account over; one that gets lost is found by the daily housekeeping."""
        ...
