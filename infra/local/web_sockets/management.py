"""@connections: what functions do with open WebSockets.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from infra.local.asgi import Scope
from infra.local.credentials import Signer
from infra.local.http_events import Answer, Request
from infra.local.web_sockets.api import WebSocketApi
from infra.local.web_sockets.connection import Connection, Ending, Full, Gone
from infra.local.web_sockets.events import MESSAGE_LIMIT
from infra.local.web_sockets.serving import WebSockets
from infra.local.web_sockets.signatures import NotSigned, signer_of

DELETED: Final = Ending(1000, "Connection closed by the server")

_METHODS: Final = {"DELETE", "GET", "POST"}


class _Refused(Exception):
    """An answer that says why not, as the AWS SDKs read it: the header names the error."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.answer = _answer(status, {"message": message}, error=error)


class Management:
    """Lets those that may post to, look at and close connections."""

    def __init__(
        self, api: WebSocketApi, sockets: WebSockets, *, region: str, signers: Callable[[str], Signer | None]
    ) -> None:
        """`signers` says whose an access key is."""
        self._api = api
        self._sockets = sockets
        self._region = region
        self._signers = signers
        self._prefix = f"/{api.stage}/@connections/"

    def serves(self, path: str) -> bool:
        """Tell whether a request is one of these."""
        return path.startswith(self._prefix)

    def answer(self, request: Request, scope: Scope) -> Answer:
        """Do what a request asks for, at once: nobody waits for a client here."""
        try:
            self._admit(request, scope["raw_path"].decode("latin-1"))
            return self._act(request)
        except _Refused as refused:
            return refused.answer
        except Gone:
            return _answer(410, {"message": "Gone"}, error="GoneException")

    def _admit(self, request: Request, raw_path: str) -> None:
        if request.method not in _METHODS:
            raise _Refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        try:
            signer = signer_of(request, raw_path, region=self._region, find=self._signers)
        except NotSigned as error:
            raise _Refused(403, error.error, str(error)) from None
        # The account's own keys may do everything.
        if signer.role_arn is not None and not self._api.may_manage(signer.role_arn, request.method):
            raise _Refused(
                403,
                "AccessDeniedException",
                f"{signer.role_arn} is not authorized to perform: execute-api:ManageConnections on resource: "
                f"{self._api.arn}/{request.method}/@connections/{{connectionId}}",
            )

    def _act(self, request: Request) -> Answer:
        connection = self._sockets.find(request.path.removeprefix(self._prefix))
        if connection is None:
            raise Gone
        match request.method:
            case "POST":
                return _post(connection, request.body)
            case "DELETE":
                connection.hang_up(DELETED)
                return Answer(status=204, headers=(), body=b"")
            case _:
                return _answer(200, _description(connection))


def _post(connection: Connection, body: bytes) -> Answer:
    if len(body) > MESSAGE_LIMIT:
        raise _Refused(413, "PayloadTooLargeException", f"A message has at most {MESSAGE_LIMIT} bytes.")
    try:
        connection.say(body.decode())
    except UnicodeDecodeError:
        # AWS sends text frames only and does not say what becomes of other bytes; here it is noticed.
        raise _Refused(400, "BadRequestException", "A message is text in UTF-8.") from None
    except Full:
        raise _Refused(429, "LimitExceededException", "The client does not read what it is sent.") from None
    return Answer(status=200, headers=(), body=b"")


def _description(connection: Connection) -> Mapping[str, Any]:
    return {
        "connectedAt": _iso(connection.connected_at),
        "identity": {"userAgent": "", **connection.client.identity},
        "lastActiveAt": _iso(connection.last_active_at),
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _answer(status: int, content: Mapping[str, Any], *, error: str | None = None) -> Answer:
    named = (("x-amzn-errortype", error),) if error else ()
    headers = (("content-type", "application/json"), *named)
    return Answer(status=status, headers=headers, body=json.dumps(content).encode())
