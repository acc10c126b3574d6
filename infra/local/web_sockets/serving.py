"""WebSockets, and the functions that they call.

The order of events: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine, Mapping, MutableMapping
from typing import Any, Final

from functions.core.clock import Clock, utc_now
from functions.core.observability import log
from infra.local.asgi import Receive, Scope, Send
from infra.local.functions import Callee, FunctionFailed
from infra.local.http_events import MalformedAnswer
from infra.local.web_sockets.api import CONNECT, DISCONNECT, SocketRoute, WebSocketApi
from infra.local.web_sockets.connection import (
    GOING_AWAY,
    LOST,
    Client,
    Connection,
    Ending,
    Full,
    Gone,
    Limits,
    Timers,
)
from infra.local.web_sockets.events import Occasion, Reply, read_reply

BINARY: Final = Ending(1003, "Binary frames are not supported")
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html"""

_ACCEPTED: Final = Reply(status=200, subprotocol=None, body="")


class WebSockets:
    """All open connections of the API's stage."""

    def __init__(
        self,
        api: WebSocketApi,
        functions: Mapping[str, Callee],
        *,
        limits: Limits | None = None,
        timers: Timers | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """`timers` is the running loop unless a test has one of its own."""
        self._api = api
        self._functions = functions
        self._limits = limits or Limits()
        self._timers = timers
        self._clock = clock
        self._open: dict[str, Connection] = {}
        self._conversations: set[asyncio.Task[Any]] = set()
        self._messages: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection from its handshake to its end."""
        await receive()
        if scope["path"] != f"/{self._api.stage}":
            await _refuse(send, 403, "Forbidden")
            return
        conversation = asyncio.current_task()
        assert conversation is not None
        self._conversations.add(conversation)
        try:
            await self._converse(Client.of(scope), receive, send)
        finally:
            self._conversations.discard(conversation)

    def find(self, connection_id: str) -> Connection | None:
        """Return a connection that is open: its handshake is done and it is not closed."""
        connection = self._open.get(connection_id)
        return None if connection is None or connection.is_over else connection

    async def stop(self) -> None:
        """Close every connection, take no new one, and wait until functions have been told."""
        self._is_stopping = True
        for connection in list(self._open.values()):
            connection.hang_up(GOING_AWAY)
        if self._conversations:
            await asyncio.wait(self._conversations, timeout=self._limits.stopping)

    async def _converse(self, client: Client, receive: Receive, send: Send) -> None:
        timers = self._timers or asyncio.get_running_loop()
        connection = Connection(client, limits=self._limits, timers=timers, clock=self._clock)
        reply = await self._ask_to_connect(connection)
        if reply is None or not reply.is_success:
            # A function that failed, or answered what is no answer, is a bad gateway.
            # https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
            await _refuse(
                send, 502 if reply is None else reply.status, "Internal server error" if reply is None else ""
            )
            return
        ending = LOST
        try:
            if self._is_stopping:
                ending = GOING_AWAY
                await _refuse(send, 503, "Service Unavailable")
            else:
                ending = await self._talk(connection, reply.subprotocol, receive, send)
        finally:
            connection.end()
            self._open.pop(connection.id, None)
            await self._say_goodbye(connection, ending)

    async def _ask_to_connect(self, connection: Connection) -> Reply | None:
        route = self._api.routes.get(CONNECT)
        return _ACCEPTED if route is None else await self._reply_of(route, self._occasion(connection).connect())

    async def _talk(self, connection: Connection, subprotocol: str | None, receive: Receive, send: Send) -> Ending:
        try:
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
        except OSError:
            return LOST
        self._open[connection.id] = connection
        connection.watch()
        log.debug("a WebSocket is open", connection_id=connection.id)
        listening = asyncio.create_task(self._listen(connection, receive))
        delivering = asyncio.create_task(connection.deliver(send))
        both = (delivering, listening)
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            # Where both are done, we closed it, and have heard our own close frame.
            return next(task.result() for task in both if task.done())
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _listen(self, connection: Connection, receive: Receive) -> Ending:
        # While all places are taken nothing is read, and TCP makes the client wait.
        places = asyncio.Semaphore(self._limits.handled_at_once)
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return _ending_of(message)
            if connection.is_over:
                continue
            connection.was_active()
            text = message.get("text")
            if text is None:
                connection.hang_up(BINARY)
                continue
            await places.acquire()
            self._begin(self._take(connection, text), then=places.release)

    def _begin(self, work: Coroutine[Any, Any, None], *, then: Callable[[], None]) -> None:
        """Work off a message beside all others: Lambda keeps no order."""
        task = asyncio.create_task(work)
        # A task that nobody holds is collected.
        self._messages.add(task)
        task.add_done_callback(self._messages.discard)
        task.add_done_callback(lambda _: then())

    async def _take(self, connection: Connection, text: str) -> None:
        occasion = self._occasion(connection)
        route = self._api.route_of(text)
        if route is None:
            _answer(connection, _complaint(occasion, "Forbidden"))
            return
        event = occasion.message(route.key, text, message_id=_new_id())
        try:
            async with asyncio.timeout(self._limits.integration):
                reply = await self._reply_of(route, event)
        except TimeoutError:
            _answer(connection, _complaint(occasion, "Endpoint request timed out"))
            return
        if reply is None:
            _answer(connection, _complaint(occasion, "Internal server error"))
        elif route.is_answered and reply.body:
            _answer(connection, reply.body)

    async def _reply_of(self, route: SocketRoute, event: Mapping[str, Any]) -> Reply | None:
        """Call a function; None where it failed."""
        try:
            return read_reply(await self._functions[route.function].call(event))
        except FunctionFailed:
            # The function's own process has logged why.
            return None
        except MalformedAnswer as error:
            log.error(f"{route.function} answered {route.key} with what is no answer", reason=str(error))
            return None

    async def _say_goodbye(self, connection: Connection, ending: Ending) -> None:
        log.debug("a WebSocket is closed", connection_id=connection.id, code=ending.code)
        route = self._api.routes.get(DISCONNECT)
        if route is not None:
            await self._reply_of(route, self._occasion(connection).disconnect(ending))

    def _occasion(self, connection: Connection) -> Occasion:
        return Occasion(self._api, connection, _new_id(), self._clock())


def _answer(connection: Connection, text: str) -> None:
    try:
        connection.say(text)
    except Gone:
        pass
    except Full:
        log.warning("a client does not read its answers", connection_id=connection.id)


def _complaint(occasion: Occasion, message: str) -> str:
    return json.dumps(
        {"message": message, "connectionId": occasion.connection.id, "requestId": occasion.request_id},
        separators=(",", ":"),
    )


def _ending_of(message: MutableMapping[str, Any]) -> Ending:
    # uvicorn has a code also for a connection that just broke off, but a reason only where a close frame came.
    if "reason" not in message:
        return LOST
    return Ending(message["code"], message["reason"] or "")


async def _refuse(send: Send, status: int, message: str) -> None:
    """Answer a handshake with a status other than 101.

    https://asgi.readthedocs.io/en/latest/extensions.html#websocket-denial-response
    """
    body = json.dumps({"message": message}).encode() if message else b""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _new_id() -> str:
    return secrets.token_urlsafe(11) + "="
