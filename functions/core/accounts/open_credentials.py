"""Whether credentials that were shown a while ago still open anything."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from functions.core.accounts.keeping import AccountsCollections
from functions.core.accounts.model import OPERATOR_ID, Credential
from functions.core.clock import Clock
from functions.core.table import Table

BELIEVED_FOR: Final = timedelta(seconds=30)
"""How long what was read counts: whoever is signed out is so everywhere by then."""
MOST_BELIEVED: Final = 10_000

Shown = tuple[str, Credential]
"""An account, and what was shown for it."""


class OpenCredentials:
    """Looks at accounts, sessions and keys behind connections that stay open."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._kept = AccountsCollections(table)
        self._clock = clock
        self._believed: dict[Shown, datetime] = {}

    def open_of(self, shown: Collection[Shown]) -> set[Shown]:
        """Return those that still open their account; one read for all of them, at most every 30 s."""
        now = self._clock()
        known = {one for one in shown if now < self._believed.get(one, now)}
        fresh = {one for one in shown if one not in known}
        opened = self._read(fresh, now)
        if len(self._believed) > MOST_BELIEVED:
            self._believed.clear()
        self._believed |= dict.fromkeys(opened, now + BELIEVED_FOR)
        return known | opened

    def _read(self, shown: Collection[Shown], now: datetime) -> set[Shown]:
        keys = {key for user_id, credential in shown for key in self._keys_of(user_id, credential)}
        found = self._table.get_many(sorted(keys)) if keys else {}
        return {one for one in shown if self._is_open(*one, found, now)}

    def _keys_of(self, user_id: str, credential: Credential) -> list[str]:
        if user_id == OPERATOR_ID:
            return []
        keys = [self._kept.standings.key_of(user_id)]
        if credential.session_id is not None:
            keys.append(self._kept.sessions.key_of(credential.session_id))
        if credential.key_id is not None:
            keys.append(self._kept.api_keys.key_of(credential.key_id))
        return keys

    def _is_open(
        self, user_id: str, credential: Credential, found: dict[str, dict[str, object]], now: datetime
    ) -> bool:
        if user_id == OPERATOR_ID:
            return True
        keys = self._keys_of(user_id, credential)
        if len(keys) < 2 or any(key not in found for key in keys):
            return False
        if not self._kept.standings.load(found[keys[0]]).is_open:
            return False
        if credential.session_id is not None:
            return self._kept.sessions.load(found[keys[1]]).is_live(now)
        return self._kept.api_keys.load(found[keys[1]]).is_valid(now)
