"""Sends one message by HTTP to an address that was judged, and to no other one."""

# http.client, since urllib3 comes with AWS's runtime in a version that nobody here chooses.

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol

from functions.core.errors import Invalid
from functions.core.version import VERSION
from functions.core.webhooks.addresses import (
    ForbiddenAddress,
    Policy,
    Resolver,
    Target,
    addresses_of,
    resolve,
    target_of,
)

PATIENCE_SECONDS: Final = 15.0
"""For everything, from the name to the answer."""
CONNECT_SECONDS: Final = 5.0
"""For one address, where a name has several."""
MOST_READ: Final = 64 * 1024
SHOWN_CHARACTERS: Final = 500
FIXED_HEADERS: Final = {
    "Content-Type": "application/json",
    "User-Agent": f"Parley-Webhooks/{VERSION}",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver said."""

    status: int
    text: str = ""
    """How the body begins."""
    retry_after: str | None = None


class NoAnswer(Exception):
    """There was none; `code` is a slug for programs, the text a sentence for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Sender(Protocol):
    """Sends messages."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one and return what was said to it; raises NoAnswer."""
        ...


class HttpSender:
    """The real one. It follows no redirect: that would lead to an address that nobody has judged."""

    def __init__(
        self,
        policy: Policy,
        *,
        resolve: Resolver = resolve,
        context: ssl.SSLContext | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._policy = policy
        self._resolve = resolve
        self._context = context or ssl.create_default_context()
        self._patience = patience

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one message and return what was said to it; raises NoAnswer."""
        ends_at = time.monotonic() + self._patience
        try:
            target = target_of(url, self._policy)
            addresses = addresses_of(target, self._policy, self._resolve)
            with _connected(target, addresses, self._context, ends_at) as connection:
                connection.request("POST", target.path, body, {**FIXED_HEADERS, **headers})
                return _answer(connection.getresponse())
        except Invalid as error:
            raise NoAnswer(error.code, error.detail) from error
        except ForbiddenAddress as error:
            raise NoAnswer("forbidden-address", "The host has an address that is not public.") from error
        except socket.gaierror as error:
            raise NoAnswer("unknown-host", "The host's name has no address.") from error
        except ssl.SSLCertVerificationError as error:
            raise NoAnswer("bad-certificate", f"The certificate is not valid: {error.verify_message}.") from error
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() >= ends_at or isinstance(error, TimeoutError):
                raise NoAnswer("timed-out", f"There was no answer within {self._patience:g} seconds.") from error
            raise NoAnswer("no-answer", f"The connection failed ({type(error).__name__}).") from error


class _Connection(http.client.HTTPConnection):
    """A connection that was made already; Host is the name, wherever the address came from."""

    def __init__(self, target: Target, made: socket.socket) -> None:
        super().__init__(target.host, target.port)
        self.default_port = http.client.HTTPS_PORT if target.is_tls else http.client.HTTP_PORT
        self.sock = made


@contextmanager
def _connected(
    target: Target, addresses: list[str], context: ssl.SSLContext, ends_at: float
) -> Iterator[http.client.HTTPConnection]:
    made = _connect(addresses, target.port, ends_at)
    if target.is_tls:
        made = context.wrap_socket(made, server_hostname=target.host, do_handshake_on_connect=False)
    # Timeouts of sockets begin anew with every byte: this one does not.
    end = threading.Timer(max(0.0, ends_at - time.monotonic()), _hang_up, (made,))
    end.daemon = True
    end.start()
    try:
        if isinstance(made, ssl.SSLSocket):
            made.do_handshake()
        yield _Connection(target, made)
    finally:
        end.cancel()
        made.close()


def _connect(addresses: list[str], port: int, ends_at: float) -> socket.socket:
    failure = OSError("no address")
    for address in addresses:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            return socket.create_connection((address, port), min(left, CONNECT_SECONDS))
        except OSError as error:
            failure = error
    raise failure


def _hang_up(made: socket.socket) -> None:
    # Not SSLSocket's own way, which would take the layer away under whoever reads.
    with suppress(OSError):
        socket.socket.shutdown(made, socket.SHUT_RDWR)


def _answer(response: http.client.HTTPResponse) -> Answer:
    return Answer(
        status=response.status,
        text=_beginning(response).decode(errors="replace")[:SHOWN_CHARACTERS],
        retry_after=response.headers.get("Retry-After"),
    )


def _beginning(response: http.client.HTTPResponse) -> bytes:
    read = bytearray()
    # With its status the receiver has said what counts.
    with suppress(OSError, http.client.HTTPException):
        while len(read) < MOST_READ and (piece := response.read1(MOST_READ - len(read))):
            read += piece
    return bytes(read)
