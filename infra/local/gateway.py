"""The HTTP API on this machine: an ASGI app that calls the template's functions as API Gateway would."""

import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from functions.core.observability import log
from infra.local.asgi import Receive, Scope, Send, TooLong, read_request
from infra.local.functions import Callee, FunctionFailed, FunctionTimedOut
from infra.local.http_events import Answer, Event, MalformedAnswer, to_answer, to_event
from infra.local.routes import Match, Routes
from infra.local.web_sockets.management import Management
from infra.local.web_sockets.serving import WebSockets

LAMBDA_LIMIT: Final = 6 * 1024 * 1024
"""Lambda's, of an event and of an answer, as JSON."""


class Gateway:
    """Routes requests to functions."""

    def __init__(
        self,
        routes: Routes,
        functions: Mapping[str, Callee],
        *,
        sockets: WebSockets | None = None,
        management: Management | None = None,
    ) -> None:
        """`sockets` and `management` are there where the template has a WebSocket API."""
        self._routes = routes
        self._functions = functions
        self._sockets = sockets
        self._management = management

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket from its beginning to its end."""
        if scope["type"] == "websocket" and self._sockets is not None:
            await self._sockets(scope, receive, send)
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        request_id = secrets.token_urlsafe(11) + "="
        method, path = scope["method"], scope["path"]
        is_management = self._management is not None and self._management.serves(path)
        answer = await (self._manage(scope, receive) if is_management else self._answer(scope, receive, request_id))
        await _send(send, answer, request_id)
        # The door logs what it answered; what never reached one is logged here. A post is a door's own doing.
        is_known = answer.header("x-request-id") or (is_management and answer.status < 300)
        at = log.debug if is_known else log.info
        at(
            f"{method} {path}",
            status=answer.status,
            ms=round((time.perf_counter() - began) * 1000, 1),
            request_id=answer.header("x-request-id") or request_id,
        )

    async def _manage(self, scope: Scope, receive: Receive) -> Answer:
        assert self._management is not None
        try:
            return self._management.answer(await read_request(scope, receive), scope)
        except TooLong:
            return _message(413, "Request Too Long")

    async def _answer(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        match = self._routes.match(scope["method"], scope["path"])
        if match is None:
            return _message(404, "Not Found")
        try:
            request = await read_request(scope, receive)
        except TooLong:
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
