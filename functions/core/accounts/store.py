"""Accounts: people, what they are found by, their passwords and API keys, and who can let others in."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from functions.core.accounts.identifiers import Identifiers
from functions.core.accounts.keeping import (
    PersonalCollections,
    api_keys_of,
)
from functions.core.accounts.model import (
    NOBODY_ID,
    Admins,
    ApiKey,
    AuditRecord,
    LastUse,
    Name,
    Password,
    Standing,
    User,
)
from functions.core.clock import Clock
from functions.core.collection import RACES
from functions.core.errors import Conflict, NotFound
from functions.core.keys.ring import KeyRing
from functions.core.keys.sealing import Sealer
from functions.core.repeats import Made, Once, Repeats
from functions.core.table import Changed, Delete, Put, Table

UNIQUE_ID_TRIES: Final = 10
"""At a million accounts one draw in ninety collides."""
KEYS_PER_OWNER: Final = 1000
"""More than anybody has; ending them all reads as many."""
EXAMINED_AT_MOST: Final = 2000
"""Accounts that one search looks at: names are sealed, so nothing but opening them tells."""

Transition = Callable[[User], User]


class NameTaken(Conflict):
    """Somebody has this username, email or phone."""

    code = "name-taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Whom somebody means who signs in."""

    counted_as: str
    """What passwords that are tried count under: the account, however it is called."""
    standing: Standing | None


