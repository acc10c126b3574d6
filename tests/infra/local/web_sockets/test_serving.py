import asyncio
import json
import queue
import socket
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from infra.local.functions import FunctionFailed, FunctionTimedOut
from infra.local.servers import FRAME_LIMIT
from infra.local.web_sockets.api import SocketRoute
from infra.local.web_sockets.connection import Limits
from tests.infra.local.web_sockets.house import ROUTES, SUBPROTOCOL, Event, a_house, an_api, talk


def kind_of(event: Event) -> str:
    return str(event["requestContext"]["eventType"])


def close_of(client: ClientConnection) -> tuple[int, str]:
    """Wait until the server closes; returns what its close frame said."""
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def ending_of(event: Event) -> tuple[int, str]:
    context = event["requestContext"]
    return context["disconnectStatusCode"], context["disconnectReason"]


def test_the_answer_to_connect_chooses_the_subprotocol() -> None:
    with a_house() as house, house.connected() as client:
        assert client.subprotocol == SUBPROTOCOL
        assert kind_of(house.events.get(timeout=10)) == "CONNECT"


def test_no_subprotocol_is_chosen_where_the_answer_names_none() -> None:
    async def handler(_: Event) -> Any:
        return {"statusCode": 204}

    with a_house(handler) as house, house.connected() as client:
        assert client.subprotocol is None


@pytest.mark.parametrize("status", [302, 400, 401, 403, 429, 500, 503])
def test_a_status_that_is_no_success_refuses_the_handshake(status: int) -> None:
    async def handler(_: Event) -> Any:
        return {"statusCode": status}

    with a_house(handler) as house:
        with pytest.raises(InvalidStatus) as refused:
            house.connected()
        assert refused.value.response.status_code == status
        assert kind_of(house.events.get(timeout=10)) == "CONNECT"
    assert house.events.empty(), "who was never connected is never disconnected"


@pytest.mark.parametrize(
    "answer", [FunctionFailed("as asked"), FunctionTimedOut("as asked"), None, "yes", {}, {"statusCode": "200"}]
)
def test_a_function_that_fails_at_connect_is_a_bad_gateway(answer: Any) -> None:
    async def handler(_: Event) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with a_house(handler) as house:
        with pytest.raises(InvalidStatus) as refused:
            house.connected()
        assert refused.value.response.status_code == 502
        assert json.loads(refused.value.response.body or b"") == {"message": "Internal server error"}


def test_another_path_is_forbidden_and_calls_nobody() -> None:
    with a_house() as house:
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://{house.host}/elsewhere", open_timeout=10)
        assert refused.value.response.status_code == 403
    assert house.events.empty()


def test_without_a_route_for_connect_everybody_may() -> None:
    api = an_api(routes={"$default": ROUTES["$default"]})
    with a_house(api=api) as house:
        with house.connected() as client:
            client.send("x")
            assert client.recv(timeout=10) == "heard x"
        house.event("MESSAGE")
    assert house.events.empty()


def test_a_message_is_answered_over_its_own_connection() -> None:
    with a_house() as house, house.connected() as one, house.connected() as other:
        one.send("Привет")
        other.send("two")
        assert (one.recv(timeout=10), other.recv(timeout=10)) == ("heard Привет", "heard two")


def test_a_route_without_a_response_is_not_answered() -> None:
    with a_house() as house, house.connected() as client:
        client.send('{"type": "silent"}')
        assert house.event("MESSAGE")["requestContext"]["routeKey"] == "silent"
        client.send("next")
        assert client.recv(timeout=10) == "heard next"


def test_an_answer_without_a_body_sends_nothing() -> None:
    async def handler(event: Event) -> Any:
        return {"statusCode": 200} if event.get("body") == "quiet" else await talk(event)

    with a_house(handler) as house, house.connected() as client:
        client.send("quiet")
        house.event("MESSAGE")
        client.send("next")
        assert client.recv(timeout=10) == "heard next"


def test_messages_do_not_wait_for_each_other() -> None:
    second = asyncio.Event()

    async def handler(event: Event) -> Any:
        if event.get("body") == "first":
            await second.wait()
        if event.get("body") == "second":
            second.set()
        return await talk(event)

    with a_house(handler) as house, house.connected() as client:
        client.send("first")
        client.send("second")
        assert {client.recv(timeout=10), client.recv(timeout=10)} == {"heard first", "heard second"}


