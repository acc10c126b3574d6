"""The gateway with a WebSocket API over loopback, on a thread of its own, and functions that are plain coroutines."""

import asyncio
import json
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from websockets.sync.client import ClientConnection, connect

from infra.local.credentials import Signer
from infra.local.gateway import Gateway
from infra.local.routes import Routes
from infra.local.servers import QuietServer, gateway_config, listen
from infra.local.stack import Route
from infra.local.web_sockets.api import SocketRoute, WebSocketApi
from infra.local.web_sockets.connection import Limits
from infra.local.web_sockets.management import Management
from infra.local.web_sockets.serving import WebSockets

Event = Mapping[str, Any]
Handler = Callable[[Event], Awaitable[Any]]

REGION = "eu-central-1"
ARN = "arn:aws:execute-api:eu-central-1:0:local/ws"
SUBPROTOCOL = "parley.v1"
ROUTES = {
    "$connect": SocketRoute(key="$connect", function="Talk"),
    "$disconnect": SocketRoute(key="$disconnect", function="Talk"),
    "$default": SocketRoute(key="$default", function="Talk", is_answered=True),
    "silent": SocketRoute(key="silent", function="Talk"),
}
SIGNERS = {
    "AKIAROOT": Signer(role_arn=None, secret_key="root's"),
    "ASIAPOSTER": Signer(role_arn="poster", secret_key="poster's", token="poster's token"),
    "ASIAOTHER": Signer(role_arn="other", secret_key="other's", token="other's token"),
}


def an_api(**changes: Any) -> WebSocketApi:
    values: dict[str, Any] = {
        "id": "local",
        "stage": "ws",
        "arn": ARN,
        "selection": ("type",),
        "routes": ROUTES,
        "managers": {"poster": (f"{ARN}/POST/@connections/*",)},
    }
    return WebSocketApi(**values | changes)


async def talk(event: Event) -> Any:
    """Accepts everybody and answers every message."""
    match event["requestContext"]["eventType"]:
        case "CONNECT":
            return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": SUBPROTOCOL}}
        case "MESSAGE":
            return {"statusCode": 200, "body": f"heard {event['body']}"}
    return {"statusCode": 200}


class HandTimers:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._due: list[tuple[float, Callable[[], object]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], object], /) -> "HandTimer":
        entry = (when, callback)
        self._due.append(entry)
        return HandTimer(lambda: self._due.remove(entry) if entry in self._due else None)

    def clock(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)

    def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted((entry for entry in self._due if entry[0] <= end), key=lambda entry: entry[0]):
            self._due.remove(due[0])
            self.now = max(self.now, due[0][0])
            due[0][1]()
        self.now = end


class HandTimer:
    def __init__(self, cancel: Callable[[], object]) -> None:
        self._cancel = cancel

    def cancel(self) -> None:
        self._cancel()


class Function:
    def __init__(self, handler: Handler, events: "queue.Queue[Event]") -> None:
        self.handler = handler
        self._events = events

    async def call(self, event: Event) -> Any:
        # As JSON, since that is how functions get them.
        event = json.loads(json.dumps(event))
        self._events.put(event)
        return await self.handler(event)


class SocketHouse:
    def __init__(self, handler: Handler, api: WebSocketApi, limits: Limits) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.timers = HandTimers()
        self.sockets: WebSockets
        self._loop = asyncio.new_event_loop()
        self._listener = listen("127.0.0.1", 0)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"ws://{self.host}/ws"
        functions = {"Talk": Function(handler, self.events)}
        self.sockets = WebSockets(api, functions, limits=limits, timers=self.timers, clock=self.timers.clock)
        management = Management(api, self.sockets, region=REGION, signers=SIGNERS.get)
        routes = Routes([Route(method="GET", path="/plain", function="Talk")])
        gateway = Gateway(routes, functions, sockets=self.sockets, management=management)
        self._server = QuietServer(gateway_config(gateway, has_web_sockets=True))
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._server.serve(sockets=[self._listener]))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def do(self, action: Callable[[], Any]) -> Any:
        """Do something on the gateway's own thread."""

        async def act() -> Any:
            return action()

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result(10)

    def close_sockets(self) -> None:
        asyncio.run_coroutine_threadsafe(self.sockets.stop(), self._loop).result(10)

    def connected(self, **options: Any) -> ClientConnection:
        return connect(self.url, subprotocols=[SUBPROTOCOL], compression=None, open_timeout=10, **options)  # type: ignore[list-item]

    def event(self, event_type: str) -> Event:
        """Return the next event of a type; others before it are let go."""
        while True:
            event = self.events.get(timeout=10)
            if event["requestContext"]["eventType"] == event_type:
                return event

    def connection_id(self) -> str:
        """Return whose handshake came next."""
        connection_id: str = self.event("CONNECT")["requestContext"]["connectionId"]
        return connection_id

    def management(self, key: str = "ASIAPOSTER", **changes: str) -> Any:
        """A client as functions have one."""
        signer = SIGNERS[key]
        credentials = {
            "aws_access_key_id": key,
            "aws_secret_access_key": signer.secret_key,
            **({"aws_session_token": signer.token} if signer.token else {}),
        }
        make: Any = boto3.client
        return make(
            "apigatewaymanagementapi",
            endpoint_url=f"http://{self.host}/ws",
            config=Config(retries={"total_max_attempts": 1}),
            **{"region_name": REGION, **credentials, **changes},
        )


@contextmanager
def a_house(
    handler: Handler = talk, *, api: WebSocketApi | None = None, limits: Limits | None = None
) -> Iterator[SocketHouse]:
    house = SocketHouse(handler, api or an_api(), limits or Limits())
    house.start()
    try:
        yield house
    finally:
        house.stop()
