"""A client that stays connected: asks, is told, and comes back by itself."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from parley.errors import Failure, Problem, Unreachable
from parley.realtime.backoff import Backoff
from parley.realtime.errors import LineLost
from parley.realtime.socket import Socket, open_socket
from parley.realtime.ticket import Ticket
from parley.realtime.wire import Answered, Chance, Event, Refused, Wire

CONNECTED: Final = "connected"
"""The type of the event with which every new connection begins. It comes from here, not from the server."""
ANSWER_WITHIN: Final = 30.0
FIRST_TRIES: Final = 4
"""Whoever types a command wants to read soon that nobody is there."""
LINGER: Final = 5.0
"""What was sent to the old connection arrives on it."""

TicketOffice = Callable[[], Awaitable[Ticket]]
Opener = Callable[[Ticket], Awaitable[Socket]]


class Live:
    """One client of the realtime door; an async context manager."""

    def __init__(
        self,
        tickets: TicketOffice,
        opener: Opener = open_socket,
        *,
        chance: Chance = random.random,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._tickets = tickets
        self._opener = opener
        self._wall = wall
        self._backoff = Backoff(chance)
        self._wire = Wire(ids=lambda: uuid4().hex, chance=chance, wall=wall)
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._events: asyncio.Queue[dict[str, Any] | Failure] = asyncio.Queue()
        self._stir = asyncio.Event()
        self._ready = asyncio.Event()
        self._failure: Failure | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._lines: set[_Line] = set()
        self._retiring: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect, and learn the server's time; raises Failure where that cannot be."""
        self._keeper = asyncio.create_task(self._keep())
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._ready.wait()
        except TimeoutError:
            self._failure = Unreachable("The server does not answer on its realtime address.")
        if self._failure:
            await self._end()
            raise self._failure
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._end()

    def server_now(self) -> float:
        """Return the time of the server's clock, in seconds since 1970."""
        return self._wall() + self._wire.clock.offset

    def attend(self, call_id: str | None) -> None:
        """Keep a call's line from now on; None: no call's."""
        self._wire.attend(call_id, _now())
        self._stir.set()

    async def ask(self, frame: Mapping[str, Any], *, within: float = ANSWER_WITHIN) -> dict[str, Any]:
        """Send a frame, again if need be, and return its reply.

        Raises:
            Refusal: the server refused it.
            Unreachable: no reply came within so many seconds.
        """
        if self._failure:
            raise self._failure
        frame_id = self._wire.ask(frame, _now())
        reply = self._replies[frame_id] = asyncio.get_running_loop().create_future()
        self._stir.set()
        try:
            async with asyncio.timeout(within):
                answer: dict[str, Any] = await reply
                return answer
        except TimeoutError as error:
            raise Unreachable("The server does not answer.") from error
        finally:
            self._wire.forget(frame_id)
            del self._replies[frame_id]

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what the server says, and CONNECTED at the start of each connection; one reader at a time.

        Raises:
            Failure: there will be no connection any more.
        """
        while True:
            event = await self._events.get()
            if isinstance(event, Failure):
                raise event
            yield event

    async def _keep(self) -> None:
        try:
            line = await self._open(tries=FIRST_TRIES)
            while True:
                line = await self._tend(line)
        except Failure as failure:
            self._fail(failure)

    def _fail(self, failure: Failure) -> None:
        self._failure = failure
        self._ready.set()
        self._events.put_nowait(failure)
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(failure)

    async def _open(self, *, tries: int | None = None) -> "_Line":
        """Connect, however long it takes; or so many times at most."""
        tried = 0
        while True:
            try:
                socket = await self._opener(await self._tickets())
            except (LineLost, Unreachable, Problem) as error:
                tried += 1
                if isinstance(error, Problem) and not _may_pass(error):
                    raise
                if tried == tries:
                    raise _no_connection(error) from error
                await asyncio.sleep(self._backoff.next())
            else:
                line = _Line(socket, self._take, self._stir.set)
                self._lines.add(line)
                return line

    async def _tend(self, line: "_Line") -> "_Line":
        """Serve a connection as long as it lasts; returns the next one."""
        self._wire.opened(_now())
        self._events.put_nowait({"type": CONNECTED})
        successor: asyncio.Task[_Line] | None = None
        try:
            while not (line.is_lost or self._wire.is_silent(_now())):
                if successor is None and self._wire.is_old(_now()):
                    successor = asyncio.create_task(self._open())
                    successor.add_done_callback(lambda _: self._stir.set())
                if successor is not None and successor.done():
                    break
                await self._send_due(line)
                await self._wait()
            if successor is not None and successor.done():
                self._retire(line, after=LINGER)
                return await successor
            self._retire(line, after=0)
            return await (successor or self._open_again())
        except asyncio.CancelledError:
            if successor is not None:
                successor.cancel()
            raise

    async def _open_again(self) -> "_Line":
        """Connect after a loss. A server that ends connections as soon as they begin is asked more and more seldom."""
        if self._wire.is_proven:
            self._backoff.reset()
        await asyncio.sleep(self._backoff.next())
        return await self._open()

    async def _send_due(self, line: "_Line") -> None:
        with suppress(LineLost):  # then the reader sees it too
            for text in self._wire.due(_now()):
                await line.socket.send(text)

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._wire.next_due()):
                await self._stir.wait()
        self._stir.clear()

    def _take(self, text: str | bytes) -> None:
        match self._wire.take(text, _now()):
            case Answered(frame_id, body):
                self._replies[frame_id].set_result(body)
            case Refused(frame_id, refusal):
                self._replies[frame_id].set_exception(refusal)
            case Event(body):
                self._events.put_nowait(body)
        if self._wire.is_proven:
            self._ready.set()
        self._stir.set()

    def _retire(self, line: "_Line", *, after: float) -> None:
        async def close() -> None:
            await asyncio.sleep(after)
            await line.close()
            self._lines.discard(line)

        task = asyncio.create_task(close())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _end(self) -> None:
        tasks = [task for task in (self._keeper, *self._retiring) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(line.close() for line in self._lines))


class _Line:
    """A connection that is read."""

    def __init__(self, socket: Socket, take: Callable[[str | bytes], None], stir: Callable[[], None]) -> None:
        self.socket = socket
        self.is_lost = False
        self._take = take
        self._stir = stir
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """End it."""
        await self.socket.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for text in self.socket.frames():
                self._take(text)
        finally:
            self.is_lost = True
            self._stir()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _may_pass(problem: Problem) -> bool:
    return problem.status in {408, 425, 429} or problem.status >= 500


def _no_connection(error: Exception) -> Failure:
    if isinstance(error, Failure):
        return error
    return Unreachable(f"Cannot connect to the server's realtime address: {error}.")