def test_only_so_many_messages_of_a_connection_are_handled_at_once() -> None:
    go = asyncio.Event()

    async def handler(event: Event) -> Any:
        if kind_of(event) == "MESSAGE":
            await go.wait()
        return await talk(event)

    with a_house(handler, limits=Limits(handled_at_once=2)) as house, house.connected() as client:
        for text in "abc":
            client.send(text)
        assert {house.event("MESSAGE")["body"] for _ in range(2)} == {"a", "b"}
        with pytest.raises(queue.Empty):
            house.events.get_nowait()
        house.do(go.set)
        assert house.event("MESSAGE")["body"] == "c"


@pytest.mark.parametrize("answer", [FunctionFailed("as asked"), None, {"body": "x"}, {"statusCode": 200, "body": 1}])
def test_a_function_that_fails_at_a_message_is_told_to_the_client(answer: Any) -> None:
    async def handler(event: Event) -> Any:
        if kind_of(event) != "MESSAGE":
            return await talk(event)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with a_house(handler) as house, house.connected() as client:
        client.send("x")
        context = house.event("MESSAGE")["requestContext"]
        assert json.loads(client.recv(timeout=10)) == {
            "message": "Internal server error",
            "connectionId": context["connectionId"],
            "requestId": context["requestId"],
        }


def test_a_function_that_takes_too_long_is_told_to_the_client() -> None:
    async def handler(event: Event) -> Any:
        if kind_of(event) == "MESSAGE":
            await asyncio.Event().wait()
        return await talk(event)

    with a_house(handler, limits=Limits(integration=0.01)) as house, house.connected() as client:
        client.send("x")
        assert json.loads(client.recv(timeout=10))["message"] == "Endpoint request timed out"


def test_a_message_without_a_route_is_forbidden() -> None:
    routes = {"$connect": ROUTES["$connect"], "known": SocketRoute(key="known", function="Talk", is_answered=True)}
    with a_house(api=an_api(routes=routes)) as house, house.connected() as client:
        client.send('{"type": "unknown"}')
        assert json.loads(client.recv(timeout=10))["message"] == "Forbidden"
        client.send('{"type":"known"}')
        assert client.recv(timeout=10) == 'heard {"type":"known"}'


def test_the_longest_frame_passes() -> None:
    with a_house() as house, house.connected() as client:
        text = "x" * FRAME_LIMIT
        client.send(text)
        assert client.recv(timeout=10) == f"heard {text}"


def test_a_longer_frame_closes_the_connection() -> None:
    with a_house() as house, house.connected() as client:
        client.send("x" * (FRAME_LIMIT + 1))
        assert close_of(client)[0] == 1009
        assert ending_of(house.event("DISCONNECT"))[0] == 1009


def test_a_binary_frame_closes_the_connection_and_calls_nobody() -> None:
    with a_house() as house, house.connected() as client:
        client.send(b"x")
        assert close_of(client)[0] == 1003
        house.event("CONNECT")
        assert ending_of(house.events.get(timeout=10))[0] == 1003


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "tab closed"), (4000, "Пока")])
def test_disconnect_says_how_the_client_closed(code: int, reason: str) -> None:
    with a_house() as house:
        with house.connected() as client:
            client.close(code, reason)
        event = house.event("DISCONNECT")
        assert ending_of(event) == (code, reason)
    assert house.events.empty(), "once"


def test_disconnect_comes_where_the_client_just_vanishes() -> None:
    with a_house() as house:
        with house.connected() as client:
            connection_id = house.connection_id()
            client.socket.shutdown(socket.SHUT_RDWR)
            event = house.event("DISCONNECT")
        assert event["requestContext"]["connectionId"] == connection_id
        assert ending_of(event)[0] == 1006
    assert house.events.empty(), "once"


