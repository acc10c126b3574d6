"""Somebody's devices, each with the keys that others seal for; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from functions.core.errors import Conflict, NotFound

MOST_DEVICES: Final = 5
"""An offer is sealed for each of them."""
AHEAD: Final = timedelta(minutes=5)
"""How far a device's clock may be ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One client with keys of its own."""

    id: str
    bundle: dict[str, str]
    """What its keys are, signed by itself; kept and shown as it came."""
    identity_key: str
    """base64url; it stays the same under this id for ever."""
    issued_at: datetime
    """As the bundle says."""
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceList:
    """All devices of one person, in one document: who calls needs all of them, at once."""

    id: str
    """The person's unique id."""
    devices: tuple[Device, ...] = ()
    log_length: int = 0
    """How many entries the key log has."""
    log_head: str = ""
    """The hash of the last one."""
    version: int = 0

    def find(self, device_id: str) -> Device | None:
        """Return one of them, or None."""
        return next((one for one in self.devices if one.id == device_id), None)

    def get(self, device_id: str) -> Device:
        """Return one of them; raises NotFound."""
        found = self.find(device_id)
        if found is None:
            raise NotFound("There is no such device.", code="no-device")
        return found

    def with_device(self, device: Device) -> "DeviceList":
        """Add a device, or renew its bundle; unchanged where it is the same.

        Raises:
            Conflict: there are too many, its keys are others than before, or the bundle is older than what is known.
        """
        known = self.find(device.id)
        if known is None:
            if len(self.devices) >= MOST_DEVICES:
                detail = f"You may have {MOST_DEVICES} devices; remove one first."
                raise Conflict(detail, code="too-many-devices", limit=MOST_DEVICES)
            return replace(self, devices=(*self.devices, device))
        if is_same(known.bundle, device.bundle):
            return self
        if known.identity_key != device.identity_key:
            raise other_keys()
        if device.issued_at < known.issued_at:
            raise Conflict("This bundle is older than the one that is known.", code="stale-bundle")
        renewed = replace(device, added_at=known.added_at)
        return replace(self, devices=tuple(renewed if one is known else one for one in self.devices))

    def without(self, device_id: str) -> "DeviceList":
        """Remove one; raises NotFound."""
        gone = self.get(device_id)
        return replace(self, devices=tuple(one for one in self.devices if one is not gone))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClaim:
    """An id of a device that was taken once, and by which key; it stays when the device goes."""

    id: str
    """`<unique id>#<device>`"""
    identity_key: str
    version: int = 0


def other_keys() -> Conflict:
    """Say that somebody would slip another key in."""
    return Conflict("A device keeps its keys; new keys are a new device, with a new id.", code="other-keys")


def is_same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Tell whether two bundles are the same to the byte."""
    return dict(one) == dict(other)
