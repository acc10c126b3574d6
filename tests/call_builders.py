"""Devices and calls that are valid by default; a test names only what it is about."""

from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from functions.core.accounts.model import User
from functions.core.calls.model import RING_FOR, Call
from functions.core.ids import new_id
from parley.sealed.device import Device, Secrets
from tests.builders import NOON


def some_keys() -> Secrets:
    return Secrets(identity=Ed25519PrivateKey.generate(), exchange=X25519PrivateKey.generate())


def a_device(
    unique_id: str, *, device_id: str | None = None, keys: Secrets | None = None, at: datetime = NOON
) -> Device:
    return Device.of(unique_id, device_id or new_id("device"), keys or some_keys(), issued_at=int(at.timestamp()))


def a_call(caller: User, callee: User, *, at: datetime = NOON, **changes: Any) -> Call:
    defaults: dict[str, Any] = {
        "id": new_id("call"),
        "caller": caller.unique_id,
        "callee": callee.unique_id,
        "caller_user_id": caller.id,
        "callee_user_id": callee.id,
        "caller_device": new_id("device"),
        "created_at": at,
        "ring_until": at + RING_FOR,
    }
    return Call(**defaults | changes)
