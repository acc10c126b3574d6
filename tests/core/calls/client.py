"""An honest client of one device: it holds its state, and says what it would send; no network, no clock."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from functions.core.calls.envelope_header import MOST_IN_ORDER
from functions.core.ids import new_id
from tests.core.calls.builders import an_envelope, header_of

RESEND_AFTER: Final = timedelta(seconds=2)
PING_EVERY: Final = timedelta(seconds=25)
RUNNING: Final = {"ringing", "accepted", "connected"}
ANSWERED: Final = {"accepted", "connected"}

Frame = dict[str, Any]


@dataclass
class Unacked:
    frame: Frame
    due_at: datetime


@dataclass
class Client:
    unique_id: str
    device_id: str
    random: Random
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The newest that it knows of each."""
    refused: dict[str, str] = field(default_factory=dict)
    """Calls that it could not begin, and why."""
    given_up: set[str] = field(default_factory=set)
    """Calls that its user is done with, whatever the server knows of it yet."""
    rings: set[str] = field(default_factory=set)
    invited: dict[str, list[str]] = field(default_factory=dict)
    """Its own calls, and whom it made offers to."""
    heard_ringing: set[tuple[str, str]] = field(default_factory=set)
    unacked: dict[str, Unacked] = field(default_factory=dict)
    pinged_at: datetime | None = None
    said: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """By call and device: its envelopes, by seq."""
    acked: set[tuple[str, str, int]] = field(default_factory=set)
    got: dict[tuple[str, str], dict[int, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    """By call and device: what came from there, by seq."""

    # What its user does

    def call(self, callee: str, devices: list[str], now: datetime) -> None:
        call_id = new_id("call")
        self.invited[call_id] = devices
        offers = [self._envelope(call_id, "offer", callee, device) for device in devices]
        self.send({"type": "call.invite", "call_id": call_id, "to": callee, "offers": offers}, now)

    def accept(self, call_id: str, now: datetime) -> None:
        call = self.calls[call_id]
        self.rings.discard(call_id)
        answer = self._envelope(call_id, "answer", call["caller"], call["caller_device"])
        self.send({"type": "call.accept", "call_id": call_id, "envelope": answer}, now)

    def decline(self, call_id: str, now: datetime) -> None:
        self.rings.discard(call_id)
        reason = self.random.choice([{}, {"reason": "busy"}])
        self.send({"type": "call.decline", "call_id": call_id, **reason}, now)

    def hang_up(self, call_id: str, now: datetime) -> None:
        self.given_up.add(call_id)
        self.send({"type": "call.hangup", "call_id": call_id, "reason": "user"}, now)

    def connected(self, call_id: str, now: datetime) -> None:
        self.send({"type": "call.connected", "call_id": call_id}, now)

    def signal(self, call_id: str, now: datetime) -> None:
        call = self.calls[call_id]
        is_caller = call["caller"] == self.unique_id
        other = call["callee"] if is_caller else call["caller"]
        theirs = call["callee_device"] if is_caller else call["caller_device"]
        devices = self.invited[call_id] if theirs is None else [theirs]
        for device in devices:
            if len(self.said[call_id, device]) < MOST_IN_ORDER:
                self.send({"type": "signal", "envelope": self._envelope(call_id, "ice", other, device)}, now)

    # What happens to it

    def connect(self, now: datetime) -> None:
        """Ask what was missed; all that was not answered is sent anew."""
        known = [call_id for call_id, call in self.calls.items() if call["status"] in RUNNING]
        self.sync(known, now)
        for unacked in self.unacked.values():
            unacked.due_at = now

    def sync(self, call_ids: list[str], now: datetime) -> None:
        self.send({"type": "sync"}, now)
        for call_id in call_ids:
            self.send({"type": "sync", "call_id": call_id, "have": self._have(call_id)}, now)

    def due(self, now: datetime) -> list[Frame]:
        """Return what is to be sent now, also again."""
        frames = [unacked for unacked in self.unacked.values() if unacked.due_at <= now]
        for unacked in frames:
            unacked.due_at = now + RESEND_AFTER
        return [unacked.frame for unacked in frames]

    def tick(self, now: datetime) -> None:
        for call in list(self.calls.values()):
            if call["status"] == "ringing" and now >= datetime.fromisoformat(call["ring_until"]):
                self.rings.discard(call["id"])
                if call["id"] in self.invited and call["id"] not in self.given_up:
                    self.hang_up(call["id"], now)
        current = self.current()
        if current is not None and (self.pinged_at is None or now - self.pinged_at >= PING_EVERY):
            self.pinged_at = now
            self.send({"type": "ping", "call_id": current}, now)

    def replied(self, reply: Mapping[str, Any], now: datetime) -> None:
        unacked = self.unacked.pop(reply["id"], None)
        if unacked is None:
            return
        frame = unacked.frame
        if reply["type"] == "error":
            self._refused(frame, reply, now)
            return
        if reply.get("call"):
            self._know(reply["call"], now)
        if frame["type"] == "signal":
            self._note_acked(frame["envelope"])
        if frame["type"] == "call.invite":
            for offer in frame["offers"]:
                self._note_acked(offer)
        if "envelope" in frame and frame["type"] == "call.accept":
            self._note_acked(frame["envelope"])
        if frame["type"] == "synced" or reply["type"] == "synced":
            self._synced(frame, reply, now)

    def told(self, event: Mapping[str, Any], now: datetime) -> None:
        match event["type"]:
            case "call.incoming":
                self._incoming(event["call"], event["envelope"], now)
            case "call.state":
                self._know(event["call"], now)
            case "call.ringing":
                self.heard_ringing.add((event["call_id"], event["device_id"]))
            case "signal":
                self._take(event["envelope"])
            case other:
                raise AssertionError(f"an event of type {other}")

    # What it knows

    def current(self) -> str | None:
        """The call that it rings for, or talks in."""
        for call_id, call in self.calls.items():
            if call["status"] == "ringing" and (call_id in self.invited or call_id in self.rings):
                return call_id
            if call["status"] in ANSWERED and self.device_id in {call["caller_device"], call["callee_device"]}:
                return call_id
        return None

    def knows_of_a_call(self) -> bool:
        """Of its own that it waits for, or any that its person is in."""
        waits = any(one.frame["type"] == "call.invite" for one in self.unacked.values())
        return waits or any(call["status"] in RUNNING for call in self.calls.values())

    def talks_in(self) -> str | None:
        call_id = self.current()
        return call_id if call_id is not None and self.calls[call_id]["status"] in ANSWERED else None

    def send(self, frame: Frame, now: datetime) -> None:
        frame_id = f"{len(self.unacked)}-{self.random.getrandbits(64):016x}"
        self.unacked[frame_id] = Unacked({**frame, "id": frame_id}, now)

    def _envelope(self, call_id: str, kind: str, to: str, device_id: str) -> dict[str, Any]:
        said = self.said[call_id, device_id]
        envelope = an_envelope(
            sealed=self.random.randbytes(48),
            call=call_id,
            type=kind,
            **{"from": self.unique_id, "fd": self.device_id, "to": to, "td": device_id, "seq": len(said)},
        )
        said.append(envelope)
        return envelope

    def _note_acked(self, envelope: dict[str, Any]) -> None:
        header = header_of(envelope)
        self.acked.add((header["call"], header["td"], header["seq"]))

    def _have(self, call_id: str) -> dict[str, int]:
        have = {}
        for (of_call, device_id), got in self.got.items():
            if of_call == call_id:
                have[device_id] = next(seq for seq in range(MOST_IN_ORDER + 1) if seq not in got)
        return have

    def _know(self, call: dict[str, Any], now: datetime) -> None:
        known = self.calls.get(call["id"])
        if known is not None and known["version"] >= call["version"]:
            assert known["version"] > call["version"] or known == call, "two calls of one version"
            return
        self.calls[call["id"]] = call
        if call["status"] != "ringing":
            self.rings.discard(call["id"])
        if call["id"] in self.given_up and call["status"] in RUNNING and self._may_hang_up(call):
            # Its user was done with it before the server knew of it.
            self.hang_up(call["id"], now)

    def _may_hang_up(self, call: dict[str, Any]) -> bool:
        return call["id"] in self.invited or call["callee_device"] in {None, self.device_id}

    def _incoming(self, call: dict[str, Any], offer: dict[str, Any], now: datetime) -> None:
        is_news = call["id"] not in self.calls
        self._know(call, now)
        self._take(offer)
        if is_news and self.calls[call["id"]]["status"] == "ringing":
            self.rings.add(call["id"])
            self.send({"type": "call.ringing", "call_id": call["id"]}, now)

    def _take(self, envelope: dict[str, Any]) -> None:
        header = header_of(envelope)
        assert (header["to"], header["td"]) == (self.unique_id, self.device_id), "somebody else's envelope"
        got = self.got[header["call"], header["fd"]]
        assert got.setdefault(header["seq"], envelope) == envelope, "two envelopes of one number"

    def _synced(self, frame: Frame, reply: Mapping[str, Any], now: datetime) -> None:
        for envelope in reply["envelopes"]:
            self._take(envelope)
        if reply["offer"] is not None:
            self._incoming_by_sync(reply["call"], reply["offer"], now)
        # Without the id of a call nothing was said of what is there already.
        if reply["more"] or (frame.get("call_id") is None and reply["call"] is not None):
            call_id = reply["call"]["id"]
            self.send({"type": "sync", "call_id": call_id, "have": self._have(call_id)}, now)

    def _incoming_by_sync(self, call: dict[str, Any], offer: dict[str, Any], now: datetime) -> None:
        self._take(offer)
        if self.calls[call["id"]]["status"] == "ringing" and call["id"] not in self.rings:
            self.rings.add(call["id"])
            self.send({"type": "call.ringing", "call_id": call["id"]}, now)

    def _refused(self, frame: Frame, reply: Mapping[str, Any], now: datetime) -> None:
        if "call" in reply:
            self._know(reply["call"], now)
            if reply["code"] == "answered-elsewhere":
                assert self.device_id not in {reply["call"]["caller_device"], reply["call"]["callee_device"]} or (
                    frame["type"] == "signal"
                )
        if frame["type"] == "call.invite":
            self.refused[frame["call_id"]] = reply["code"]
            if reply["code"] == "glare":
                # Both wanted to talk: it takes the call that is there, as soon as it rings here.
                self.send({"type": "sync", "call_id": reply["call_id"], "have": {}}, now)
        awaited = {one.frame.get("call_id") for one in self.unacked.values() if one.frame["type"] == "call.invite"}
        if frame["type"] == "call.hangup" and reply["code"] == "not-found" and frame["call_id"] in awaited:
            # It has overtaken the invitation.
            self.send({name: value for name, value in frame.items() if name != "id"}, now)
