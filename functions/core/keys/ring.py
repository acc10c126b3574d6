"""The data keys of this installation: one line of versions for each purpose, wrapped in the accounts table.

The newest version is used, the older ones still open what they closed. Unwrapped keys stay in the process for a
quarter of an hour, so that a rotation is known everywhere soon, and a call of KMS is rare.
"""

import base64
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from functions.core.clock import Clock
from functions.core.collection import Collection
from functions.core.keys.provider import KeyProvider
from functions.core.table import Changed, Table

KEPT_FOR: Final = timedelta(minutes=15)
READ_AGAIN_AFTER: Final = timedelta(seconds=5)
"""Made-up key numbers cost a read this often, and not each time."""


class Purpose(StrEnum):
    """What a key is for; one never does another's work."""

    TOKENS = "tokens"
    """Ed25519: signs access tokens."""
    SESSIONS = "sessions"
    CODES = "codes"
    PERSONAL_DATA = "personal-data"
    CURSORS = "cursors"
    CONTACTS = "contacts"
    SHARES = "shares"
    WEBHOOKS = "webhooks"


class UnknownKey(Exception):
    """There is no key of that purpose and number."""


@dataclass(frozen=True, slots=True)
class Key:
    """One version of a key: 32 bytes."""

    number: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """One version as it is stored."""

    number: int
    wrapped: str
    created_at: datetime
    public: str | None = None
    """Of a signing key: readable by all who check its signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """All versions of one purpose, the newest last."""

    id: Purpose
    keys: tuple[WrappedKey, ...] = ()
    version: int = 0


class KeyRing:
    """Gives out keys, and makes them where there are none yet."""

    def __init__(self, table: Table, provider: KeyProvider, *, clock: Clock) -> None:
        self._table = table
        self._provider = provider
        self._clock = clock
        self._lines = Collection(table, KeyLine, key=lambda purpose: f"KEY#{purpose}")
        self._read: dict[Purpose, tuple[KeyLine, datetime]] = {}
        self._searched: dict[Purpose, datetime] = {}
        self._secrets: dict[tuple[Purpose, int], tuple[Key, datetime]] = {}
        self._lock = threading.RLock()

    def current(self, purpose: Purpose) -> Key:
        """Return the key to use; the first caller of all makes it."""
        with self._lock:
            line = self._line(purpose)
            while not line.keys:
                line = self._add(line)
            return self._unwrap(purpose, line.keys[-1])

    def get(self, purpose: Purpose, number: int) -> Key:
        """Return a key by its number; raises UnknownKey."""
        with self._lock:
            return self._unwrap(purpose, self._find(purpose, number))

    def public_key(self, number: int) -> bytes:
        """Return the public half (32 bytes) of a signing key, without opening the private one; raises UnknownKey."""
        with self._lock:
            public = self._find(Purpose.TOKENS, number).public
        if public is None:
            raise UnknownKey
        return base64.b64decode(public)

    def rotate(self, purpose: Purpose) -> Key:
        """Add a version, which is used from now on here, and everywhere within KEPT_FOR."""
        with self._lock:
            line = self._add(self._fresh(purpose))
            return self._unwrap(purpose, line.keys[-1])

    def drop_older(self, purpose: Purpose, *, newest: int) -> None:
        """Forget all versions before `newest`; what they closed stays closed for ever.

        A version that somebody has added meanwhile stays, and so does `newest`.
        """
        with self._lock:
            line = self._fresh(purpose)
            if line.keys and line.keys[0].number < newest <= line.keys[-1].number:
                self._keep(self._lines.change(line, partial(_since, newest)))

    def age(self, purpose: Purpose) -> timedelta | None:
        """Return the age of the key that is used; None if there is none yet."""
        with self._lock:
            line = self._line(purpose)
        return self._clock() - line.keys[-1].created_at if line.keys else None

    def numbers(self, purpose: Purpose) -> list[int]:
        """Return the numbers of all versions, the newest last."""
        with self._lock:
            return [key.number for key in self._line(purpose).keys]

    def index(self, kind: str, value: str) -> str:
        """Return what a value is found by without being stored: its keyed hash, hexadecimal."""
        return self._provider.blind_index(f"{kind}/1|{value}".encode()).hex()

    def _find(self, purpose: Purpose, number: int) -> WrappedKey:
        found = _by_number(self._line(purpose), number)
        searched = self._searched.get(purpose)
        if found is None and (searched is None or self._clock() - searched >= READ_AGAIN_AFTER):
            # Another process may have rotated.
            self._searched[purpose] = self._clock()
            found = _by_number(self._fresh(purpose), number)
        if found is None:
            raise UnknownKey
        return found

    def _line(self, purpose: Purpose) -> KeyLine:
        kept = self._read.get(purpose)
        if kept is not None and self._clock() - kept[1] < KEPT_FOR:
            return kept[0]
        return self._fresh(purpose)

    def _fresh(self, purpose: Purpose) -> KeyLine:
        return self._keep(self._lines.find(purpose) or KeyLine(id=purpose))

    def _keep(self, line: KeyLine) -> KeyLine:
        self._read[line.id] = (line, self._clock())
        known = {(line.id, key.number) for key in line.keys}
        self._secrets = {name: kept for name, kept in self._secrets.items() if name[0] != line.id or name in known}
        return line

    def _add(self, line: KeyLine) -> KeyLine:
        number = line.keys[-1].number + 1 if line.keys else 1
        secret, wrapped = self._provider.new_data_key(_context(line.id, number))
        added = WrappedKey(
            number=number,
            wrapped=base64.b64encode(wrapped).decode(),
            created_at=self._clock(),
            public=_public_half(secret) if line.id is Purpose.TOKENS else None,
        )
        longer = replace(line, keys=(*line.keys, added))
        try:
            self._table.write(self._lines.put(longer))
        except Changed:
            # Somebody else was first; theirs is as good.
            return self._fresh(line.id)
        return self._keep(self._lines.saved(longer))

    def _unwrap(self, purpose: Purpose, key: WrappedKey) -> Key:
        kept = self._secrets.get((purpose, key.number))
        if kept is None or self._clock() - kept[1] >= KEPT_FOR:
            secret = self._provider.unwrap(base64.b64decode(key.wrapped), _context(purpose, key.number))
            kept = self._secrets[purpose, key.number] = (Key(key.number, secret), self._clock())
        return kept[0]


def _since(number: int, line: KeyLine) -> KeyLine:
    return replace(line, keys=tuple(key for key in line.keys if key.number >= number))


def _by_number(line: KeyLine, number: int) -> WrappedKey | None:
    return next((key for key in line.keys if key.number == number), None)


def _context(purpose: Purpose, number: int) -> dict[str, str]:
    return {"service": "parley", "purpose": purpose.value, "number": str(number)}


def _public_half(seed: bytes) -> str:
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()).decode()
