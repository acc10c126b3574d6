"""How connections lie in the presence table.

| key | what | listed under |
|---|---|---|
| `TICKET#<hash>` | lets one connection in, for half a minute | |
| `CONNECTION#<id>` | who is behind an open WebSocket | |
| `PRESENCE#<user>` | all open connections of an account | |
| `RATE#<limit>#<hash>` | who sent when (`functions.core.limits`) | |

Its other keys stand where they are kept: `functions.core.calls.keeping`, `functions.core.contacts.keeping`,
`functions.core.devices.store` and `functions.core.web_push.store`.
"""

from typing import Final

from functions.core.collection import Collection
from functions.core.realtime.model import CONNECTION_LIFE, Connection, Presence, Ticket
from functions.core.table import Table

ORPHANS: Final = CONNECTION_LIFE / 12
"""How long a connection is kept beyond its end: a `$disconnect` need not come."""


class PresenceCollections:
    """What is connected, over one table."""

    def __init__(self, table: Table) -> None:
        self.tickets = Collection(
            table, Ticket, key=lambda ticket_id: f"TICKET#{ticket_id}", expires_at=lambda ticket: ticket.until
        )
        self.connections = Collection(
            table,
            Connection,
            key=lambda connection_id: f"CONNECTION#{connection_id}",
            expires_at=lambda connection: connection.until + ORPHANS,
        )
        self.presences = Collection(
            table,
            Presence,
            key=lambda user_id: f"PRESENCE#{user_id}",
            expires_at=lambda presence: max((one.until + ORPHANS for one in presence.connections), default=None),
        )