class Accounts:
    """All people and their keys."""

    def __init__(self, table: Table, ring: KeyRing, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._kept = PersonalCollections(table, Sealer(ring))
        self._repeats = Repeats(table, clock=clock, seals=Sealer(ring))
        self._identifiers = Identifiers(ring)

    # People

    def add(self, user: User, password_hash: str, *, audit: AuditRecord | None = None) -> User:
        """Add an account under all its names; raises NameTaken."""
        password = self._password(user.id, password_hash)
        self._write_new(user, self._kept.passwords.put(password), *self._audit(audit))
        return self._kept.users.saved(user)

    def add_first_admin(self, user: User, password_hash: str) -> User:
        """Add an account that is an admin, if there never was one.

        Raises:
            Conflict: there was.
            NameTaken: somebody has one of its names.
        """
        self._write_new(user, self._kept.passwords.put(self._password(user.id, password_hash)), is_first_admin=True)
        return self._kept.users.saved(user)

    def hold(self, user: User, password_hash: str, *, until: datetime) -> None:
        """Keep an account that waits for its code; raises NameTaken if its username or email is taken.

        A taken phone raises nothing: whoever asks does not learn who has an account.
        """
        open_names = self._identifiers.all_of(replace(user, phone=None))
        if any(self._kept.names.find(name) for name in open_names):
            raise NameTaken("This username or email is taken.")
        password = self._password(user.id, password_hash, until=until)
        self._table.write(replace(self._kept.pending.put(user), expires_at=until), self._kept.passwords.put(password))

    def admit(self, user_id: str) -> User:
        """Make the account that waited; raises NotFound if it waits no more, NameTaken."""
        user = replace(self._kept.pending.get(user_id), version=0, created_at=self._clock())
        password = replace(self._kept.passwords.get(user_id), until=None)
        self._write_new(user, self._kept.passwords.put(password), self._kept.pending.removal(user_id))
        return self._kept.users.saved(user)

    def get(self, user_id: str) -> User:
        """Read an account; raises NotFound, also for one that is being erased."""
        user = self._kept.users.find(user_id)
        if user is None or user.is_leaving:
            raise NotFound("There is no such account.")
        return user

    def find_open(self, user_id: str) -> User | None:
        """Read an account that may be used, or None."""
        user = self._kept.users.find(user_id)
        return user if user is not None and user.is_open else None

    def find(self, identifier: str) -> User | None:
        """Read the account of a username, email, phone or unique id, or None."""
        found = self._kept.names.find(self._identifiers.name_of(identifier))
        return None if found is None else self._kept.users.find(found.user_id)

    def look_up(self, identifier: str) -> LookUp:
        """Read what a password is tried against; nothing is opened, and it takes as long for nobody."""
        name = self._identifiers.name_of(identifier)
        found = self._kept.names.find(name)
        standing = self._kept.standings.find(NOBODY_ID if found is None else found.user_id)
        return LookUp(
            counted_as=name if found is None else found.user_id,
            standing=None if standing is None or standing.is_leaving else standing,
        )

    def newest(self, *, before: str | None, limit: int) -> list[User]:
        """List accounts, newest first."""
        return self._kept.users.newest("USERS", before=before, limit=limit)

    def search(self, text: str, *, before: str | None, limit: int) -> tuple[list[User], str | None]:
        """List accounts that have `text` in a name or address; returns also where to go on, None at the end.

        A whole username, email, phone or unique id is found at once. Else accounts are opened one by one, at most
        EXAMINED_AT_MOST a call, so a page may be short and the list not at its end.
        """
        exact = self.find(text) if before is None else None
        if exact is not None and not exact.is_leaving:
            return [exact], None
        wanted, found = text.strip().casefold(), list[User]()
        for _ in range(EXAMINED_AT_MOST // 100):
            users = self.newest(before=before, limit=100)
            for user in users:
                before = user.id
                if wanted in _searched(user):
                    found.append(user)
                if len(found) == limit:
                    return found, before
            if len(users) < 100:
                return found, None
        return found, before

    def change(self, user_id: str, transition: Transition, *, audit: AuditRecord | None = None) -> User:
        """Apply a pure transition, with all names and the list of admins, or nothing.

        Raises:
            NotFound: there is no such account.
            NameTaken: somebody has the new name.
            LastAdmin: nobody could let anybody in any more.
        """
        for _ in range(RACES):
            user = self.get(user_id)
            changed = transition(user)
            if changed == user and audit is None:
                return user
            try:
                self._table.write(*self._change_of(user, changed), *self._audit(audit))
            except Changed as error:
                if self._is_taken(changed):
                    raise NameTaken("Somebody has this username, email or phone.") from error
            else:
                return self._kept.users.saved(changed)
        raise Conflict("The account is being changed by many at once; try again.", code="busy")

    def find_leaving(self, user_id: str) -> User | None:
        """Read an account that is being erased, or None."""
        user = self._kept.users.find(user_id)
        return user if user is not None and user.is_leaving else None

    def remove(self, user: User) -> None:
        """Remove an account, its names and its password; everything else of theirs must be gone."""
        self._table.write(
            *map(self._kept.names.removal, self._identifiers.all_of(user)),
            self._kept.passwords.removal(user.id),
            self._kept.last_uses.removal(user.id),
            self._kept.users.removal(user.id),
        )

    def free_unique_id(self) -> str:
        """Draw an 8-digit id that nobody has."""
        for _ in range(UNIQUE_ID_TRIES):
            drawn = str(10_000_000 + secrets.randbelow(90_000_000))
            if self._kept.names.find(drawn) is None:
                return drawn
        raise Conflict("No free id was found; try again.", code="busy")

    def note_use(self, user_id: str) -> None:
        """Note that somebody is here; at most one write an hour."""
        now = self._clock()
        last_use = self._kept.last_uses.find(user_id) or LastUse(id=user_id, at=now)
        # Somebody else's note of the same moment is as good.
        with suppress(Changed):
            self._kept.use(last_use, now)

    # Passwords

    def password_hash_of(self, user_id: str) -> str | None:
        """Return the hash of somebody's password, or None."""
        password = self._kept.passwords.find(user_id)
        return None if password is None else password.hash

    def set_password_hash(self, user_id: str, password_hash: str) -> None:
        """Replace somebody's password."""
        self._kept.passwords.change(
            self._kept.passwords.get(user_id), lambda password: replace(password, hash=password_hash)
        )

    # API keys

    def add_api_key(self, key: ApiKey) -> ApiKey:
        """Keep a new API key."""
        self._table.write(*self._new_api_key(key))
        return self._kept.api_keys.saved(key)

    def add_api_key_once(self, key: ApiKey, secret: str, once: Once) -> tuple[ApiKey, str]:
        """Keep a new API key and return it with its secret; a request that made one before gets that one.

        Raises:
            NotFound: the one that it made is revoked.
            Invalid: the request's key was used for another one.
        """
        made = self._repeats.make_secret(Made(key.id, secret), lambda: self._new_api_key(key), once=once)
        return self._kept.api_keys.saved(key) if made.id == key.id else self._api_key(made.id), made.secret

    def api_keys_of(self, owner_id: str, *, before: str | None, limit: int) -> list[ApiKey]:
        """List an owner's keys, newest first."""
        return self._kept.api_keys.newest(api_keys_of(owner_id), before=before, limit=limit)

    def last_uses_of(self, keys: Sequence[ApiKey]) -> dict[str, datetime]:
        """Return when keys were last used, to the hour; a key that never was is left out."""
        made = {key.id: key.created_at for key in keys}
        uses = self._kept.last_uses.get_many(list(made))
        return {use.id: use.at for use in uses if use.at > made[use.id]}

    def revoke_api_key(self, key_id: str, *, owner_id: str) -> None:
        """End a key at once; raises NotFound."""
        if self._api_key(key_id).owner_id != owner_id:
            raise NotFound("There is no such API key.")
        self._table.write(*self._kept.removal_of_api_key(key_id))

    def revoke_all_api_keys(self, owner_id: str) -> None:
        """End all keys of somebody."""
        for key in self.api_keys_of(owner_id, before=None, limit=KEYS_PER_OWNER):
            self._table.write(*self._kept.removal_of_api_key(key.id))

    def erase_api_keys_of(self, owner_id: str) -> None:
        """Remove every key of somebody, however many, and what is remembered of how they were made."""
        while self.api_keys_of(owner_id, before=None, limit=1):
            self.revoke_all_api_keys(owner_id)
        self._repeats.erase_of(owner_id)

    def _new_api_key(self, key: ApiKey) -> list[Put]:
        return [self._kept.api_keys.put(key), self._kept.last_uses.put(LastUse(id=key.id, at=key.created_at))]

    def _api_key(self, key_id: str) -> ApiKey:
        key = self._kept.api_keys.find(key_id)
        if key is None:
            raise NotFound("There is no such API key.")
        return key

    # What admins did

    def audit_records(self, *, before: str | None, limit: int) -> list[AuditRecord]:
        """List what admins did, newest first."""
        return self._kept.audit.newest("AUDIT", before=before, limit=limit)

    def add_audit_record(self, record: AuditRecord) -> None:
        """Note a deed that changes no account."""
        self._table.write(self._kept.audit.put(record))

    def _write_new(self, user: User, *writes: Put | Delete, is_first_admin: bool = False) -> None:
        names = [self._put_name(name, user) for name in self._identifiers.all_of(user)]
        last_use = self._kept.last_uses.put(LastUse(id=user.id, at=self._clock()))
        for _ in range(RACES):
            if is_first_admin and self._kept.admins.find("all") is not None:
                raise Conflict("The first admin has been made already.", code="has-admin")
            try:
                return self._table.write(self._kept.users.put(user), *names, last_use, *self._admins(user), *writes)
            except Changed as error:
                # Otherwise another admin was made at the same moment.
                if self._is_taken(user) or not user.is_acting_admin:
                    raise NameTaken("This username, email or phone is taken.") from error
        raise Conflict("Many accounts are being made at once; try again.", code="busy")

    def _change_of(self, user: User, changed: User) -> list[Put | Delete]:
        return [
            self._kept.users.put(changed),
            *self._renaming(user, changed),
            *(self._admins(changed) if changed.is_acting_admin != user.is_acting_admin else ()),
        ]

    def _renaming(self, user: User, changed: User) -> list[Put | Delete]:
        if (user.username, user.email, user.phone) == (changed.username, changed.email, changed.phone):
            # To know a name costs a call of KMS.
            return []
        before, after = self._identifiers.all_of(user), self._identifiers.all_of(changed)
        return [
            *map(self._kept.names.removal, before - after),
            *(self._put_name(name, changed) for name in after - before),
        ]

    def _admins(self, user: User) -> list[Put]:
        admins = self._kept.admins.find("all") or Admins()
        following = admins.following(user)
        return [] if following == admins else [self._kept.admins.put(following)]

    def _put_name(self, name: str, user: User) -> Put:
        return self._kept.names.put(Name(id=name, user_id=user.id))

    def _is_taken(self, user: User) -> bool:
        found = self._kept.names.get_many(list(self._identifiers.all_of(user)))
        return any(name.user_id != user.id for name in found)

    def _password(self, user_id: str, password_hash: str, *, until: datetime | None = None) -> Password:
        return Password(id=user_id, hash=password_hash, until=until)

    def _audit(self, record: AuditRecord | None) -> list[Put]:
        return [] if record is None else [self._kept.audit.put(record)]


def _searched(user: User) -> str:
    texts = (user.username, user.email, user.phone, user.name, user.nickname, user.unique_id)
    return "\n".join(text for text in texts if text).casefold()
