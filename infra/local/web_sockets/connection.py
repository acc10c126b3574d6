"""One open WebSocket: what goes out over it, in order, and how long it may live."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from functions.core.clock import Clock
from infra.local.asgi import Scope, Send, client_of, headers_of

UNSENT_LIMIT: Final = 1024 * 1024
"""Bytes that wait for a client which does not read. API Gateway has such a buffer too and does not say how large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds, and how much at once.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
    """

    idle: float = 600
    life: float = 7200
    integration: float = 29
    """A function has so long to answer a message, whatever its own timeout."""
    sending: float = 30
    """A client that takes nothing for so long is given up."""
    stopping: float = 5
    """What $disconnect may take when everything stops."""
    handled_at_once: int = 16
    """Messages of one connection; more wait in the client. AWS knows no such limit, but has more than one machine."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection ended, as a close frame says it (RFC 6455, 7.4)."""

    code: int
    reason: str = ""


GOING_AWAY: Final = Ending(1001, "Going away")
"""What idle connections, and those that are too old, are told; and everybody when the system stops."""

LOST: Final = Ending(1006, "Connection closed abnormally")


class Timer(Protocol):
    """What can be called off."""

    def cancel(self) -> None:
        """Call it off."""


class Timers(Protocol):
    """The part of an event loop that knows the time."""

    def time(self) -> float:
        """Return the time in seconds, from wherever it counts."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call `callback` at a time."""
        ...


class Gone(Exception):
    """Nobody is behind the connection any more."""


class Full(Exception):
    """The client does not read what it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who opens a connection, and how: what the handshake said."""

    headers: tuple[tuple[str, str], ...]
    query: str
    address: str
    scheme: str

    @classmethod
    def of(cls, scope: Scope) -> "Client":
        """Read a handshake."""
        return cls(
            headers=headers_of(scope),
            query=scope["query_string"].decode("latin-1"),
            address=client_of(scope),
            scheme=scope["scheme"],
        )

    def header(self, name: str) -> str:
        """Return a header's first value, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def identity(self) -> Mapping[str, str]:
        """What API Gateway says about a client with every event."""
        agent = self.header("user-agent")
        return {**({"userAgent": agent} if agent else {}), "sourceIp": self.address}


class Connection:
    """One client's open WebSocket."""

    def __init__(self, client: Client, *, limits: Limits, timers: Timers, clock: Clock) -> None:
        self.id = secrets.token_urlsafe(11) + "="
        self.client = client
        self.connected_at = clock()
        self.last_active_at = self.connected_at
        self._limits = limits
        self._timers = timers
        self._clock = clock
        self._ends_at = timers.time() + limits.life
        self._idle_at = timers.time() + limits.idle
        self._timer: Timer | None = None
        self._unsent: asyncio.Queue[str | Ending] = asyncio.Queue()
        self._unsent_bytes = 0
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether it is closed, or will be once what was said before has gone out."""
        return self._is_over

    def say(self, text: str) -> None:
        """Send a message after all that were said before; does not wait for the client.

        Raises:
            Gone: the connection is closed.
            Full: too much waits for the client already.
        """
        if self._is_over:
            raise Gone
        size = len(text.encode())
        if self._unsent_bytes and self._unsent_bytes + size > UNSENT_LIMIT:
            raise Full
        self._unsent_bytes += size
        self._unsent.put_nowait(text)

    def hang_up(self, ending: Ending) -> None:
        """Close it after all that was said before; once is enough."""
        if not self._is_over:
            self._is_over = True
            self._unsent.put_nowait(ending)

    def was_active(self) -> None:
        """Put off the end of an idle connection."""
        self.last_active_at = self._clock()
        self._idle_at = self._timers.time() + self._limits.idle

    def watch(self) -> None:
        """Hang up once it is idle or too old."""
        due = min(self._ends_at, self._idle_at)
        if self._timers.time() >= due:
            self.hang_up(GOING_AWAY)
        else:
            self._timer = self._timers.call_at(due, self.watch)

    async def deliver(self, send: Send) -> Ending:
        """Send what is said until it is hung up, or the client is gone or takes nothing any more."""
        while True:
            said = await self._unsent.get()
            try:
                async with asyncio.timeout(self._limits.sending):
                    await send(_message(said))
            except OSError:
                # TimeoutError is one as well.
                return LOST
            if isinstance(said, Ending):
                return said
            self._unsent_bytes -= len(said.encode())
            self.was_active()

    def end(self) -> None:
        """Take nothing any more."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()


def _message(said: str | Ending) -> dict[str, Any]:
    if isinstance(said, str):
        return {"type": "websocket.send", "text": said}
    return {"type": "websocket.close", "code": said.code, "reason": said.reason}
