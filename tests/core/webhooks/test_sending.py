"""Messages over real sockets on loopback."""

import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from functions.core.webhooks.addresses import Policy
from functions.core.webhooks.sending import MOST_READ, SHOWN_CHARACTERS, Answer, HttpSender, NoAnswer
from tests.core.webhooks.receiver import receiving, respond

DESK = Policy(allows_http=True, allows_private=True)
NAME = "hooks.example.com"


def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's side of a certificate for a name."""
    key, issuer = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "t")]),
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer, issuer, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    server.load_cert_chain(folder / "certificate", folder / "key")
    client.load_verify_locations(folder / "certificate")
    return server, client


def test_a_message_arrives_as_it_was_sent() -> None:
    with receiving(respond(200, "Спасибо!".encode(), Retry_After="7")) as receiver:
        url = f"http://{NAME}:{receiver.port}/крючок?a=1"
        answer = HttpSender(DESK, resolve=here).post(url, {"webhook-id": "msg_1"}, b'{"a":1}')

    (received,) = receiver.received
    assert answer == Answer(status=200, text="Спасибо!", retry_after="7")
    assert (received.path, received.body) == ("/%D0%BA%D1%80%D1%8E%D1%87%D0%BE%D0%BA?a=1", b'{"a":1}')
    assert received.headers["Host"] == f"{NAME}:{receiver.port}"
    assert received.headers["webhook-id"] == "msg_1"
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["User-Agent"].startswith("Parley-Webhooks/")


def test_over_tls_the_name_is_asked_for_and_verified_at_the_address_that_was_judged(tmp_path: Path) -> None:
    server, client = certified(tmp_path, NAME)
    with receiving(respond(204), context=server) as receiver:
        sender = HttpSender(DESK, resolve=here, context=client)

        assert sender.post(f"https://{NAME}:{receiver.port}/", {}, b"{}").status == 204
        with pytest.raises(NoAnswer) as other_name:
            sender.post(f"https://other.example.com:{receiver.port}/", {}, b"{}")
        with pytest.raises(NoAnswer) as unknown_issuer:
            HttpSender(DESK, resolve=here).post(f"https://{NAME}:{receiver.port}/", {}, b"{}")

    assert receiver.names == [NAME, "other.example.com", NAME]
    assert [one.value.code for one in (other_name, unknown_issuer)] == ["bad-certificate"] * 2
    assert len(receiver.received) == 1


def test_a_name_that_means_something_else_a_moment_later_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    connected: list[object] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["1.1.1.1"] if len(asked) == 1 else ["127.0.0.1"]

    def connect(address: object, _timeout: float) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NoAnswer):
        HttpSender(Policy(), resolve=rebinding).post(f"https://{NAME}/", {}, b"{}")

    assert asked == [NAME]
    assert connected == [("1.1.1.1", 443)]


def test_an_address_that_is_not_public_is_not_even_connected_to() -> None:
    with receiving(respond(204)) as receiver, pytest.raises(NoAnswer) as refused:
        HttpSender(Policy(allows_http=True), resolve=here).post(f"http://{NAME}:{receiver.port}/", {}, b"{}")

    assert refused.value.code == "forbidden-address"
    assert "127" not in refused.value.detail
    assert receiver.received == []


def test_a_url_that_is_not_allowed_any_more_is_refused_when_it_is_sent_to() -> None:
    with pytest.raises(NoAnswer) as refused:
        HttpSender(Policy(), resolve=here).post("http://example.com/", {}, b"{}")

    assert refused.value.code == "unusable-url"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with receiving(respond(204)) as inner:
        target = f"http://127.0.0.1:{inner.port}/latest/meta-data/"
        with receiving(respond(status, Location=target)) as receiver:
            answer = HttpSender(DESK, resolve=here).post(f"http://{NAME}:{receiver.port}/", {}, b"{}")

    assert answer.status == status
    assert inner.received == []


def test_of_a_long_answer_the_beginning_is_shown() -> None:
    with receiving(respond(500, "ж".encode() * MOST_READ)) as receiver:
        answer = HttpSender(DESK, resolve=here).post(f"http://{NAME}:{receiver.port}/", {}, b"{}")

    assert answer == Answer(status=500, text="ж" * SHOWN_CHARACTERS)


def endlessly(send: Callable[[BaseHTTPRequestHandler], object], over: threading.Event) -> Callable[..., None]:
    def respond_endlessly(handler: BaseHTTPRequestHandler) -> None:
        while not over.wait(0.05):
            send(handler)

    return respond_endlessly


def test_a_receiver_that_sends_its_answer_drop_by_drop_is_left_in_time() -> None:
    over = threading.Event()
    dripping = endlessly(lambda handler: handler.wfile.write(b"H"), over)
    with receiving(dripping) as receiver:
        with pytest.raises(NoAnswer) as late:
            HttpSender(DESK, resolve=here, patience=0.5).post(f"http://{NAME}:{receiver.port}/", {}, b"{}")
        over.set()

    assert late.value.code == "timed-out"


def test_an_answer_counts_with_its_status_however_slow_its_body_is() -> None:
    over = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        endlessly(lambda one: one.wfile.write(b"."), over)(handler)

    with receiving(slow) as receiver:
        answer = HttpSender(DESK, resolve=here, patience=0.5).post(f"http://{NAME}:{receiver.port}/", {}, b"{}")
        over.set()

    assert answer.status == 200
    assert answer.text.startswith("..")


def test_the_next_address_of_a_name_is_tried_where_the_first_does_not_answer() -> None:
    with receiving(respond(204)) as receiver:
        sender = HttpSender(DESK, resolve=lambda *_: ["::1", "127.0.0.1"])

        assert sender.post(f"http://{NAME}:{receiver.port}/", {}, b"{}").status == 204


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


def test_who_hangs_up_or_is_not_there_has_not_answered() -> None:
    with receiving(hang_up) as receiver:
        url = f"http://{NAME}:{receiver.port}/"
        with pytest.raises(NoAnswer) as hung_up:
            HttpSender(DESK, resolve=here).post(url, {}, b"{}")
    with pytest.raises(NoAnswer) as nobody:
        HttpSender(DESK, resolve=here).post(url, {}, b"{}")
    with pytest.raises(NoAnswer) as nothing:
        HttpSender(DESK, resolve=lambda *_: []).post(url, {}, b"{}")

    assert [one.value.code for one in (hung_up, nobody, nothing)] == ["no-answer"] * 3


def test_a_name_without_an_address_is_no_answer() -> None:
    def resolve(_host: str, _port: int) -> list[str]:
        raise socket.gaierror

    with pytest.raises(NoAnswer) as unknown:
        HttpSender(DESK, resolve=resolve).post(f"https://{NAME}/", {}, b"{}")

    assert unknown.value.code == "unknown-host"
