"""@connections, as boto3 uses it."""

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed

from infra.local.web_sockets.connection import UNSENT_LIMIT
from infra.local.web_sockets.events import MESSAGE_LIMIT
from tests.infra.local.web_sockets.house import ARN, Event, SocketHouse, a_house, an_api, talk

EVERYTHING = an_api(managers={"poster": (f"{ARN}/*",)})


@pytest.fixture
def house() -> Iterator[SocketHouse]:
    with a_house(api=EVERYTHING) as house:
        yield house


def error_of(error: ClientError) -> tuple[int, str]:
    return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]


def test_a_post_reaches_its_connection(house: SocketHouse) -> None:
    with house.connected() as one, house.connected():
        connection_id = house.connection_id()
        answer = house.management().post_to_connection(ConnectionId=connection_id, Data="Привет".encode())
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert one.recv(timeout=10) == "Привет"


def test_posts_arrive_in_their_order(house: SocketHouse) -> None:
    with house.connected() as client:
        connection_id = house.connection_id()
        management = house.management()
        for number in range(30):
            management.post_to_connection(ConnectionId=connection_id, Data=str(number).encode())
        assert [client.recv(timeout=10) for _ in range(30)] == [str(number) for number in range(30)]


def test_the_longest_message_is_posted_and_a_longer_one_is_not(house: SocketHouse) -> None:
    with house.connected() as client:
        connection_id = house.connection_id()
        management = house.management()
        with pytest.raises(management.exceptions.PayloadTooLargeException) as refused:
            management.post_to_connection(ConnectionId=connection_id, Data=b"x" * (MESSAGE_LIMIT + 1))
        assert error_of(refused.value) == (413, "PayloadTooLargeException")
        management.post_to_connection(ConnectionId=connection_id, Data=b"x" * MESSAGE_LIMIT)
        assert len(client.recv(timeout=10)) == MESSAGE_LIMIT


def test_what_is_no_text_is_not_posted(house: SocketHouse) -> None:
    with house.connected(), pytest.raises(ClientError) as refused:
        house.management().post_to_connection(ConnectionId=house.connection_id(), Data=b"\xff")
    assert error_of(refused.value) == (400, "BadRequestException")


@pytest.mark.parametrize("action", ["post_to_connection", "get_connection", "delete_connection"])
def test_a_connection_that_is_closed_is_gone(house: SocketHouse, action: str) -> None:
    with house.connected():
        connection_id = house.connection_id()
    house.event("DISCONNECT")
    management = house.management()
    data = {"Data": b"x"} if action == "post_to_connection" else {}
    with pytest.raises(management.exceptions.GoneException) as gone:
        getattr(management, action)(ConnectionId=connection_id, **data)
    assert error_of(gone.value) == (410, "GoneException")


def test_a_connection_that_never_was_is_gone(house: SocketHouse) -> None:
    management = house.management()
    with pytest.raises(management.exceptions.GoneException):
        management.post_to_connection(ConnectionId="never/was=", Data=b"x")


