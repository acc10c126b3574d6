"""What goes over the wire about calls; pure."""

from datetime import datetime
from typing import Any

from functions.core.calls.envelope_header import Envelope
from functions.core.calls.model import Call


def view_of(call: Call) -> dict[str, Any]:
    """Return a call as its two people see it: no account ids, and nothing of what is sealed."""
    return {
        "id": call.id,
        "status": call.status.value,
        "version": call.version,
        "caller": call.caller,
        "callee": call.callee,
        "caller_device": call.caller_device,
        "callee_device": call.callee_device,
        "reason": call.reason,
        "created_at": written_time(call.created_at),
        "ring_until": written_time(call.ring_until),
        "answered_at": _written(call.answered_at),
        "connected_at": _written(call.connected_at),
        "ended_at": _written(call.ended_at),
    }


def state_event(call: Call) -> dict[str, Any]:
    """Say how a call stands."""
    return {"type": "call.state", "call": view_of(call)}


def incoming_event(call: Call, offer: Envelope) -> dict[str, Any]:
    """Say to one device that it is called."""
    return {"type": "call.incoming", "call": view_of(call), "envelope": offer.to_wire()}


def ringing_event(call: Call, device_id: str) -> dict[str, Any]:
    """Say to the caller that a device rings."""
    return {"type": "call.ringing", "call_id": call.id, "device_id": device_id}


def signal_event(envelope: Envelope) -> dict[str, Any]:
    """Hand an envelope on."""
    return {"type": "signal", "envelope": envelope.to_wire()}


def written_time(time: datetime) -> str:
    """Return a time as RFC 3339 has it, in UTC."""
    return time.isoformat().replace("+00:00", "Z")


def _written(time: datetime | None) -> str | None:
    return None if time is None else written_time(time)
