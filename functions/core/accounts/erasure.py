"""Erases people: everything that is theirs, everywhere, and the account last."""

import json
from typing import Final, Protocol

from functions.core.accounts.event_messages import SOURCE
from functions.core.accounts.sessions import Sessions
from functions.core.accounts.store import Accounts
from functions.core.events import EventBus
from functions.core.observability import log
from functions.core.recordings.removal import Removal

DETAIL_TYPE: Final = "Account leaving"


class Leavers(Protocol):
    """Tells the house that an account is leaving, so that it is erased soon."""

    def announce(self, user_id: str) -> None:
        """Hand the account over; one that gets lost is found by the daily housekeeping."""
        ...


class EventBridgeLeavers:
    """The real one: EventBridge starts `functions.maintenance.erase`."""

    def __init__(self, *, installation: str = "") -> None:
        self._bus = EventBus(SOURCE, installation=installation)

    def announce(self, user_id: str) -> None:
        """Hand the account over; never fails, for the account is closed already and will be found."""
        failure = self._bus.put(DETAIL_TYPE, json.dumps({"user_id": user_id}))
        if failure is not None:
            log.error("a leaver could not be announced", user_id=user_id, code=failure)


class Erasure:
    """Erases accounts that are leaving.

    It may be interrupted anywhere and begin again: whatever others are found by goes after them.

    Not looked for: codes and registrations that wait for one (`CHALLENGE#`, `PENDING#`) are over in 20 minutes by
    themselves, limits (`RATE#`) hold nothing but hashes, and audit records keep the id, for a year.
    """

    def __init__(self, accounts: Accounts, sessions: Sessions, removal: Removal) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._removal = removal

    def erase(self, user_id: str) -> bool:
        """Erase a leaving account and everything that is theirs; returns whether there was one."""
        user = self._accounts.find_leaving(user_id)
        if user is None:
            log.warning("no such account is leaving", user_id=user_id)
            return False
        self._accounts.erase_api_keys_of(user_id)
        self._sessions.erase_all(user_id)
        self._removal.remove_all_of(user_id)
        self._accounts.remove(user)
        log.info("account erased", user_id=user_id)
        return True
