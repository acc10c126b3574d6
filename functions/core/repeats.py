"""Requests with an Idempotency-Key: the same one again makes nothing twice.

Keys: `IDEMPOTENCY#<owner>#<hash of the caller's key>`; listed under `OWNER#<owner>#REPEATS`.

What was said once and is kept nowhere else, such as a secret, may be kept here for the repetition, sealed.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import AliasChoices, Field

from functions.core.clock import Clock
from functions.core.collection import RACES, Collection, Seals
from functions.core.errors import Conflict, Invalid
from functions.core.table import Changed, Put, Table

LIFE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """What a request with an Idempotency-Key made."""

    id: str
    fingerprint: str
    # Once only recordings were made by such requests.
    made_id: Annotated[str, Field(validation_alias=AliasChoices("made_id", "recording_id"))]
    until: datetime
    secret: str | None = None
    """What the answer said and nobody can look up, sealed."""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """What a request made, now or before, and the secret that its answer said."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A request that shall make something once, however often it comes: its key, and all that it asks for."""

    owner_id: str
    key: str
    asked: Any

    @property
    def id(self) -> str:
        """Under what it is remembered: one owner's key is not another's."""
        return f"{self.owner_id}#{hashlib.sha256(self.key.encode()).hexdigest()}"

    @property
    def fingerprint(self) -> str:
        """By what the same request is told from another one."""
        return hashlib.sha256(json.dumps(self.asked, sort_keys=True).encode()).hexdigest()


class Repeats:
    """What is remembered of such requests."""

    def __init__(self, table: Table, *, clock: Clock, seals: Seals | None = None) -> None:
        """Without `seals` no secret can be kept."""
        self._table = table
        self._clock = clock
        self._repeats = Collection(
            table,
            Repeat,
            key=lambda repeat_id: f"IDEMPOTENCY#{repeat_id}",
            listed_under=lambda repeat: (_list_of(repeat.id.split("#")[0]), repeat.id),
            expires_at=lambda repeat: repeat.until,
        )
        self._seals = seals

    def make(self, made_id: str, writes: Callable[[], Sequence[Put]], *, once: Once | None) -> str:
        """Do the writes that make `made_id`, unless the request made something before; return what it has made.

        `writes` is called anew after each lost race.

        Raises:
            Invalid: the key was used for another request.
            Conflict: other writers won every race.
            Exception: whatever `writes` refuses.
        """
        earlier = self._make(made_id, writes, once, secret=None)
        return made_id if earlier is None else earlier.made_id

    def make_secret(self, made: Made, writes: Callable[[], Sequence[Put]], *, once: Once) -> Made:
        """Do as `make`, where the answer says a secret: a repetition gets the same one."""
        assert self._seals is not None, "a secret would lie open"
        place = {"pk": self._repeats.key_of(once.id), "attribute": "secret"}
        earlier = self._make(made.id, writes, once, secret=self._seals.seal(made.secret, **place))
        # Only now: what is over may be sealed with a key that is gone.
        return made if earlier is None else Made(earlier.made_id, self._seals.open(earlier.secret or "", **place))

    def _make(
        self, made_id: str, writes: Callable[[], Sequence[Put]], once: Once | None, *, secret: str | None
    ) -> Repeat | None:
        """Return what is remembered of the request that made something before, or None: this one did."""
        for _ in range(RACES):
            earlier = self._repeats.find(once.id) if once else None
            if once is not None and earlier is not None and self._clock() < earlier.until:
                return _same(once, earlier)
            # An expired one that AWS has not deleted yet is replaced under its own version.
            note = [] if once is None else [self._note(once, made_id, secret, earlier.version if earlier else 0)]
            with suppress(Changed):
                self._table.write(*writes(), *note)
                return None
        raise Conflict("This is being changed by many at once; try again.", code="busy")

    def erase_of(self, owner_id: str) -> None:
        """Forget which requests of an owner had an Idempotency-Key."""
        while repeats := self._repeats.newest(_list_of(owner_id), before=None, limit=100):
            for repeat in repeats:
                self._table.write(self._repeats.removal(repeat.id))

    def _note(self, once: Once, made_id: str, secret: str | None, version: int) -> Put:
        until = self._clock() + LIFE
        return self._repeats.put(
            Repeat(
                id=once.id,
                fingerprint=once.fingerprint,
                made_id=made_id,
                until=until,
                secret=secret,
                version=version,
            )
        )


def _same(once: Once, earlier: Repeat) -> Repeat:
    if earlier.fingerprint != once.fingerprint:
        raise Invalid("This Idempotency-Key was used for another request.", code="idempotency-key-reused")
    return earlier


def _list_of(owner_id: str) -> str:
    return f"OWNER#{owner_id}#REPEATS"
