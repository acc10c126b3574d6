"""The realtime door with the events that API Gateway sends, over fakes."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.core.accounts.model import Caller
from functions.core.accounts.open_credentials import BELIEVED_FOR, OpenCredentials
from functions.core.errors import Conflict
from functions.core.realtime.model import CONNECTION_LIFE, FRAME_LIMIT, TICKET_LIFE, Connection
from functions.core.realtime.store import Connections, Tickets
from functions.realtime.desk import FRAMES, REFUSED_FRAMES, Desk, handler_of
from tests.builders import a_job
from tests.fakes.clock import FakeClock
from tests.house import House
from tests.realtime_builders import a_caller

EVENTS = Path(__file__).parents[2] / "events"
ORIGIN = "https://parley.example"


class FakeCalls:
    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def handle(self, frame: Mapping[str, Any], sender: Connection) -> dict[str, Any]:
        self.frames.append(dict(frame))
        if frame["type"] == "call.accept":
            raise Conflict("Somebody else has answered.", code="answered-elsewhere", call_id="call_1")
        return {"type": "ack", "by": sender.unique_id}


class Door:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.house = House(clock=self.clock)
        self.calls = FakeCalls()
        self.connections = Connections(self.house.presence_table, clock=self.clock)
        self.tickets = Tickets(self.house.presence_table, clock=self.clock)
        self.handler = handler_of(
            Desk(
                tickets=self.tickets,
                connections=self.connections,
                credentials=OpenCredentials(self.house.accounts_table, clock=self.clock),
                push=self.house.push,
                jobs=self.house.jobs,
                calls=self.calls,
                limiter=self.house.limiter,
                web_origin=ORIGIN,
                clock=self.clock,
            )
        )

    def connect(self, ticket: str, connection_id: str = "one", **headers: str | None) -> dict[str, Any]:
        event = _event("connect", connection_id)
        event["headers"] |= {"Sec-WebSocket-Protocol": f"parley.v1, ticket.{ticket}"}
        event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        event["headers"] = {name: value for name, value in event["headers"].items() if value is not None}
        return self.handler(event, None)

    def send(self, frame: object, connection_id: str = "one", *, is_base64: bool = False) -> dict[str, Any]:
        event = _event("message", connection_id)
        event["body"] = frame if isinstance(frame, str) else json.dumps(frame)
        event["isBase64Encoded"] = is_base64
        answer = self.handler(event, None)
        assert answer["statusCode"] == 200
        reply: dict[str, Any] = json.loads(answer["body"])
        return reply

    def disconnect(self, connection_id: str = "one") -> None:
        self.handler(_event("disconnect", connection_id), None)


def _event(name: str, connection_id: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"websocket_{name}.json").read_text())
    event["requestContext"]["connectionId"] = connection_id
    return event


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def anna(door: Door) -> Caller:
    return a_caller(door.house, door.house.a_known_user())


def test_whoever_shows_a_ticket_is_let_in_and_the_ticket_is_not_echoed(door: Door, anna: Caller) -> None:
    answer = door.connect(door.tickets.issue(anna, device_id=None))
    assert answer == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "parley.v1"}}
    assert door.connections.of([anna.user_id])


def test_a_ticket_opens_one_connection(door: Door, anna: Caller) -> None:
    ticket = door.tickets.issue(anna, device_id=None)
    door.connect(ticket)
    assert door.connect(ticket, "two") == {"statusCode": 401}


def test_a_late_ticket_opens_nothing(door: Door, anna: Caller) -> None:
    ticket = door.tickets.issue(anna, device_id=None)
    door.clock.pass_time(TICKET_LIFE)
    assert door.connect(ticket) == {"statusCode": 401}


@pytest.mark.parametrize(
    "offered", ["", "parley.v1", "parley.v1, ticket.", "parley.v2, ticket.{t}", "parley.v1, ticket.{t}, ticket.{t}"]
)
def test_without_protocol_and_one_ticket_nobody_is_let_in(door: Door, anna: Caller, offered: str) -> None:
    ticket = door.tickets.issue(anna, device_id=None)
    answer = door.connect(ticket, Sec_WebSocket_Protocol=offered.format(t=ticket))
    assert answer == {"statusCode": 401}


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        (ORIGIN, "abc.example", 200),
        (None, "abc.example", 200),
        ("http://localhost:8000", "localhost:8000", 200),
        ("https://evil.example", "abc.example", 403),
        ("null", "abc.example", 403),
        ("https://parley.example.evil.example", "abc.example", 403),
        ("", "abc.example", 403),
    ],
)
def test_only_pages_of_ours_and_programs_connect(
    door: Door, anna: Caller, origin: str | None, host: str, status: int
) -> None:
    ticket = door.tickets.issue(anna, device_id=None)
    assert door.connect(ticket, Origin=origin, Host=host)["statusCode"] == status


def test_a_page_that_may_not_connect_uses_no_ticket_up(door: Door, anna: Caller) -> None:
    ticket = door.tickets.issue(anna, device_id=None)
    door.connect(ticket, Origin="https://evil.example")
    assert door.connect(ticket)["statusCode"] == 200


def test_frames_that_the_desk_does_not_know_go_to_the_calls(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    assert door.send({"type": "ping", "call_id": "call_1"})["type"] == "ack"
    assert door.calls.frames == [{"type": "ping", "call_id": "call_1"}]


def test_frames_of_calls_go_to_the_calls(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    assert door.send({"type": "call.hangup", "call_id": "call_1", "id": "x"}) == {
        "type": "ack",
        "by": anna.unique_id,
        "id": "x",
    }


def test_what_is_refused_is_said_with_its_code_and_facts(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    assert door.send({"type": "call.accept", "id": "x"}) == {
        "type": "error",
        "id": "x",
        "code": "answered-elsewhere",
        "detail": "Somebody else has answered.",
        "call_id": "call_1",
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "bad-frame"),
        ("nothing", "bad-frame"),
        ("[]", "bad-frame"),
        ("null", "bad-frame"),
        ("{}", "bad-frame"),
        ('{"type": 1}', "bad-frame"),
        ('{"type": "ping", "id": 7}', "bad-frame"),
        ('{"type": "ping", "id": ""}', "bad-frame"),
        (json.dumps({"type": "ping", "id": "x" * 65}), "bad-frame"),
        ("[" * 20_000, "bad-frame"),
        (json.dumps({"type": "ping", "x": "ж" * FRAME_LIMIT}, ensure_ascii=False), "too-large"),
        ('{"type": "watch"}', "bad-frame"),
        ('{"type": "watch", "job_id": {}}', "bad-frame"),
        ('{"type": "watch", "job_id": "job_1"}', "not-found"),
    ],
)
def test_a_bad_frame_gets_its_code_and_the_connection_stays(door: Door, anna: Caller, body: str, code: str) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    assert door.send(body)["code"] == code
    assert door.send({"type": "ping"})["type"] == "ack"


def test_binary_frames_are_refused(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    assert door.send("eHg=", is_base64=True)["code"] == "bad-frame"


def test_an_unknown_connection_is_told_to_connect_anew(door: Door) -> None:
    assert door.send({"type": "ping", "id": "1"}, "stranger") == {
        "type": "error",
        "id": "1",
        "code": "connection-over",
        "detail": "This connection is over; connect anew.",
    }


def test_whoever_signs_out_can_send_nothing_more(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    assert anna.session_id is not None
    door.house.sessions.end(anna.session_id, user_id=anna.user_id)
    door.clock.pass_time(BELIEVED_FOR)
    assert door.send({"type": "call.hangup", "call_id": "c"})["code"] == "session-over"
    assert door.calls.frames == []
    assert door.house.posts.closed == ["one"]


def test_too_many_frames_are_refused_and_whoever_goes_on_is_cut_off(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    answers = [door.send({"type": "ping"}) for _ in range(FRAMES.calls + REFUSED_FRAMES.calls + 1)]
    assert [answer["type"] for answer in answers[: FRAMES.calls]] == ["ack"] * FRAMES.calls
    refused = answers[FRAMES.calls :]
    assert {answer["code"] for answer in refused} == {"too-fast"}
    assert refused[0]["retry_after"] == 1
    assert door.house.posts.closed == ["one"]
    assert door.connections.find("one") is None


def test_a_patient_sender_is_never_refused(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    for _ in range(200):
        door.clock.pass_time(timedelta(milliseconds=50))
        assert door.send({"type": "ping"})["type"] == "ack"


def test_ones_own_job_can_be_watched_and_somebody_elses_cannot(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    mine, theirs = a_job(owner_id=anna.user_id), a_job(owner_id="usr_boris")
    door.house.library_table.write(door.house.jobs.put(mine), door.house.jobs.put(theirs))
    assert door.send({"type": "watch", "job_id": theirs.id})["code"] == "not-found"
    assert door.send({"type": "watch", "job_id": mine.id})["type"] == "ack"
    assert [one.watching for one in door.connections.of([anna.user_id])[anna.user_id]] == [mine.id]
    assert door.send({"type": "unwatch"})["type"] == "ack"
    assert [one.watching for one in door.connections.of([anna.user_id])[anna.user_id]] == [None]


def test_whoever_goes_is_forgotten_and_may_go_twice(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    door.disconnect()
    door.disconnect()
    assert door.connections.of([anna.user_id]) == {}


def test_a_connection_takes_no_frames_after_two_hours(door: Door, anna: Caller) -> None:
    door.connect(door.tickets.issue(anna, device_id=None))
    door.clock.pass_time(CONNECTION_LIFE)
    assert door.send({"type": "ping"})["code"] == "connection-over"


def test_one_device_too_many_closes_the_oldest_connection(door: Door, anna: Caller) -> None:
    for number in range(21):
        door.connect(door.tickets.issue(anna, device_id=None), f"c{number}")
    assert door.house.posts.closed == ["c0"]
