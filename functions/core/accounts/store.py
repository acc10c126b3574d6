"""Accounts and API keys.

Keys: `USER#<id>`; `NAME#<lower-cased username, email or unique id>` names the account that has it, so that each is
taken once; `API_KEY#<id>`, listed under `OWNER#<owner>#API_KEYS`.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from functions.core.accounts.api_keys import hash_of, is_secret, key_id_of
from functions.core.accounts.model import ApiKey, User
from functions.core.clock import Clock
from functions.core.collection import Collection
from functions.core.errors import Conflict, NotFound, NotKnown
from functions.core.table import Changed, Delete, Table

UNIQUE_ID_TRIES: Final = 10
"""At a million accounts one draw in ninety collides."""


class NameTaken(Conflict):
    """Somebody has this username or email."""

    code = "name-taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name that an account is found by."""

    id: str
    user_id: str
    version: int = 0


class Accounts:
    """All people and their keys."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._users = Collection(table, User, key=lambda user_id: f"USER#{user_id}")
        self._names = Collection(table, Name, key=lambda name: f"NAME#{name}")
        self._api_keys = Collection(
            table,
            ApiKey,
            key=lambda key_id: f"API_KEY#{key_id}",
            listed_under=lambda key: (_keys_of(key.owner_id), key.id),
            expires_at=lambda key: key.expires_at,
        )

    def add(self, user: User) -> User:
        """Add an account under its username, email and unique id; raises NameTaken."""
        names = [Name(id=name, user_id=user.id) for name in _names_of(user)]
        try:
            self._table.write(self._users.put(user), *(self._names.put(name) for name in names))
        except Changed as error:
            raise NameTaken("This username or email is taken.") from error
        return self._users.saved(user)

    def get(self, user_id: str) -> User:
        """Read an account; raises NotFound."""
        return self._users.get(user_id)

    def free_unique_id(self) -> str:
        """Draw an 8-digit id that nobody has."""
        for _ in range(UNIQUE_ID_TRIES):
            drawn = str(10_000_000 + secrets.randbelow(90_000_000))
            if self._names.find(drawn) is None:
                return drawn
        raise Conflict("No free id was found; try again.", code="busy")

    def find_by_name(self, name: str) -> User | None:
        """Read the account of a username, email or unique id, or None."""
        found = self._names.find(name.strip().lower())
        return None if found is None else self._users.find(found.user_id)

    def add_api_key(self, key: ApiKey) -> ApiKey:
        """Keep a new API key."""
        self._table.write(self._api_keys.put(key))
        return self._api_keys.saved(key)

    def api_keys_of(self, owner_id: str, *, before: str | None, limit: int) -> list[ApiKey]:
        """List an owner's keys, newest first."""
        return self._api_keys.newest(_keys_of(owner_id), before=before, limit=limit)

    def revoke_api_key(self, key_id: str, *, owner_id: str) -> None:
        """End a key at once; raises NotFound."""
        key = self._api_keys.find(key_id)
        if key is None or key.owner_id != owner_id:
            raise NotFound("There is no such API key.")
        self._table.write(Delete(f"API_KEY#{key_id}"))

    def api_key_of(self, secret: str) -> ApiKey:
        """Return the key that a secret is; raises NotKnown."""
        key_id = key_id_of(secret)
        key = None if key_id is None else self._api_keys.find(key_id)
        # Unknown keys cost a comparison too.
        matches = is_secret(secret, hash_of("") if key is None else key.secret_hash)
        if key is None or not matches or not key.is_valid(self._clock()):
            raise NotKnown("The API key is not valid.", code="invalid-api-key")
        return key


def _names_of(user: User) -> list[str]:
    # A username that is an email or a number could shadow somebody's; the wire refuses those.
    return [user.username.lower(), user.email.lower(), user.unique_id]


def _keys_of(owner_id: str) -> str:
    return f"OWNER#{owner_id}#API_KEYS"
