"""A realtime server in miniature: connections that can be cut, and answers that a test decides."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from parley.realtime.errors import LineLost
from parley.realtime.ticket import Ticket

EPOCH = 1_700_000_000.0
LIFE = timedelta(hours=2)

Answer = Callable[["FakeSocket", dict[str, Any]], dict[str, Any] | None]


class FakeSocket:
    """One connection."""

    def __init__(self, server: "FakeRealtime", ticket: Ticket, opened_at: float) -> None:
        self.server = server
        self.ticket = ticket
        self.opened_at = opened_at
        self.closed_at: float | None = None
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self._frames: asyncio.Queue[str | None] = asyncio.Queue()

    async def send(self, text: str) -> None:
        if self.closed_at is not None:
            raise LineLost("closed")
        frame = json.loads(text)
        self.sent.append((now(), frame))
        reply = self.server.answer(self, frame)
        if reply is not None:
            self.say(reply | {"id": frame["id"]})

    async def frames(self) -> AsyncIterator[str]:
        while (frame := await self._frames.get()) is not None:
            yield frame

    async def close(self) -> None:
        self.cut()

    def say(self, frame: dict[str, Any]) -> None:
        self._frames.put_nowait(json.dumps(frame))

    def cut(self) -> None:
        if self.closed_at is None:
            self.closed_at = now()
            self._frames.put_nowait(None)

    def types(self) -> list[str]:
        return [frame["type"] for _, frame in self.sent]


class FakeRealtime:
    """Hands out tickets and opens connections. `answer` is what it does with a frame."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.sockets: list[FakeSocket] = []
        self.tickets: list[str] = []
        self.attempts: list[float] = []
        self.failing = 0
        """So many connections are refused."""
        self.clock_ahead = 0.0
        self._answer = answer

    async def ticket(self) -> Ticket:
        self.tickets.append(f"ticket-{len(self.tickets)}")
        return Ticket(url="ws://127.0.0.1", secret=self.tickets[-1])

    async def open(self, ticket: Ticket) -> FakeSocket:
        self.attempts.append(now())
        if self.failing:
            self.failing -= 1
            raise LineLost("refused")
        self.sockets.append(FakeSocket(self, ticket, now()))
        return self.sockets[-1]

    def answer(self, socket: FakeSocket, frame: dict[str, Any]) -> dict[str, Any] | None:
        if self._answer is not None and frame["type"] != "ping":
            return self._answer(socket, frame)
        if frame["type"] == "ping":
            until = datetime.fromtimestamp(wall() + self.clock_ahead, UTC) + LIFE
            until -= timedelta(seconds=now() - socket.opened_at)
            return {"type": "pong", "server_time": (wall() + self.clock_ahead) * 1000, "until": until.isoformat()}
        return {"type": "ack"}


def now() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()


def wall() -> float:
    """This machine's clock."""
    return EPOCH + now()
