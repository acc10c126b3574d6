"""Tickets and the registry of connections."""

import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from functions.core.accounts.model import Caller, Credential
from functions.core.clock import Clock
from functions.core.collection import RACES
from functions.core.errors import Conflict, NotKnown
from functions.core.realtime.keeping import PresenceCollections
from functions.core.realtime.model import CONNECTION_LIFE, TICKET_LIFE, WATCH_LIFE, Connection, Presence, Ticket
from functions.core.table import Changed, Table

_TICKET_BYTES: Final = 32


class Tickets:
    """Lets callers open connections: browsers can show no credential there, and addresses end up in logs."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._kept = PresenceCollections(table)
        self._clock = clock

    def issue(self, caller: Caller, *, device_id: str | None) -> str:
        """Return a secret that opens one connection within TICKET_LIFE."""
        secret = secrets.token_urlsafe(_TICKET_BYTES)
        ticket = Ticket(
            id=_hash_of(secret),
            user_id=caller.user_id,
            unique_id=caller.unique_id,
            credential=Credential(session_id=caller.session_id, key_id=caller.key_id),
            until=self._clock() + TICKET_LIFE,
            device_id=device_id,
        )
        self._table.write(self._kept.tickets.put(ticket))
        return secret

    def redeem(self, secret: str) -> Ticket:
        """Use a ticket up; raises NotKnown where it is none, is over, or somebody was faster."""
        ticket = self._kept.tickets.find(_hash_of(secret))
        if ticket is not None:
            try:
                self._table.write(self._kept.tickets.removal(ticket.id, seen=ticket.version))
            except Changed:
                ticket = None
        if ticket is None or self._clock() >= ticket.until:
            raise NotKnown("The ticket is not valid; ask for a new one.", code="invalid-ticket")
        return ticket


class Connections:
    """Who is connected."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._kept = PresenceCollections(table)
        self._clock = clock

    def open(self, connection_id: str, ticket: Ticket) -> tuple[Connection, ...]:
        """Register a connection; returns those that had to make room for it, to be closed."""
        connection = Connection(
            id=connection_id,
            user_id=ticket.user_id,
            unique_id=ticket.unique_id,
            credential=ticket.credential,
            device_id=ticket.device_id,
            until=self._clock() + CONNECTION_LIFE,
        )
        return self._change(ticket.user_id, lambda presence: presence.joined(connection, self._clock()), connection)

    def find(self, connection_id: str) -> Connection | None:
        """Read who is behind a connection, or None: it is over."""
        connection = self._kept.connections.find(connection_id)
        return connection if connection is not None and self._clock() < connection.until else None

    def watch(self, connection: Connection, job_id: str | None) -> None:
        """Send a connection the pictures of a job for WATCH_LIFE, or none any more; one that is gone stays gone."""
        until = None if job_id is None else self._clock() + WATCH_LIFE
        watching = replace(connection, watching=job_id, watching_until=until)
        self._change(connection.user_id, lambda presence: presence.updated(watching), watching)

    def of(self, user_ids: Collection[str]) -> dict[str, tuple[Connection, ...]]:
        """Read people's open connections, one read for all; those who have none are left out."""
        now = self._clock()
        found = {one.id: one.open_at(now) for one in self._kept.presences.get_many(sorted(user_ids))}
        return {user_id: connections for user_id, connections in found.items() if connections}

    def forget(self, user_id: str, connection_ids: Collection[str]) -> None:
        """Take connections out of the registry: they are closed, or nobody answers there any more."""
        gone = frozenset(connection_ids)
        self._change(user_id, lambda presence: presence.left(gone))
        # Also where the registry knew nothing of them any more.
        for connection_id in gone:
            self._table.write(self._kept.connections.removal(connection_id))

    def lost(self, connection: Connection) -> None:
        """Forget a connection that nobody answers on; one that is only being opened is not there yet."""
        if not connection.may_be_opening(self._clock()):
            self.forget(connection.user_id, [connection.id])

    def end_all(self, user_id: str) -> Sequence[Connection]:
        """Forget all connections of an account; returns them, to be closed."""
        return self._change(user_id, lambda presence: replace(presence, connections=()))

    def _change(
        self, user_id: str, transition: Callable[[Presence], Presence], joining: Connection | None = None
    ) -> tuple[Connection, ...]:
        """Apply a transition to somebody's presence together with what it means for single connections."""
        for _ in range(RACES):
            presence = self._kept.presences.find(user_id) or Presence(id=user_id)
            changed = transition(presence)
            if changed is presence:
                return ()
            kept = {one.id for one in changed.connections}
            dropped = tuple(one for one in presence.connections if one.id not in kept)
            joins = [] if joining is None else [self._kept.connections.put(joining)]
            try:
                self._table.write(
                    self._kept.presences.put(changed),
                    *joins,
                    *(self._kept.connections.removal(one.id) for one in dropped),
                )
            except Changed:
                if joining is not None:
                    fresh = self._kept.connections.find(joining.id)
                    joining = replace(joining, version=0 if fresh is None else fresh.version)
            else:
                return dropped
        raise Conflict("Too many connections come and go at once; try again.", code="busy")


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
