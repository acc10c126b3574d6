"""The relay's configuration in a real coturn, where this machine has one, with credentials as Parley signs them."""

import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from functions.core.clock import utc_now
from functions.core.ice.providers import CoturnIceServers, Relays, Terms

CONFIGURATION: Final = Path(__file__).parent.parent.parent / "infra" / "turn" / "turnserver.conf"
REALM: Final = "turn.example.org"
ALLOCATE, CREATE_PERMISSION = 0x0003, 0x0008
USERNAME, MESSAGE_INTEGRITY, ERROR_CODE, PEER, REALM_ATTRIBUTE, NONCE = 0x0006, 0x0008, 0x0009, 0x0012, 0x0014, 0x0015
FAMILY, TRANSPORT = 0x0017, 0x0019
COOKIE: Final = 0x2112A442
UDP: Final = b"\x11\0\0\0"
FORBIDDEN, UNAUTHORIZED = 403, 401
PATIENCE_SECONDS: Final = 10.0


def a_free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


class Client:
    """As much of STUN and TURN (RFC 8489, 8656) as it takes to ask for a permission."""

    def __init__(self, port: int, username: str, credential: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self._username = username
        self._key = hashlib.md5(f"{username}:{REALM}:{credential}".encode(), usedforsecurity=False).digest()
        self._nonce = b""

    def close(self) -> None:
        self._socket.close()

    def allocate(self, *, is_ipv6: bool = False) -> int:
        """Ask for a relay; returns 0, or the code of the error."""
        family = [(FAMILY, b"\x02\0\0\0")] if is_ipv6 else []
        code, attributes = self._ask(ALLOCATE, [(TRANSPORT, UDP), *family])
        assert code == UNAUTHORIZED
        self._nonce = attributes[NONCE]
        return self._ask(ALLOCATE, [(TRANSPORT, UDP), *family])[0]

    def permission_for(self, peer: str) -> int:
        """Ask to send to a peer; returns 0, or the code of the error."""
        return self._ask(CREATE_PERMISSION, [(PEER, _xored(ipaddress.ip_address(peer), self._transaction()))])[0]

    def _transaction(self) -> bytes:
        self._next = secrets.token_bytes(12)
        return self._next

    def _ask(self, method: int, attributes: list[tuple[int, bytes]]) -> tuple[int, dict[int, bytes]]:
        transaction = self.__dict__.pop("_next", None) or secrets.token_bytes(12)
        known = [(USERNAME, self._username.encode()), (REALM_ATTRIBUTE, REALM.encode()), (NONCE, self._nonce)]
        body = b"".join(_attribute(*one) for one in [*attributes, *(known if self._nonce else [])])
        if self._nonce:
            signed = struct.pack(">HHI", method, len(body) + 24, COOKIE) + transaction + body
            body += _attribute(MESSAGE_INTEGRITY, hmac.digest(self._key, signed, "sha1"))
        self._socket.sendall(struct.pack(">HHI", method, len(body), COOKIE) + transaction + body)
        _, length = struct.unpack(">HH", self._read(20)[:4])
        found = dict(_attributes(self._read(length)))
        error = found.get(ERROR_CODE)
        return (error[2] * 100 + error[3] if error else 0), found

    def _read(self, size: int) -> bytes:
        read = b""
        while len(read) < size:
            piece = self._socket.recv(size - len(read))
            assert piece, "the relay hung up"
            read += piece
        return read


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    while body:
        kind, length = struct.unpack(">HH", body[:4])
        yield kind, body[4 : 4 + length]
        body = body[4 + length + -length % 4 :]


def _xored(address: ipaddress.IPv4Address | ipaddress.IPv6Address, transaction: bytes) -> bytes:
    mask = (struct.pack(">I", COOKIE) + transaction)[: len(address.packed)]
    family, port = (1 if address.version == 4 else 2), 40_000 ^ (COOKIE >> 16)
    return struct.pack(">BBH", 0, family, port) + bytes(a ^ b for a, b in zip(address.packed, mask, strict=True))


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A coturn of this very configuration, on loopback and without TLS; yields its port."""
    folder, port = tmp_path_factory.mktemp("turn"), a_free_port()
    kept = re.sub(
        r"(?m)^((alt-)?(tls-)?listening-port|cert|pkey|log-file|simple-log).*\n", "", CONFIGURATION.read_text()
    )
    (folder / "turnserver.conf").write_text(kept)
    places = ["--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--relay-ip=::1", f"--listening-port={port}"]
    files = [f"--pidfile={folder}/pid", f"--userdb={folder}/db", f"--log-file={folder}/log"]
    secrets_of_it = [f"--realm={REALM}", "--static-auth-secret=old", "--static-auth-secret=new"]
    command = ["turnserver", "-c", f"{folder}/turnserver.conf", *places, *files, *secrets_of_it]
    with (
        (folder / "said").open("wb") as said,
        subprocess.Popen(
            [*command, "--no-tls", "--no-dtls"], stdout=said, stderr=said, env={"PATH": os.environ["PATH"]}
        ) as process,
    ):
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.kill()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "coturn did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            continue
        return
    raise AssertionError("coturn does not listen")


@pytest.fixture
def client(relay: int) -> Iterator[Client]:
    made = a_client(relay, "new")
    yield made
    made.close()


def a_client(port: int, secret: str) -> Client:
    terms = Terms(stun_urls=(), policy="all", ttl_seconds=60)
    [server] = CoturnIceServers(terms, Relays((f"turn:127.0.0.1:{port}",), secret), clock=utc_now).for_user("u").servers
    assert server.username is not None
    assert server.credential is not None
    return Client(port, server.username, server.credential)


def test_credentials_of_either_secret_open_the_relay_and_others_do_not(relay: int) -> None:
    codes = []
    for secret in ("old", "new", "wrong"):
        client = a_client(relay, secret)
        codes.append(client.allocate())
        client.close()

    assert codes == [0, 0, UNAUTHORIZED]


def test_people_are_relayed_to_and_the_inside_of_a_network_is_not(client: Client) -> None:
    assert client.allocate() == 0

    inside = ["10.1.2.3", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "100.64.0.1", "224.0.0.1"]
    assert {peer: client.permission_for(peer) for peer in inside} == dict.fromkeys(inside, FORBIDDEN)
    public = ["1.1.1.1", "185.199.108.153"]
    assert {peer: client.permission_for(peer) for peer in public} == dict.fromkeys(public, 0)


def test_no_way_of_writing_an_address_leads_inside(client: Client) -> None:
    assert client.allocate(is_ipv6=True) == 0

    inside = [
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "fe80::1",
    ]
    assert {peer: client.permission_for(peer) for peer in inside} == dict.fromkeys(inside, FORBIDDEN)
    public = ["2606:4700:4700::1111"]
    assert {peer: client.permission_for(peer) for peer in public} == dict.fromkeys(public, 0)
