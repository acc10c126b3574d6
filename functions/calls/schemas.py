"""Tickets, ICE servers, push subscriptions and the call log on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from functions.api.announcements import Moment
from functions.calls.parts import DEVICE_ID
from functions.core.calls.model import Call, CallStatus, Direction, LogEntry
from functions.core.calls.view import view_of
from functions.core.ice.model import IceAnswer
from functions.core.web_push.model import Subscription
from functions.core.webhooks.addresses import LONGEST_URL


class TicketRequest(BaseModel):
    """Who will be behind the connection."""

    device_id: Annotated[str, StringConstraints(pattern=DEVICE_ID)] | None = Field(
        default=None, description="One of my devices; only then the connection may take part in calls"
    )


class TicketView(BaseModel):
    """Opens one WebSocket: `new WebSocket(url, ["parley.v1", "ticket." + ticket])`."""

    ticket: str
    expires_in: int = Field(description="Seconds")
    url: str = Field(examples=["wss://abc123.execute-api.eu-central-1.amazonaws.com/ws"])


class IceServerView(BaseModel):
    """One server, as `RTCPeerConnection` takes it."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class IceServersView(BaseModel):
    """What a call is connected with. Said in both spellings, so that `new RTCPeerConnection(answer)` takes it whole."""

    ice_servers: list[IceServerView]
    ice_transport_policy: Literal["all", "relay"]
    iceServers: list[IceServerView]  # noqa: N815 (RTCConfiguration's word)
    iceTransportPolicy: Literal["all", "relay"]  # noqa: N815
    ttl_seconds: int = Field(description="How long the credentials begin new connections; those that are there go on")
    expires_at: datetime

    @classmethod
    def of(cls, answer: IceAnswer) -> "IceServersView":
        """Show what somebody may use."""
        servers = [
            IceServerView(urls=list(one.urls), username=one.username, credential=one.credential)
            for one in answer.servers
        ]
        return cls(
            ice_servers=servers,
            ice_transport_policy=answer.policy,
            iceServers=servers,
            iceTransportPolicy=answer.policy,
            ttl_seconds=answer.ttl_seconds,
            expires_at=answer.expires_at,
        )


class PushKey(BaseModel):
    """What a browser subscribes with."""

    public_key: str = Field(description="`applicationServerKey`, base64url")


class PushRequest(BaseModel):
    """Where a browser can be woken: `PushSubscription` without its keys, for nothing is ever sent in a message."""

    endpoint: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_URL)]
    expiration: Moment | None = Field(default=None, description="When it ends, if the browser says so")


class PushView(BaseModel):
    """A push subscription. Its endpoint is not shown again."""

    device_id: str
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, subscription: Subscription) -> "PushView":
        """Show a subscription."""
        return cls(
            device_id=subscription.device_id,
            created_at=subscription.created_at,
            expires_at=subscription.expires_at,
        )


class CallView(BaseModel):
    """A call as it stands, as the WebSocket shows it."""

    id: str
    status: CallStatus
    version: int = Field(description="The higher one is the later one")
    caller: str
    callee: str
    caller_device: str
    callee_device: str | None
    reason: str | None
    created_at: datetime
    ring_until: datetime
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, call: Call) -> "CallView":
        """Show a call to one of its two people."""
        return cls(**view_of(call))


class LoggedCallView(BaseModel):
    """A call as it stands in somebody's log."""

    id: str
    direction: Direction
    other: str = Field(description="The other one's number")
    status: CallStatus
    reason: str | None
    created_at: datetime
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    duration_seconds: float = Field(description="How long the two could talk")

    @classmethod
    def of(cls, entry: LogEntry) -> "LoggedCallView":
        """Show a call that is over."""
        return cls(
            id=entry.call_id,
            direction=entry.direction,
            other=entry.other,
            status=entry.status,
            reason=entry.reason,
            created_at=entry.created_at,
            answered_at=entry.answered_at,
            connected_at=entry.connected_at,
            ended_at=entry.ended_at,
            duration_seconds=entry.duration.total_seconds(),
        )

    @classmethod
    def of_running(cls, call: Call, unique_id: str) -> "LoggedCallView":
        """Show one that goes on."""
        return cls(
            id=call.id,
            direction=Direction.OUTGOING if unique_id == call.caller else Direction.INCOMING,
            other=call.other_than(unique_id),
            status=call.status,
            reason=call.reason,
            created_at=call.created_at,
            answered_at=call.answered_at,
            connected_at=call.connected_at,
            ended_at=None,
            duration_seconds=0,
        )
