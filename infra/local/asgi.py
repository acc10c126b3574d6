"""What a server and an app say to each other (ASGI 3).

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from infra.local.http_events import Request

REQUEST_LIMIT: Final = 10 * 1024 * 1024
"""API Gateway's, of a request's body."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class TooLong(Exception):
    """The body is longer than API Gateway takes."""


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Read a whole request; raises TooLong."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > REQUEST_LIMIT:
            raise TooLong
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers_of(scope),
        body=bytes(body),
        client=client_of(scope),
        scheme=scope["scheme"],
        http_version=scope["http_version"],
    )


def headers_of(scope: Scope) -> tuple[tuple[str, str], ...]:
    """Return the headers, their names in lower case."""
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])


def client_of(scope: Scope) -> str:
    """Return the address at the other end."""
    host: str = (scope.get("client") or ("127.0.0.1", 0))[0]
    return host
