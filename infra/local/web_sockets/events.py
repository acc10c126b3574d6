"""What functions are called with by a WebSocket API, and how their answers are read.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-integrations.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from infra.local.http_events import MalformedAnswer
from infra.local.web_sockets.api import CONNECT, DISCONNECT, WebSocketApi
from infra.local.web_sockets.connection import Client, Connection, Ending

Event = dict[str, Any]

MESSAGE_LIMIT: Final = 128 * 1024
"""Bytes of a message to a client."""

_OF_THE_HOP: Final = {"connection", "upgrade", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
_WITHOUT_STATUS: Final = 1005


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a function answered."""

    status: int
    subprotocol: str | None
    body: str

    @property
    def is_success(self) -> bool:
        """Whether a connection may be made."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Occasion:
    """One call of a function."""

    api: WebSocketApi
    connection: Connection
    request_id: str
    now: datetime

    def connect(self) -> Event:
        """Somebody wants to connect."""
        headers = _headers(self.connection.client)
        query = _multi(parse_qsl(self.connection.client.query, keep_blank_values=True))
        return {
            **_both("headers", "multiValueHeaders", headers),
            **(_both("queryStringParameters", "multiValueQueryStringParameters", query) if query else {}),
            "requestContext": self._context(CONNECT, "CONNECT"),
            "isBase64Encoded": False,
        }

    def message(self, route_key: str, text: str, message_id: str) -> Event:
        """A client has sent something."""
        return {
            "requestContext": self._context(route_key, "MESSAGE") | {"messageId": message_id},
            "body": text,
            "isBase64Encoded": False,
        }

    def disconnect(self, ending: Ending) -> Event:
        """A connection has ended."""
        reason = ending.reason
        if ending.code == _WITHOUT_STATUS:
            reason = "Client-side close frame status not set"
        host = self.connection.client.header("host")
        headers = {"Host": [host], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""]}
        return {
            **_both("headers", "multiValueHeaders", headers),
            "requestContext": self._context(DISCONNECT, "DISCONNECT")
            | {"disconnectStatusCode": ending.code, "disconnectReason": reason},
            "isBase64Encoded": False,
        }

    def _context(self, route_key: str, event_type: str) -> Event:
        host = self.connection.client.header("host")
        return {
            "routeKey": route_key,
            "eventType": event_type,
            "extendedRequestId": self.request_id,
            "requestTime": self.now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "messageDirection": "IN",
            "stage": self.api.stage,
            "connectedAt": _milliseconds(self.connection.connected_at),
            "requestTimeEpoch": _milliseconds(self.now),
            "identity": dict(self.connection.client.identity),
            "requestId": self.request_id,
            "domainName": host.rpartition(":")[0] or host,
            "connectionId": self.connection.id,
            "apiId": self.api.id,
        }


def read_reply(result: Any) -> Reply:
    """Read what a function answered; WebSocket APIs know no short form.

    Raises:
        MalformedAnswer: it is none that API Gateway takes.
    """
    if not isinstance(result, dict) or not isinstance(result.get("statusCode"), int):
        raise MalformedAnswer("no statusCode")
    headers, body = result.get("headers") or {}, result.get("body") or ""
    if not 100 <= result["statusCode"] <= 599 or not isinstance(headers, dict):
        raise MalformedAnswer("a statusCode or headers that HTTP does not know")
    if not isinstance(body, str) or result.get("isBase64Encoded") or len(body.encode()) > MESSAGE_LIMIT:
        raise MalformedAnswer("a body that is no text, or longer than a message may be")
    chosen = next((str(value) for name, value in headers.items() if name.lower() == "sec-websocket-protocol"), None)
    return Reply(status=result["statusCode"], subprotocol=chosen, body=body)


def _headers(client: Client) -> dict[str, list[str]]:
    """Return the handshake's headers as they are usually written: uvicorn has them in lower case."""
    known = client.header("x-forwarded-for")
    ours = [
        ("X-Forwarded-For", f"{known}, {client.address}" if known else client.address),
        ("X-Forwarded-Port", client.header("host").rpartition(":")[2]),
        ("X-Forwarded-Proto", {"ws": "http", "wss": "https"}[client.scheme]),
    ]
    return _multi([(_written(name), value) for name, value in client.headers if name not in _OF_THE_HOP] + ours)


def _written(name: str) -> str:
    return "-".join({"websocket": "WebSocket"}.get(part, part.capitalize()) for part in name.split("-"))


def _multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def _both(single: str, multiple: str, values: dict[str, list[str]]) -> Event:
    # The last value stands for all of them.
    return {single: {name: each[-1] for name, each in values.items()}, multiple: values}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
