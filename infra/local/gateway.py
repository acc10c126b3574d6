"""The HTTP API on this machine: an ASGI app that calls the template's functions as API Gateway would."""

import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final

from functions.core.observability import log
from infra.local.functions import FunctionFailed, FunctionTimedOut, LocalFunction
from infra.local.http_events import Answer, Event, MalformedAnswer, Request, to_answer, to_event
from infra.local.routes import Match, Routes

REQUEST_LIMIT: Final = 10 * 1024 * 1024
"""API Gateway's, of a request's body."""

LAMBDA_LIMIT: Final = 6 * 1024 * 1024
"""Lambda's, of an event and of an answer, as JSON."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class _TooLong(Exception):
    """The body is longer than API Gateway takes."""


class Gateway:
    """Routes requests to functions."""

    def __init__(self, routes: Routes, functions: Mapping[str, LocalFunction]) -> None:
        self._routes = routes
        self._functions = functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        request_id = secrets.token_urlsafe(11) + "="
        method, path = scope["method"], scope["path"]
        answer = await self._answer(scope, receive, request_id)
        await _send(send, answer, request_id)
        # The door logs what it answered; what never reached one is logged here.
        at = log.debug if answer.header("x-request-id") else log.info
        at(
            f"{method} {path}",
            status=answer.status,
            ms=round((time.perf_counter() - began) * 1000, 1),
            request_id=answer.header("x-request-id") or request_id,
        )

    async def _answer(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        match = self._routes.match(scope["method"], scope["path"])
        if match is None:
            return _message(404, "Not Found")
        try:
            request = await _read(scope, receive)
        except _TooLong:
            return _message(413, "Request Too Long")
        event = to_event(
            request,
            route_key=match.route.key,
            parameters=match.parameters,
            request_id=request_id,
            now=datetime.now(UTC),
        )
        # Only a long body can make an event too long: most requests need not be measured.
        if len(request.body) > LAMBDA_LIMIT // 2 and len(json.dumps(event)) > LAMBDA_LIMIT:
            return _message(413, "Request Too Long")
        return await self._call(match, event)

    async def _call(self, match: Match, event: Event) -> Answer:
        function = match.route.function
        try:
            answer = to_answer(await self._functions[function].call(event))
        except FunctionTimedOut:
            return _message(503, "Service Unavailable")
        except FunctionFailed:
            # The function's own process has logged why.
            return _message(500, "Internal Server Error")
        except MalformedAnswer as error:
            log.error(f"{function} answered what is no HTTP answer", reason=str(error))
            return _message(500, "Internal Server Error")
        if len(answer.body) > LAMBDA_LIMIT:
            log.error(f"{function} answered more than Lambda lets through", bytes=len(answer.body))
            return _message(500, "Internal Server Error")
        return answer


async def _read(scope: Scope, receive: Receive) -> Request:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > REQUEST_LIMIT:
            raise _TooLong
    client = scope.get("client") or ("127.0.0.1", 0)
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]),
        body=bytes(body),
        client=client[0],
        scheme=scope["scheme"],
        http_version=scope["http_version"],
    )


async def _send(send: Send, answer: Answer, request_id: str) -> None:
    headers = [*answer.headers, ("apigw-requestid", request_id)]
    if answer.status not in {204, 304}:
        # RFC 9110, 8.6: those have no body, and may not say how long it is.
        headers.append(("content-length", str(len(answer.body))))
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


def _message(status: int, text: str) -> Answer:
    body = json.dumps({"message": text}).encode()
    return Answer(status=status, headers=(("content-type", "application/json"),), body=body)
