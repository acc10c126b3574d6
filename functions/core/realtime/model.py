"""Who is connected: tickets, connections, and all of a person's connections together; pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from functions.core.accounts.model import Credential

TICKET_LIFE: Final = timedelta(seconds=30)
CONNECTION_LIFE: Final = timedelta(hours=2)
"""API Gateway ends every connection then; nobody can have it longer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""
OPENING: Final = timedelta(seconds=30)
"""A function's patience: no `$connect` takes longer."""
MOST_CONNECTIONS: Final = 20
"""A person's devices and tabs; the oldest makes room for a new one."""
WATCH_LIFE: Final = timedelta(seconds=60)
"""A client says every 30 s that it still watches: so pictures go only where they are shown, and the credential is seen
again and again by the door that takes it."""
FRAME_LIMIT: Final = 32 * 1024
"""Bytes of a frame: API Gateway's limit, and what one message is billed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Lets one connection in, once. Its id is the hash of what its owner holds."""

    id: str
    user_id: str
    unique_id: str
    credential: Credential
    until: datetime
    device_id: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One open WebSocket. It is worth what the credential is worth that it was opened with."""

    id: str
    user_id: str
    unique_id: str
    credential: Credential
    until: datetime
    device_id: str | None = None
    """The device whose keys are behind it; without one it takes part in no call."""
    watching: str | None = None
    """The job whose pictures it is sent."""
    watching_until: datetime | None = None
    version: int = 0

    def watches(self, job_id: str, now: datetime) -> bool:
        """Tell whether it is to be sent the pictures of a job."""
        return self.watching == job_id and self.watching_until is not None and now < self.watching_until

    def may_be_opening(self, now: datetime) -> bool:
        """Tell whether it may be in the registry and not be open yet: it is once `$connect` has returned."""
        return now < self.until - CONNECTION_LIFE + OPENING


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """All of a person's connections in one document: to reach somebody costs one consistent read, not a query."""

    id: str
    """The account's."""
    connections: tuple[Connection, ...] = ()
    version: int = 0

    def open_at(self, now: datetime) -> tuple[Connection, ...]:
        """Return those that can still be there."""
        return tuple(one for one in self.connections if now < one.until)

    def joined(self, connection: Connection, now: datetime) -> "Presence":
        """Add or replace one; what is over is forgotten, and the oldest of too many."""
        others = [one for one in self.open_at(now) if one.id != connection.id]
        return replace(self, connections=(*others, connection)[-MOST_CONNECTIONS:])

    def updated(self, connection: Connection) -> "Presence":
        """Replace one where it stands; unchanged where it is not there any more."""
        if all(one.id != connection.id for one in self.connections):
            return self
        return replace(
            self, connections=tuple(connection if one.id == connection.id else one for one in self.connections)
        )

    def left(self, connection_ids: frozenset[str]) -> "Presence":
        """Forget some; unchanged where none of them is there."""
        kept = tuple(one for one in self.connections if one.id not in connection_ids)
        return self if len(kept) == len(self.connections) else replace(self, connections=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to be said to a person's open connections, or to some of them."""

    user_id: str
    event: dict[str, Any] = field(repr=False)
    """A JSON object with a `type`; in transit only, never in a log."""
    device_id: str | None = None
    """Only to this device."""
    but: str | None = None
    """Not to this connection."""

    def is_for(self, connection: Connection) -> bool:
        """Tell whether a connection of theirs is to get it."""
        return (self.device_id is None or connection.device_id == self.device_id) and connection.id != self.but
