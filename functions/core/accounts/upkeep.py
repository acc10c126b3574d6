"""What only the daily housekeeping does with the accounts table: find what nobody uses, and seal anew."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from functions.core.accounts.keeping import PersonalCollections, last_uses_of
from functions.core.accounts.model import SEALED, AuditRecord, LastUse, User
from functions.core.keys.ring import KeyRing
from functions.core.keys.sealing import SealBroken, Sealer, key_number_of
from functions.core.table import Changed, Delete, Document, Put, Table

PAGE: Final = 100


class Upkeep:
    """All accounts and API keys, as seen by who tidies up.

    Lists come from an index that is a moment late; so each write names the version that it has seen, and nothing
    that was used or changed meanwhile is lost. Such a write returns False.
    """

    def __init__(self, table: Table, ring: KeyRing) -> None:
        self._table = table
        self._kept = PersonalCollections(table, Sealer(ring))

    def unused(self, kind: str, *, since: datetime) -> Iterator[LastUse]:
        """List accounts (`usr`) or API keys (`key`) that nobody has used since then."""
        return map(self._kept.last_uses.load, self._all(last_uses_of(kind), before=since.isoformat()))

    def leavers(self) -> Iterator[str]:
        """List the ids of accounts that are being erased."""
        return (document["id"] for document in self._all("LEAVING"))

    def count(self, *, up_to: int) -> int:
        """Return how many accounts there are, `up_to` at most."""
        return sum(1 for _ in islice(self._all("USERS"), up_to))

    def end_account(self, user: User, last_use: LastUse, audit: AuditRecord) -> bool:
        """Let a plain user's account leave, unless it was used or changed meanwhile."""
        leaving = self._kept.users.put(replace(user, is_leaving=True))
        return self._write(leaving, self._removal(last_use), self._kept.audit.put(audit))

    def end_api_key(self, last_use: LastUse) -> bool:
        """Remove an API key, unless it was used meanwhile."""
        return self._write(self._kept.api_keys.removal(last_use.id), self._removal(last_use))

    def forget_use(self, last_use: LastUse) -> bool:
        """Remove the last use of something that is gone."""
        return self._write(self._removal(last_use))

    def sealed_otherwise(self, number: int) -> Iterator[str]:
        """List the ids of all accounts with personal data that is not sealed with this key."""
        for list_pk in ("USERS", "LEAVING"):
            for document in self._all(list_pk):
                if not all(_is_sealed_with(number, document[name]) for name in SEALED & document.keys()):
                    yield document["id"]

    def reseal(self, user_id: str) -> bool:
        """Seal an account's personal data with the current key; if it is changed meanwhile, that does it."""
        user = self._kept.users.find(user_id)
        return user is not None and self._write(self._kept.users.put(user))

    def _all(self, list_pk: str, *, before: str | None = None) -> Iterator[Document]:
        while page := self._table.newest(list_pk, before=before, limit=PAGE):
            yield from page
            before = page[-1]["list_sk"]

    def _removal(self, last_use: LastUse) -> Delete:
        return self._kept.last_uses.removal(last_use.id, seen=last_use.version)

    def _write(self, *writes: Put | Delete) -> bool:
        try:
            self._table.write(*writes)
        except Changed:
            return False
        return True


def _is_sealed_with(number: int, sealed: str) -> bool:
    try:
        return key_number_of(sealed) == number
    except SealBroken:
        return False