def test_disconnect_comes_where_the_client_vanished_while_it_was_let_in() -> None:
    go = asyncio.Event()

    async def handler(event: Event) -> Any:
        if kind_of(event) == "CONNECT":
            await go.wait()
        return await talk(event)

    with a_house(handler) as house:
        host, _, port = house.host.partition(":")
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(
                b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            house.event("CONNECT")
        house.do(go.set)
        assert ending_of(house.event("DISCONNECT"))[0] == 1006


def test_a_function_that_fails_at_disconnect_harms_nobody() -> None:
    async def handler(event: Event) -> Any:
        if kind_of(event) == "DISCONNECT":
            raise FunctionFailed("as asked")
        return await talk(event)

    with a_house(handler) as house:
        with house.connected():
            pass
        house.event("DISCONNECT")
        with house.connected() as client:
            client.send("x")
            assert client.recv(timeout=10) == "heard x"


def test_an_idle_connection_is_closed() -> None:
    with a_house() as house, house.connected() as client:
        house.connection_id()
        house.do(lambda: house.timers.pass_by(599.9))
        client.send("still here")
        assert client.recv(timeout=10) == "heard still here"
        house.do(lambda: house.timers.pass_by(599.9))
        client.send("and again")
        assert client.recv(timeout=10) == "heard and again"
        house.do(lambda: house.timers.pass_by(600.1))
        assert close_of(client) == (1001, "Going away")
        assert ending_of(house.event("DISCONNECT")) == (1001, "Going away")


def test_no_connection_lives_for_more_than_two_hours() -> None:
    with a_house() as house, house.connected() as client:
        house.connection_id()
        for minute in range(0, 120, 8):
            client.send(str(minute))
            assert client.recv(timeout=10) == f"heard {minute}"
            house.do(lambda: house.timers.pass_by(8 * 60))
        assert close_of(client) == (1001, "Going away")
        assert ending_of(house.event("DISCONNECT")) == (1001, "Going away")


def test_a_closed_connection_leaves_no_timer() -> None:
    with a_house() as house:
        with house.connected():
            pass
        house.event("DISCONNECT")
        house.do(lambda: house.timers.pass_by(7200))
    assert house.events.empty()


def test_at_the_end_everybody_is_told_before_the_functions_stop() -> None:
    with a_house() as house, house.connected() as one, house.connected() as other:
        expected = {house.connection_id(), house.connection_id()}
        house.close_sockets()
        told = [house.events.get_nowait(), house.events.get_nowait()]
        assert {event["requestContext"]["connectionId"] for event in told} == expected
        assert {ending_of(event) for event in told} == {(1001, "Going away")}
        assert close_of(one) == close_of(other) == (1001, "Going away")


def test_nobody_is_let_in_while_everything_stops() -> None:
    with a_house() as house:
        house.close_sockets()
        with pytest.raises(InvalidStatus) as refused:
            house.connected()
        assert refused.value.response.status_code == 503
        assert ending_of(house.event("DISCONNECT")) == (1001, "Going away")


def test_stopping_does_not_wait_for_ever() -> None:
    go = asyncio.Event()

    async def handler(event: Event) -> Any:
        if kind_of(event) == "DISCONNECT":
            await go.wait()
        return await talk(event)

    with a_house(handler, limits=Limits(stopping=0.01)) as house, house.connected():
        house.connection_id()
        house.close_sockets()
        house.event("DISCONNECT")
        house.do(go.set)


def test_a_client_that_takes_nothing_is_given_up() -> None:
    async def handler(event: Event) -> Any:
        if kind_of(event) == "MESSAGE":
            return {"statusCode": 200, "body": "x" * 128 * 1024}
        return await talk(event)

    with a_house(handler, limits=Limits(sending=0.2)) as house, house.connected(max_queue=1) as client:
        for _ in range(150):
            client.send("more")
        assert ending_of(house.event("DISCONNECT"))[0] == 1006
        client.socket.shutdown(socket.SHUT_RDWR)


def test_plain_requests_are_still_served() -> None:
    async def handler(event: Event) -> Any:
        return {"statusCode": 200, "body": "plain"} if "rawPath" in event else await talk(event)

    with a_house(handler) as house, house.connected() as client:
        assert httpx.get(f"http://{house.host}/plain").text == "plain"
        assert httpx.get(f"http://{house.host}/ws").status_code == 404
        client.send("x")
        assert client.recv(timeout=10) == "heard x"
