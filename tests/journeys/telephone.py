"""A program that makes calls: it has keys of its own, and talks over the WebSocket. It makes no sound."""

import json
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from parley.sealed import Device, verify_bundle
from parley.sealed.ulids import new_id
from tests.journeys.caller import Caller

PATIENCE = 30.0
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"


class Telephone:
    """One person's device, connected."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.unique_id = str(caller.http.get("/v1/auth/me").raise_for_status().json()["unique_id"])
        self.device = Device.create(self.unique_id)
        caller.http.put(f"/v1/devices/{self.device.id}", json={"bundle": dict(self.device.bundle)}).raise_for_status()
        ticket = caller.http.post("/v1/realtime/ticket", json={"device_id": self.device.id}).raise_for_status().json()
        protocols = [Subprotocol("parley.v1"), Subprotocol(f"ticket.{ticket['ticket']}")]
        self._open = ExitStack()
        self._socket = self._open.enter_context(connect(ticket["url"], subprotocols=protocols, open_timeout=PATIENCE))
        self._events: list[dict[str, Any]] = []
        self._asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a frame and return its reply; events that come before are kept."""
        self._asked += 1
        number = str(self._asked)
        self._socket.send(json.dumps({"type": kind, "id": number} | fields))
        while True:
            frame = self._heard()
            if frame.get("id") == number:
                assert frame["type"] != "error", frame
                return frame
            self._events.append(frame)

    def event(self, kind: str) -> dict[str, Any]:
        """Return the next event of a kind."""
        while True:
            for event in self._events:
                if event["type"] == kind:
                    self._events.remove(event)
                    return event
            self._events.append(self._heard())

    def now(self) -> int:
        """The server's time, in milliseconds."""
        return int(self.ask("ping")["server_time"])

    def become_contacts(self, other: "Telephone") -> None:
        """Ask the other one, who confirms by asking back."""
        for one, another in ((self, other), (other, self)):
            one.caller.http.post("/v1/contacts", json={"unique_id": another.unique_id}).raise_for_status()

    def call(self, other: "Telephone") -> str:
        """Call somebody, who answers; returns the id of the call that both are in."""
        call_id = new_id("call")
        devices = self.caller.http.get(f"/v1/users/{other.unique_id}/devices").raise_for_status().json()
        [theirs] = devices["items"]
        peer = verify_bundle(theirs["bundle"])
        offer = self.device.seal(peer, call=call_id, type="offer", seq=0, body={"sdp": SDP}, now=self.now())
        self.ask("call.invite", call_id=call_id, to=other.unique_id, offers=[offer])
        other.answer(call_id, self)
        self.event("call.state")
        for one in (self, other):
            one.ask("call.connected", call_id=call_id)
        return call_id

    def answer(self, call_id: str, caller: "Telephone") -> None:
        """Answer a call that rings here."""
        incoming = self.event("call.incoming")
        assert incoming["call"]["id"] == call_id
        peer = caller.device.peer
        opened = self.device.open(peer, incoming["envelope"], call=call_id, type="offer", now=self.now())
        assert opened.body == {"sdp": SDP}
        answer = self.device.seal(peer, call=call_id, type="answer", seq=0, body={"sdp": SDP}, now=self.now())
        self.ask("call.accept", call_id=call_id, envelope=answer)

    def _heard(self) -> dict[str, Any]:
        return json.loads(self._socket.recv(timeout=PATIENCE))  # type: ignore[no-any-return]
