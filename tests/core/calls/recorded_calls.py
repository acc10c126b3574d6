"""Calls that two people have agreed to record."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.core.calls.model import Call, CallStatus
from functions.core.devices.bundle import DeviceKeys, read_bundle
from functions.core.recordings.model import Recording
from functions.core.recordings.tracks import Consent, RecordedCall, Track
from parley.sealed import Device
from tests.builders import NOON, a_recording

ANNA, BORIS = "11111111", "22222222"


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


class Pair:
    """Anna has called Boris at noon, and he has answered after ten seconds."""

    def __init__(self, anna: str = ANNA, boris: str = BORIS) -> None:
        self.answered_at = NOON + timedelta(seconds=10)
        self.anna, self.boris = Device.create(anna), Device.create(boris)
        self.call = Call(
            id="call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
            caller=anna,
            callee=boris,
            caller_user_id="usr_anna",
            callee_user_id="usr_boris",
            caller_device=self.anna.id,
            callee_device=self.boris.id,
            status=CallStatus.CONNECTED,
            created_at=NOON,
            ring_until=NOON + timedelta(seconds=45),
            answered_at=self.answered_at,
            connected_at=NOON + timedelta(seconds=11),
        )
        self.now = NOON + timedelta(minutes=1)

    def keys_of(self, unique_id: str, device_id: str) -> DeviceKeys | None:
        known = {(one.uid, one.id): one for one in (self.anna, self.boris)}
        device = known.get((unique_id, device_id))
        return None if device is None else read_bundle(device.bundle)

    def says(self, device: Device, kind: Any, *, call_id: str | None = None, at: datetime | None = None) -> Any:
        """Return a statement as a device signs it."""
        return device.consent(kind, call=call_id or self.call.id, at=milliseconds(at or self.now))

    @property
    def request(self) -> dict[str, str]:
        return self.says(self.anna, "request")  # type: ignore[no-any-return]

    @property
    def grant(self) -> dict[str, str]:
        return self.says(self.boris, "grant")  # type: ignore[no-any-return]


def forged(statement: dict[str, str], **changes: Any) -> dict[str, str]:
    """Change what a statement says, under the signature that it has."""
    body = json.loads(urlsafe_b64decode(statement["b"] + "=="))
    return statement | {"b": urlsafe_b64encode(json.dumps(body | changes).encode()).decode().rstrip("=")}


def a_consent(**changes: Any) -> Consent:
    defaults: dict[str, Any] = {
        "call_id": "call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
        "requested_by": ANNA,
        "requested_at": NOON,
        "granted_by": BORIS,
        "granted_at": NOON,
        "text": "parley/consent-text/1",
    }
    return Consent(**defaults | changes)


def a_track(by: str = ANNA, **changes: Any) -> Track:
    defaults: dict[str, Any] = {
        "by": by,
        "started_at": datetime(2026, 11, 21, 12, 0, 12, tzinfo=UTC),
        "size": 100,
        "content_type": "audio/webm;codecs=opus",
    }
    return Track(**defaults | changes)


def a_recorded_call(*tracks: Track, names: tuple[str, str] = (ANNA, BORIS)) -> RecordedCall:
    return RecordedCall(consent=a_consent(), names=names, tracks=tracks)


def a_call_recording(*tracks: Track, names: tuple[str, str] = (ANNA, BORIS), **changes: Any) -> Recording:
    defaults: dict[str, Any] = {
        "filename": "call.ogg",
        "title": "Call with Борис",
        "size": 0,
        "content_type": "audio/ogg",
        "upload_until": NOON + timedelta(days=7),
        "call": a_recorded_call(*tracks, names=names),
    }
    return a_recording(**defaults | changes)
