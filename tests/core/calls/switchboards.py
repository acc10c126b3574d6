"""A switchboard with everything around it in memory."""

import json
from datetime import timedelta
from typing import Any

from functions.core.calls.store import Calls
from functions.core.calls.switchboard import Switchboard
from functions.core.errors import ParleyError
from functions.core.realtime.model import Connection
from functions.core.realtime.push import Push
from functions.core.realtime.store import Connections
from tests.core.calls.builders import (
    A1,
    ANNA,
    B1,
    B2,
    BERT,
    CALL_ID,
    EveryoneIsIn,
    FakePeople,
    FakeRinger,
    a_ticket,
    an_envelope,
)
from tests.fakes.clock import FakeClock
from tests.fakes.limiter import FakeLimiter
from tests.fakes.posts import FakePosts
from tests.fakes.ring_timers import FakeRingTimers
from tests.fakes.table import FakeTable

Frame = dict[str, Any]


class House:
    def __init__(self, clock: FakeClock, table: FakeTable | None = None) -> None:
        self.clock = clock
        self.table = FakeTable() if table is None else table
        self.posts = FakePosts()
        self.people = FakePeople((ANNA, BERT))
        self.timers = FakeRingTimers(clock)
        self.ringer = FakeRinger()
        self.connections = Connections(self.table, clock=clock)
        self.calls = Calls(self.table, clock=clock)
        self.board = Switchboard(
            self.table,
            push=Push(self.connections, self.posts, EveryoneIsIn(self.table, clock=clock)),
            people=self.people,
            timers=self.timers,
            clock=clock,
            ringer=self.ringer,
            limiter=FakeLimiter(),
        )
        self.connected: dict[str, Connection] = {}

    def connect(self, unique_id: str, device_id: str) -> Connection:
        name = f"conn-{device_id}"
        self.connections.open(name, a_ticket(unique_id, device_id))
        found = self.connections.find(name)
        assert found is not None
        self.connected[device_id] = found
        return found

    def say(self, device_id: str, frame: Frame) -> Frame:
        """Send a frame; returns the answer, also where that is an error."""
        try:
            reply = self.board.handle(frame, self.connected[device_id])
        except ParleyError as error:
            reply = {"type": "error", "code": error.code, **error.facts}
        json.dumps(reply)
        return reply

    def told(self, device_id: str) -> list[Frame]:
        """What a device has heard since it was asked the last time."""
        name = self.connected[device_id].id
        heard = self.posts.told(name)
        self.posts.posts = [post for post in self.posts.posts if post[0] != name]
        return heard

    def invite(self, call_id: str = CALL_ID) -> Frame:
        return self.say(A1, invitation(call_id))

    def answered(self) -> None:
        """Anna calls Bert, who accepts on his first device; what they heard of that is forgotten."""
        self.invite()
        self.say(B1, {"type": "call.accept", "call_id": CALL_ID, "envelope": answer()})
        self.posts.posts.clear()

    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(timedelta(seconds=seconds))

    def lines(self) -> list[str | None]:
        return [self.table.documents[f"LINE#{one}"].get("call_id") for one in (ANNA, BERT)]


def invitation(call_id: str = CALL_ID) -> Frame:
    offers = [an_envelope(call=call_id), an_envelope(call=call_id, td=B2)]
    return {"type": "call.invite", "call_id": call_id, "to": BERT, "offers": offers}


def answer(**changes: Any) -> Frame:
    return from_bert(type="answer", seq=0, **changes)


def from_anna(**changes: Any) -> Frame:
    return an_envelope(**{"type": "ice", "seq": 1} | changes)


def from_bert(**changes: Any) -> Frame:
    return an_envelope(**{"type": "ice", "seq": 1, "from": BERT, "fd": B1, "to": ANNA, "td": A1} | changes)


def about(kind: str, call_id: str = CALL_ID, **fields: Any) -> Frame:
    return {"type": kind, "call_id": call_id, **fields}
