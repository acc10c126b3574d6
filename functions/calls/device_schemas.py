"""Devices on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from functions.core.devices.key_log import LogEntry, Op
from functions.core.devices.model import Device, DeviceList

Base64Url = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern="^[A-Za-z0-9_-]+$")]


class Bundle(BaseModel):
    """A device's keys, signed by itself; the server keeps and shows it as it came."""

    b: Base64Url = Field(description="The body, base64url: `{v, uid, dev, ik, dh, iat}` as JSON")
    s: Base64Url = Field(description="Its Ed25519 signature, base64url")


class DeviceRequest(BaseModel):
    """A device to be registered, or its new bundle."""

    bundle: Bundle


class DeviceView(BaseModel):
    """A device that calls can be sealed for."""

    id: str
    bundle: Bundle
    added_at: datetime

    @classmethod
    def of(cls, device: Device) -> "DeviceView":
        """Show a device."""
        return cls(id=device.id, bundle=Bundle(**device.bundle), added_at=device.added_at)


class KeyLogState(BaseModel):
    """Where the history of somebody's keys ends."""

    length: int
    head: str = Field(description="The hash of the newest entry, base64url; of none: 32 zero bytes")


class DevicesView(BaseModel):
    """All devices of one person."""

    unique_id: str
    items: list[DeviceView]
    key_log: KeyLogState

    @classmethod
    def of(cls, found: DeviceList) -> "DevicesView":
        """Show them."""
        return cls(
            unique_id=found.id,
            items=[DeviceView.of(one) for one in found.devices],
            key_log=KeyLogState(length=found.log_length, head=found.log_head),
        )


class KeyLogEntryView(BaseModel):
    """One change of somebody's keys. Each entry names the one before by its hash (docs/calls.md)."""

    number: int
    prev_hash: str
    bundle_hash: str
    op: Op
    device_id: str
    at: int = Field(description="Milliseconds of the epoch")
    hash: str

    @classmethod
    def of(cls, entry: LogEntry) -> "KeyLogEntryView":
        """Show an entry."""
        return cls(
            number=entry.number,
            prev_hash=entry.prev_hash,
            bundle_hash=entry.bundle_hash,
            op=entry.op,
            device_id=entry.device_id,
            at=entry.milliseconds,
            hash=entry.hash,
        )
