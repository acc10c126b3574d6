from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.http_events import MalformedAnswer
from infra.local.web_sockets.connection import Client, Connection, Ending, Limits
from infra.local.web_sockets.events import MESSAGE_LIMIT, Occasion, read_reply
from tests.infra.local.web_sockets.house import HandTimers, an_api

CONNECTED = datetime(2024, 2, 9, 18, 11, 43, 419000, tzinfo=UTC)
NOW = CONNECTED + timedelta(seconds=1)


def an_occasion(*headers: tuple[str, str], query: str = "") -> Occasion:
    client = Client(
        headers=(("host", "127.0.0.1:8000"), ("user-agent", "a test"), *headers),
        query=query,
        address="192.0.2.1",
        scheme="ws",
    )
    connection = Connection(client, limits=Limits(), timers=HandTimers(), clock=lambda: CONNECTED)
    return Occasion(an_api(), connection, "request=", NOW)


def context_of(occasion: Occasion, **more: Any) -> dict[str, Any]:
    return {
        "extendedRequestId": "request=",
        "requestTime": "09/Feb/2024:18:11:44 +0000",
        "messageDirection": "IN",
        "stage": "ws",
        "connectedAt": 1707502303419,
        "requestTimeEpoch": 1707502304419,
        "identity": {"userAgent": "a test", "sourceIp": "192.0.2.1"},
        "requestId": "request=",
        "domainName": "127.0.0.1",
        "connectionId": occasion.connection.id,
        "apiId": "local",
        **more,
    }


def test_connect_has_everything_of_the_handshake() -> None:
    occasion = an_occasion(
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-protocol", "parley.v1, ticket.x"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        query="a=1&a=2&b=",
    )
    assert occasion.connect() == {
        "headers": {
            "Host": "127.0.0.1:8000",
            "User-Agent": "a test",
            "Sec-WebSocket-Protocol": "parley.v1, ticket.x",
            "X-Twice": "2",
            "X-Forwarded-For": "192.0.2.1",
            "X-Forwarded-Port": "8000",
            "X-Forwarded-Proto": "http",
        },
        "multiValueHeaders": {
            "Host": ["127.0.0.1:8000"],
            "User-Agent": ["a test"],
            "Sec-WebSocket-Protocol": ["parley.v1, ticket.x"],
            "X-Twice": ["1", "2"],
            "X-Forwarded-For": ["192.0.2.1"],
            "X-Forwarded-Port": ["8000"],
            "X-Forwarded-Proto": ["http"],
        },
        "queryStringParameters": {"a": "2", "b": ""},
        "multiValueQueryStringParameters": {"a": ["1", "2"], "b": [""]},
        "requestContext": context_of(occasion, routeKey="$connect", eventType="CONNECT"),
        "isBase64Encoded": False,
    }


def test_connect_without_a_query_says_nothing_about_one() -> None:
    event = an_occasion().connect()
    assert not {"queryStringParameters", "multiValueQueryStringParameters", "body"} & set(event)


def test_what_a_client_says_about_the_hop_is_not_believed() -> None:
    event = an_occasion(("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "https")).connect()
    assert event["headers"]["X-Forwarded-For"] == "10.0.0.1, 192.0.2.1"
    assert event["headers"]["X-Forwarded-Proto"] == "http"
    assert event["requestContext"]["identity"]["sourceIp"] == "192.0.2.1"


def test_a_message_has_its_text_and_no_headers() -> None:
    occasion = an_occasion()
    assert occasion.message("$default", "Привет", "message=") == {
        "requestContext": context_of(occasion, routeKey="$default", eventType="MESSAGE", messageId="message="),
        "body": "Привет",
        "isBase64Encoded": False,
    }


def test_disconnect_says_why() -> None:
    occasion = an_occasion()
    event = occasion.disconnect(Ending(1001, "Going away"))
    assert event == {
        "headers": {"Host": "127.0.0.1:8000", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""},
        "multiValueHeaders": {
            "Host": ["127.0.0.1:8000"],
            "x-api-key": [""],
            "X-Forwarded-For": [""],
            "x-restapi": [""],
        },
        "requestContext": context_of(
            occasion,
            routeKey="$disconnect",
            eventType="DISCONNECT",
            disconnectStatusCode=1001,
            disconnectReason="Going away",
        ),
        "isBase64Encoded": False,
    }


def test_a_close_frame_without_a_status_is_named() -> None:
    event = an_occasion().disconnect(Ending(1005))
    assert event["requestContext"]["disconnectReason"] == "Client-side close frame status not set"


@pytest.mark.parametrize("name", ["Sec-WebSocket-Protocol", "sec-websocket-protocol"])
def test_the_subprotocol_is_found_however_it_is_written(name: str) -> None:
    reply = read_reply({"statusCode": 200, "headers": {"x": 1, name: "parley.v1"}, "body": None})
    assert (reply.is_success, reply.subprotocol, reply.body) == (True, "parley.v1", "")


@pytest.mark.parametrize(("status", "is_success"), [(199, False), (200, True), (299, True), (300, False)])
def test_only_the_two_hundreds_are_success(status: int, is_success: bool) -> None:
    assert read_reply({"statusCode": status}).is_success == is_success


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "x",
        [],
        {"body": "x"},
        {"statusCode": "200"},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "body": {"x": 1}},
        {"statusCode": 200, "body": "eA==", "isBase64Encoded": True},
        {"statusCode": 200, "body": "x" * (MESSAGE_LIMIT + 1)},
    ],
)
def test_what_api_gateway_would_not_take_is_no_answer(answer: Any) -> None:
    with pytest.raises(MalformedAnswer):
        read_reply(answer)
