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
| `IDEMPOTENCY#<owner>#<hash>` | what a repeated request made (`functions.core.repeats`) | `OWNER#<owner>#REPEATS` |
| `KEY#<purpose>` | data keys, wrapped (`functions.core.keys`) | |
| `RATE#<limit>#<hash>` | who called when (`functions.core.limits`) | |
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from functions.core.accounts.model import SEALED, Admins, ApiKey, AuditRecord, LastUse, Name, Password, Standing, User
from functions.core.accounts.sessions import Session, sessions_collection
from functions.core.collection import Collection, Sealed, Versioned
from functions.core.keys.sealing import Sealer
from functions.core.table import Delete, Table

ADMINS_KEY: Final = "ADMINS#all"
AUDIT_LIFE: Final = timedelta(days=365)

One = TypeVar("One", bound=Versioned)
Other = TypeVar("Other", bound=Versioned)


class AccountsCollections:
    """The collections that every door may read."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.standings = Collection(table, Standing, key=_user_key)
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

    def standing_with_session(self, user_id: str, session_id: str) -> tuple[Standing | None, Session | None]:
        """Read both at once."""
        return self._read_two(self.standings, user_id, self.sessions, session_id)

    def api_key_with_use(self, key_id: str) -> tuple[ApiKey | None, LastUse | None]:
        """Read both at once."""
        return self._read_two(self.api_keys, key_id, self.last_uses, key_id)

    def removal_of_api_key(self, key_id: str) -> tuple[Delete, Delete]:
        """Return the writes that remove every trace of an API key."""
        return self.api_keys.removal(key_id), self.last_uses.removal(key_id)

    def use(self, last_use: LastUse, now: datetime) -> None:
        """Note that an account or a key is used; raises Changed if somebody else just did."""
        if last_use.version == 0 or last_use.is_stale(now):
            self._table.write(self.last_uses.put(replace(last_use, at=now)))

    def _read_two(
        self, ones: Collection[One], one_id: str, others: Collection[Other], other_id: str
    ) -> tuple[One | None, Other | None]:
        keys = ones.key_of(one_id), others.key_of(other_id)
        one, other = map(self._table.get_many(keys).get, keys)
        return None if one is None else ones.load(one), None if other is None else others.load(other)


class PersonalCollections(AccountsCollections):
    """Those that only the door `accounts` and its housekeeping may read, too."""

    def __init__(self, table: Table, sealer: Sealer) -> None:
        super().__init__(table)
        sealed = Sealed(sealer, SEALED)
        self.users = Collection(
            table,
            User,
            key=_user_key,
            listed_under=lambda user: ("LEAVING" if user.is_leaving else "USERS", user.id),
            sealed=sealed,
        )
        self.pending = Collection(table, User, key=lambda user_id: f"PENDING#{user_id}", sealed=sealed)
        self.passwords = Collection(
            table, Password, key=lambda user_id: f"PASSWORD#{user_id}", expires_at=lambda password: password.until
        )
        self.names = Collection(table, Name, key=lambda name: f"NAME#{name}")
        self.admins = Collection(table, Admins, key=lambda _: ADMINS_KEY)
        self.audit = Collection(
            table,
            AuditRecord,
            key=lambda record_id: f"AUDIT#{record_id}",
            listed_under=lambda record: ("AUDIT", record.id),
            expires_at=lambda record: record.at + AUDIT_LIFE,
        )


def api_keys_of(user_id: str) -> str:
    """Return the list of somebody's API keys."""
    return f"OWNER#{user_id}#API_KEYS"


def last_uses_of(kind: str) -> str:
    """Return the list of last uses of accounts (`usr`) or API keys (`key`), by time."""
    return f"LAST_USE#{kind}"


def _user_key(user_id: str) -> str:
    return f"USER#{user_id}"
