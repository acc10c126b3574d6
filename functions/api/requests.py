"""Every request has an id, is logged once, and ends in an answer even where the code breaks."""

import re
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api.limits import VERDICT, headers_of
from functions.api.problems import error_response
from functions.core.ids import new_id
from functions.core.observability import log

_REQUEST_ID: Final = re.compile(r"^[A-Za-z0-9._-]{1,64}$")


class RequestMiddleware:
    """Binds the request id (the caller's `X-Request-Id`, else a new one) to all log lines and to the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        log.bind_request(request_id)
        started = time.perf_counter()
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
                verdict = scope.get("state", {}).get(VERDICT)
                headers.update(headers_of(verdict) if verdict is not None else {})
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:  # noqa: BLE001 (whatever broke, the caller gets an answer and we get the traceback)
            log.error("request broke")
            if status is None:
                said = "Something broke on our side; it is in the log."
                answer = error_response(scope["path"], 500, said, "internal-error")
                await answer(scope, receive, send_with_id)
        log.info(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else new_id("request")
