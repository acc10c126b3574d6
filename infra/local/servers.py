"""uvicorn inside a process that has signals of its own."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

FRAME_LIMIT: Final = 32 * 1024
"""API Gateway's, of a frame; here of a message too, since our clients send each message as one frame.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

_STOP: Final = 5
_KEEPALIVE: Final = {
    # Seconds of silence, seconds between probes, and how many. On macOS the first has another name.
    "TCP_KEEPIDLE": 60,
    "TCP_KEEPALIVE": 60,
    "TCP_KEEPINTVL": 10,
    "TCP_KEEPCNT": 3,
    # Milliseconds that what was sent may stay unacknowledged, also by a peer that has closed its window.
    "TCP_USER_TIMEOUT": 90_000,
}


def gateway_config(app: Any, *, has_web_sockets: bool) -> uvicorn.Config:
    """Return how the API is served."""
    return uvicorn.Config(
        app,
        log_level="critical",
        lifespan="off",
        # Left on, uvicorn would take callers' word for their address, and upgrades for its own.
        proxy_headers=False,
        # The one that speaks websockets' own protocol; the plain name stands for an interface that goes away.
        ws="websockets-sansio" if has_web_sockets else "none",
        ws_max_size=FRAME_LIMIT,
        # API Gateway neither compresses nor pings; TCP notices who is gone (`listen`).
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        server_header=False,
        timeout_graceful_shutdown=_STOP,
    )


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 is any free one.

    The protocol is named, since asyncio sends small answers at once (TCP_NODELAY) only on sockets that name theirs;
    with `socket.create_server` each answer waits 40 ms for the client's acknowledgement.

    What is accepted inherits the socket's keepalive: a peer that is gone without a word is noticed within two minutes.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Otherwise a restart would have to wait for the kernel to forget the last one.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            if hasattr(socket, name):
                listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


class QuietServer(uvicorn.Server):
    """Leaves signals to the supervisor."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield
