"""The server's part of calls in miniature: states, mail, one winner. It opens no envelope and believes no device."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from parley.realtime.errors import Refusal

RING_SECONDS = 45.0
MOVES = {
    "ringing": {"accepted", "declined", "busy", "cancelled", "missed", "failed"},
    "accepted": {"connected", "ended", "failed"},
    "connected": {"ended", "failed"},
}


def refusal(code: str, **more: Any) -> Refusal:
    return Refusal({"type": "error", "code": code, **more})


class Switchboard:
    """`post` hands an event to a device; whether it arrives is the network's affair."""

    def __init__(
        self,
        devices: Mapping[str, tuple[str, ...]],
        *,
        clock: Callable[[], float],
        post: Callable[[str, dict[str, Any]], None],
        header_of: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        self.calls: dict[str, dict[str, Any]] = {}
        self.history: dict[str, list[str]] = {}
        self._devices = devices
        self._owner = {device: person for person, owned in devices.items() for device in owned}
        self._clock = clock
        self._post = post
        self._header_of = header_of
        self._mail: dict[tuple[str, str, str], dict[int, Mapping[str, Any]]] = {}
        self._offers: dict[tuple[str, str], Mapping[str, Any]] = {}

    def handle(self, frame: Mapping[str, Any], device: str) -> dict[str, Any]:
        """Return the reply; raises Refusal."""
        if frame["type"] == "call.invite":
            return self._invite(frame, device)
        if frame["type"] == "signal":
            return self._signal(frame["envelope"], device)
        if frame["type"] == "sync":
            return self._sync(frame, device)
        call = self._call(frame["call_id"], device)
        is_caller = device == call["caller_device"]
        match frame["type"]:
            case "call.ringing":
                self._post(call["caller_device"], {"type": "call.ringing", "call_id": call["id"], "device_id": device})
            case "call.accept":
                self._accept(call, device)
            case "call.decline" if call["status"] == "ringing":
                self._move(call, "declined")
            case "call.hangup":
                if call["status"] == "ringing":
                    self._move(call, "cancelled" if is_caller else "declined", frame.get("reason"))
                else:
                    self._move(call, "ended", frame.get("reason"))
            case "call.connected" if call["status"] == "accepted":
                self._move(call, "connected")
        return {"type": "ack", "call": dict(call)}

    def expire(self, call_id: str) -> None:
        """End what rings too long."""
        call = self.calls.get(call_id)
        if call is not None and call["status"] == "ringing":
            self._move(call, "missed")

    def _invite(self, frame: Mapping[str, Any], device: str) -> dict[str, Any]:
        if frame["call_id"] in self.calls:
            return {"type": "ack", "call": dict(self._call(frame["call_id"], device))}
        me, to = self._owner[device], frame["to"]
        for other in self.calls.values():
            if other["status"] == "ringing" and (other["caller"], other["callee"]) == (to, me):
                raise refusal("glare", call_id=other["id"])
        now = self._clock()
        call = {
            "id": frame["call_id"],
            "status": "ringing",
            "version": 1,
            "caller": me,
            "callee": to,
            "caller_device": device,
            "callee_device": None,
            "reason": None,
            "created_at": moment(now),
            "ring_until": moment(now + RING_SECONDS),
        }
        self.calls[call["id"]] = call
        self.history[call["id"]] = ["ringing"]
        for envelope in frame["offers"]:
            target = self._header_of(envelope)["td"]
            self._offers[call["id"], target] = envelope
            self._post(target, {"type": "call.incoming", "call": dict(call), "envelope": envelope})
        return {"type": "ack", "call": dict(call)}

    def _accept(self, call: dict[str, Any], device: str) -> None:
        if call["callee_device"] == device:
            return
        if call["status"] != "ringing" or self._clock() >= self._ring_end(call):
            raise refusal("answered-elsewhere" if call["callee_device"] else "call-over")
        call["callee_device"] = device
        self._move(call, "accepted")

    def _signal(self, envelope: Mapping[str, Any], device: str) -> dict[str, Any]:
        header = self._header_of(envelope)
        call = self._call(header["call"], device)
        pair = {call["caller_device"], call["callee_device"]}
        assert header["fd"] == device
        if {header["fd"], header["td"]} != pair:
            raise refusal("not-found")
        self._mail.setdefault((call["id"], header["td"], device), {})[header["seq"]] = envelope
        self._post(header["td"], {"type": "signal", "envelope": envelope})
        return {"type": "ack"}

    def _sync(self, frame: Mapping[str, Any], device: str) -> dict[str, Any]:
        if frame["call_id"] not in self.calls:
            return {"type": "synced", "call": None, "offer": None, "envelopes": [], "more": False}
        call = self._call(frame["call_id"], device)
        if call["status"] == "ringing" and self._clock() >= self._ring_end(call):
            self._move(call, "missed")
        found = [
            envelope
            for sender, first in frame.get("have", {}).items()
            for seq, envelope in sorted(self._mail.get((call["id"], device, sender), {}).items())
            if first <= seq < first + 25
        ]
        offer = self._offers.get((call["id"], device)) if call["status"] == "ringing" else None
        return {"type": "synced", "call": dict(call), "offer": offer, "envelopes": found, "more": False}

    def _move(self, call: dict[str, Any], status: str, reason: str | None = None) -> None:
        if status not in MOVES.get(call["status"], ()):
            return
        call |= {"status": status, "version": call["version"] + 1, "reason": reason}
        self.history[call["id"]].append(status)
        for device in (call["caller_device"], *self._devices[call["callee"]]):
            self._post(device, {"type": "call.state", "call": dict(call)})

    def _call(self, call_id: str, device: str) -> dict[str, Any]:
        call = self.calls.get(call_id)
        if call is None or self._owner[device] not in {call["caller"], call["callee"]}:
            raise refusal("not-found")
        return call

    def _ring_end(self, call: Mapping[str, Any]) -> float:
        return datetime.fromisoformat(call["ring_until"]).timestamp()


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
