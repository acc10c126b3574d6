"""What clients are given to find a way through networks."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServer:
    """One server, as RTCPeerConnection takes it (W3C WebRTC, RTCIceServer)."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IceAnswer:
    """All servers for one person, for a while."""

    servers: tuple[IceServer, ...]
    policy: Literal["all", "relay"]
    ttl_seconds: int
    expires_at: datetime


class IceServers(Protocol):
    """Gives out servers."""

    def for_user(self, user_id: str) -> IceAnswer:
        """Return what an account may use now; raises Unavailable."""
        ...