def test_before_connect_has_returned_a_connection_is_not_there_yet() -> None:
    go = asyncio.Event()

    async def handler(event: Event) -> Any:
        if event["requestContext"]["eventType"] == "CONNECT":
            await go.wait()
        return await talk(event)

    with a_house(handler) as house:
        host, _, port = house.host.partition(":")
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(
                b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            connection_id = house.connection_id()
            management = house.management()
            with pytest.raises(management.exceptions.GoneException):
                management.post_to_connection(ConnectionId=connection_id, Data=b"x")
            house.do(go.set)
            assert raw.recv(1024).startswith(b"HTTP/1.1 101 ")
            management.post_to_connection(ConnectionId=connection_id, Data=b"x")
            assert raw.recv(1024) == b"\x81\x01x"


def test_delete_closes_after_what_was_posted(house: SocketHouse) -> None:
    with house.connected() as client:
        connection_id = house.connection_id()
        management = house.management()
        management.post_to_connection(ConnectionId=connection_id, Data=b"farewell")
        assert management.delete_connection(ConnectionId=connection_id)["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert client.recv(timeout=10) == "farewell"
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000
        assert house.event("DISCONNECT")["requestContext"]["disconnectStatusCode"] == 1000
        with pytest.raises(management.exceptions.GoneException):
            management.get_connection(ConnectionId=connection_id)


def test_get_says_who_is_there_and_since_when(house: SocketHouse) -> None:
    with house.connected(user_agent_header="a test") as client:
        connection_id = house.connection_id()
        house.do(lambda: house.timers.pass_by(60))
        client.send("x")
        client.recv(timeout=10)
        about = house.management().get_connection(ConnectionId=connection_id)
    assert about["ConnectedAt"] == datetime(2026, 1, 1, 0, 16, 40, tzinfo=UTC)
    assert about["LastActiveAt"] == datetime(2026, 1, 1, 0, 17, 40, tzinfo=UTC)
    assert about["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "a test"}


def test_a_post_keeps_an_idle_connection(house: SocketHouse) -> None:
    with house.connected() as client:
        connection_id = house.connection_id()
        house.do(lambda: house.timers.pass_by(599))
        house.management().post_to_connection(ConnectionId=connection_id, Data=b"news")
        assert client.recv(timeout=10) == "news"
        house.do(lambda: house.timers.pass_by(599))
        client.send("x")
        assert client.recv(timeout=10) == "heard x"


def test_a_client_that_does_not_read_gets_no_more_and_holds_nobody_up(house: SocketHouse) -> None:
    host, _, port = house.host.partition(":")
    with socket.socket() as deaf:
        # The kernel's own buffers are part of what waits.
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((host, int(port)))
        with house.connected(sock=deaf, max_queue=1):
            connection_id = house.connection_id()
            management = house.management()

            def fill() -> None:
                for _ in range(UNSENT_LIMIT // MESSAGE_LIMIT * 20):
                    management.post_to_connection(ConnectionId=connection_id, Data=b"x" * MESSAGE_LIMIT)

            with pytest.raises(management.exceptions.LimitExceededException) as full:
                fill()
            assert error_of(full.value) == (429, "LimitExceededException")
            deaf.shutdown(socket.SHUT_RDWR)


def test_a_request_that_is_not_signed_is_refused(house: SocketHouse) -> None:
    with house.connected():
        url = f"http://{house.host}/ws/@connections/{house.connection_id()}"
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAROOT"}):
            reply = httpx.post(url, content=b"x", headers=headers)
            assert reply.status_code == 403
            assert reply.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aws_access_key_id": "ASIASTRANGER"}, "UnrecognizedClientException"),
        ({"aws_session_token": "another token"}, "UnrecognizedClientException"),
        ({"aws_secret_access_key": "guessed"}, "InvalidSignatureException"),
        ({"region_name": "us-east-1"}, "InvalidSignatureException"),
    ],
)
def test_credentials_of_somebody_else_are_refused(house: SocketHouse, changes: dict[str, str], error: str) -> None:
    with house.connected() as client:
        connection_id = house.connection_id()
        with pytest.raises(ClientError) as refused:
            house.management(**changes).post_to_connection(ConnectionId=connection_id, Data=b"x")
        assert error_of(refused.value) == (403, error)
        client.send("y")
        assert client.recv(timeout=10) == "heard y"


def test_a_role_does_what_its_policy_allows_and_nothing_else() -> None:
    with a_house() as house, house.connected() as client:
        connection_id = house.connection_id()
        poster = house.management("ASIAPOSTER")
        poster.post_to_connection(ConnectionId=connection_id, Data=b"x")
        assert client.recv(timeout=10) == "x"
        for action in (poster.delete_connection, poster.get_connection, house.management("ASIAOTHER").get_connection):
            with pytest.raises(ClientError) as refused:
                action(ConnectionId=connection_id)
            assert error_of(refused.value) == (403, "AccessDeniedException")
            assert "execute-api:ManageConnections" in str(refused.value)


def test_the_account_itself_may_do_everything() -> None:
    with a_house() as house, house.connected():
        house.management("AKIAROOT").delete_connection(ConnectionId=house.connection_id())
        house.event("DISCONNECT")


def test_a_method_that_does_not_exist_is_refused(house: SocketHouse) -> None:
    assert httpx.put(f"http://{house.host}/ws/@connections/x").status_code == 403


def test_a_body_that_no_request_may_have_is_refused(house: SocketHouse) -> None:
    reply = httpx.post(f"http://{house.host}/ws/@connections/x", content=bytes(10 * 1024 * 1024 + 1))
    assert reply.status_code == 413
