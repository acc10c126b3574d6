"""An open WebSocket of `parley.v1`."""

from collections.abc import AsyncIterator
from typing import Final, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from parley.realtime.errors import LineLost
from parley.realtime.ticket import Ticket
from parley.transport import use_proxies

__all__ = ["PROTOCOL", "Socket", "Ticket", "WebSocket", "open_socket"]

PROTOCOL: Final = Subprotocol("parley.v1")
OPEN_WITHIN: Final = 10.0
LARGEST: Final = 128 * 1024
"""API Gateway's bound for a message."""


class Socket(Protocol):
    """What the client needs of a connection."""

    async def send(self, text: str) -> None:
        """Send a frame; raises LineLost."""
        ...

    def frames(self) -> AsyncIterator[str | bytes]:
        """Yield what arrives until the connection ends, however it ends."""
        ...

    async def close(self) -> None:
        """End the connection; once more is no error."""
        ...


class WebSocket:
    """The real one."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        """Send a frame; raises LineLost."""
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise LineLost(str(error)) from error

    async def frames(self) -> AsyncIterator[str | bytes]:
        """Yield what arrives until the connection ends, however it ends."""
        try:
            async for frame in self._connection:
                yield frame
        except ConnectionClosed:
            return

    async def close(self) -> None:
        """End the connection; once more is no error."""
        await self._connection.close()


async def open_socket(ticket: Ticket) -> WebSocket:
    """Connect with a ticket; raises LineLost."""
    try:
        connection = await connect(
            ticket.url,
            # Sub-protocols travel in a header: addresses end up in logs.
            subprotocols=[PROTOCOL, Subprotocol(f"ticket.{ticket.secret}")],
            # Only frames count as traffic for API Gateway, so we ping with frames.
            ping_interval=None,
            compression=None,
            max_size=LARGEST,
            open_timeout=OPEN_WITHIN,
            close_timeout=1,
            user_agent_header="parley-cli",
            proxy=True if use_proxies(ticket.url) else None,
        )
    except (OSError, TimeoutError, WebSocketException) as error:
        raise LineLost(str(error) or type(error).__name__) from error
    if connection.subprotocol != PROTOCOL:
        await connection.close()
        raise LineLost("the server does not speak parley.v1")
    return WebSocket(connection)
