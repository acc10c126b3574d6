"""What happens when somebody connects, sends a frame, or goes.

Frames of one connection come side by side and out of order: API Gateway calls Lambda for each at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from functions.core.accounts.open_credentials import OpenCredentials
from functions.core.clock import Clock
from functions.core.errors import Invalid, NotFound, NotKnown, ParleyError, TooMany
from functions.core.jobs.store import Jobs
from functions.core.limits.model import Limit, Limiter
from functions.core.observability import log
from functions.core.realtime.model import Connection
from functions.core.realtime.push import Push, written
from functions.core.realtime.store import Connections, Tickets
from functions.realtime.frames import Frame, error_of, frame_of, id_of
from functions.realtime.origins import may_connect

PROTOCOL: Final = "parley.v1"
TICKET_PREFIX: Final = "ticket."
FRAMES: Final = Limit(name="frames", calls=60, seconds=3)
"""Twenty a second in the long run, sixty at once."""
REFUSED_FRAMES: Final = Limit(name="refused frames", calls=60, seconds=60)
"""Whoever goes on beyond them is cut off (ASVS 5.0, 17.3.1)."""

Answer = dict[str, Any]


class Calls(Protocol):
    """What takes the frames of calls."""

    def handle(self, frame: Mapping[str, Any], sender: Connection) -> dict[str, Any]:
        """Do what a frame says and return what is answered; raises ParleyError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Answers the three kinds of events of a WebSocket API.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-integrations-lambda.html
    """

    tickets: Tickets
    connections: Connections
    credentials: OpenCredentials
    push: Push
    jobs: Jobs
    calls: Calls
    limiter: Limiter
    web_origin: str
    clock: Clock

    def connected(self, event: Mapping[str, Any]) -> Answer:
        """Let somebody in who shows a ticket, or answer with the status that refuses the handshake."""
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        if not may_connect(headers, web_origin=self.web_origin):
            return {"statusCode": 403}
        offered = [one.strip() for one in headers.get("sec-websocket-protocol", "").split(",")]
        secrets = [one.removeprefix(TICKET_PREFIX) for one in offered if one.startswith(TICKET_PREFIX)]
        if PROTOCOL not in offered or len(secrets) != 1:
            return {"statusCode": 401}
        try:
            ticket = self.tickets.redeem(secrets[0])
        except NotKnown:
            return {"statusCode": 401}
        connection_id = event["requestContext"]["connectionId"]
        self.push.close(self.connections.open(connection_id, ticket))
        log.info("connected", user_id=ticket.user_id, device_id=ticket.device_id)
        # The ticket is never echoed.
        return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": PROTOCOL}}

    def disconnected(self, event: Mapping[str, Any]) -> Answer:
        """Forget a connection; that it goes need not be said by anybody."""
        connection_id = event["requestContext"]["connectionId"]
        connection = self.connections.find(connection_id)
        if connection is not None:
            self.connections.forget(connection.user_id, [connection_id])
            log.info("disconnected", user_id=connection.user_id)
        return {"statusCode": 200}

    def received(self, event: Mapping[str, Any]) -> Answer:
        """Do what a frame says; the body of the answer goes back to its sender."""
        try:
            reply = self._received(event)
        except ParleyError as error:
            reply = error_of(error)
        frame_id = id_of(event.get("body"))
        named = reply if frame_id is None else {**reply, "id": frame_id}
        return {"statusCode": 200, "body": written(named).decode()}

    def _received(self, event: Mapping[str, Any]) -> Frame:
        connection = self._known(event["requestContext"]["connectionId"])
        self._count(connection)
        frame = frame_of(event.get("body"), is_base64=bool(event.get("isBase64Encoded")))
        handle = self._handlers().get(frame["type"], self._call)
        return handle(frame, connection)

    def _handlers(self) -> dict[str, Callable[[Frame, Connection], Frame]]:
        return {"watch": self._watch, "unwatch": self._unwatch}

    def _known(self, connection_id: str) -> Connection:
        connection = self.connections.find(connection_id)
        if connection is None:
            raise NotKnown("This connection is over; connect anew.", code="connection-over")
        shown = (connection.user_id, connection.credential)
        if shown not in self.credentials.open_of([shown]):
            self._end(connection)
            raise NotKnown("The session is over; sign in again.", code="session-over")
        return connection

    def _count(self, connection: Connection) -> None:
        verdict = self.limiter.take(FRAMES, connection.id, now=self.clock())
        if verdict.is_allowed:
            return
        if not self.limiter.take(REFUSED_FRAMES, connection.id, now=self.clock()).is_allowed:
            log.warning("a connection is cut off that sends too much", user_id=connection.user_id)
            self._end(connection)
        raise TooMany("These are too many frames.", code="too-fast", retry_after=verdict.seconds_to_wait)

    def _end(self, connection: Connection) -> None:
        self.connections.forget(connection.user_id, [connection.id])
        self.push.close([connection])

    def _watch(self, frame: Frame, connection: Connection) -> Frame:
        job_id = frame.get("job_id")
        if not isinstance(job_id, str) or not job_id:
            raise Invalid("`job_id` says which job.", code="bad-frame")
        job = self.jobs.find(job_id)
        if job is None or job.owner_id != connection.user_id:
            raise NotFound("There is no such job.")
        self.connections.watch(connection, job_id)
        return {"type": "ack"}

    def _unwatch(self, _frame: Frame, connection: Connection) -> Frame:
        self.connections.watch(connection, None)
        return {"type": "ack"}

    def _call(self, frame: Frame, connection: Connection) -> Frame:
        return self.calls.handle(frame, connection)


def handler_of(desk: Desk) -> Callable[[dict[str, Any], object], Answer]:
    """Return the function that Lambda calls."""
    by_kind: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
        "CONNECT": desk.connected,
        "DISCONNECT": desk.disconnected,
        "MESSAGE": desk.received,
    }

    def handler(event: dict[str, Any], _context: object) -> Answer:
        context = event["requestContext"]
        log.bind_request(context["requestId"])
        return by_kind[context["eventType"]](event)

    return handler
