"""uvicorn inside a process that has signals of its own."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 is any free one.

    The protocol is named, since asyncio sends small answers at once (TCP_NODELAY) only on sockets that name theirs;
    with `socket.create_server` each answer waits 40 ms for the client's acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Otherwise a restart would have to wait for the kernel to forget the last one.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
