"""How accounts and what belongs to them lie in their table: every key of it stands here.

| key | what | listed under |
|---|---|---|
| `USER#<id>` | the account, its personal data sealed | `USERS`, or `LEAVING` while it is erased |
| `PENDING#<id>` | an account that waits for its code | |
| `PASSWORD#<id>` | the hash; no door but `accounts` may read it | |
| `NAME#<name>` | whose username or unique id this is; `NAME#email:<index>`, `NAME#phone:<index>` | |
| `ADMINS#all` | who can let others in | |
| `API_KEY#<id>` | the hash of an API key | `OWNER#<owner>#API_KEYS` |
| `SESSION#<id>` | a sign-in | `OWNER#<owner>#SESSIONS` |
| `CHALLENGE#<id>` | a one-time code | |
| `LAST_USE#<id>` | when an account or a key was last used | `LAST_USE#usr`, `LAST_USE#key`, by time |
| `AUDIT#<id>` | what an admin did | `AUDIT` |
| `KEY#<purpose>` | data keys, wrapped (`functions.core.keys`) | |
| `RATE#<limit>#<hash>` | who called when (`functions.core.limits`) | |
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from functions.core.accounts.model import SEALED, Admins, ApiKey, AuditRecord, LastUse, Name, Password, Standing, User
from functions.core.accounts.sessions import Session, sessions_collection
from functions.core.collection import Collection, Sealed
from functions.core.keys.sealing import Sealer
from functions.core.table import Delete, Put, Table

ADMINS_KEY: Final = "ADMINS#all"
AUDIT_LIFE: Final = timedelta(days=365)


class AccountsCollections:
    """The collections that every door may read."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.standings = Collection(table, Standing, key=user_key)
        self.sessions: Collection[Session] = sessions_collection(table)
        self.api_keys = Collection(
            table,
            ApiKey,
            key=lambda key_id: f"API_KEY#{key_id}",
            listed_under=lambda key: (api_keys_of(key.owner_id), key.id),
            expires_at=lambda key: key.expires_at,
        )
        self.last_uses = Collection(
            table,
            LastUse,
            key=lambda thing_id: f"LAST_USE#{thing_id}",
            listed_under=lambda use: (last_uses_of(use.id[:3]), f"{use.at.isoformat()}#{use.id}"),
        )

    def use(self, last_use: LastUse, now: datetime) -> None:
        """Note that an account or a key is used; raises Changed if somebody else just did."""
        if last_use.version == 0 or last_use.is_stale(now):
            self._table.write(self.last_uses.put(replace(last_use, at=now)))


class PersonalCollections(AccountsCollections):
    """Those that only the door `accounts` and its housekeeping may read, too."""

    def __init__(self, table: Table, sealer: Sealer) -> None:
        super().__init__(table)
        sealed = Sealed(sealer, SEALED)
        self.users = Collection(
            table,
            User,
            key=user_key,
            listed_under=lambda user: ("LEAVING" if user.is_leaving else "USERS", user.id),
            sealed=sealed,
        )
        self.pending = Collection(table, User, key=pending_key, sealed=sealed)
        self.passwords = Collection(table, Password, key=password_key, expires_at=lambda password: password.until)
        self.names = Collection(table, Name, key=lambda name: f"NAME#{name}")
        self.admins = Collection(table, Admins, key=lambda _: ADMINS_KEY)
        self.audit = Collection(
            table,
            AuditRecord,
            key=lambda record_id: f"AUDIT#{record_id}",
            listed_under=lambda record: ("AUDIT", record.id),
            expires_at=lambda record: record.at + AUDIT_LIFE,
        )


def user_key(user_id: str) -> str:
    """Return where an account lies."""
    return f"USER#{user_id}"


def pending_key(user_id: str) -> str:
    """Return where an account waits for its code."""
    return f"PENDING#{user_id}"


def password_key(user_id: str) -> str:
    """Return where a password's hash lies."""
    return f"PASSWORD#{user_id}"


def api_keys_of(user_id: str) -> str:
    """Return the list of somebody's API keys."""
    return f"OWNER#{user_id}#API_KEYS"


def last_uses_of(kind: str) -> str:
    """Return the list of last uses of accounts (`usr`) or API keys (`key`), by time."""
    return f"LAST_USE#{kind}"


def removal_of_api_key(key_id: str) -> tuple[Delete, Delete]:
    """Return the writes that remove every trace of an API key."""
    return Delete(f"API_KEY#{key_id}"), Delete(f"LAST_USE#{key_id}")


Writes = tuple[Put | Delete, ...]
