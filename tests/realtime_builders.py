"""Somebody who is connected, over fakes."""

from functions.core.accounts.model import Caller, User
from functions.core.realtime.model import Connection
from functions.core.realtime.store import Connections, Tickets
from tests.house import House


def a_caller(house: House, user: User) -> Caller:
    """Who calls with an access token of a fresh session."""
    session = house.session_of(user)
    return Caller(user.id, user.role, session_id=session.id, unique_id=user.unique_id)


def connect(house: House, caller: Caller, connection_id: str, *, device_id: str | None = None) -> Connection:
    """Open a connection as the realtime door does."""
    tickets = Tickets(house.presence_table, clock=house.clock)
    connections = Connections(house.presence_table, clock=house.clock)
    connections.open(connection_id, tickets.redeem(tickets.issue(caller, device_id=device_id)))
    connection = connections.find(connection_id)
    assert connection is not None
    return connection
