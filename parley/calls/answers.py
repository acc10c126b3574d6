"""What the API answers about contacts, devices and calls; `raw` keeps the whole JSON, as in `parley.answers`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parley.answers import FormUpload


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who may call, or who was asked."""

    unique_id: str
    state: str
    is_secret: bool
    label: str | None
    introduced_as: str | None
    created_at: datetime
    raw: dict[str, Any]

    @property
    def name(self) -> str:
        """What they are called: by us, else by themselves, else their number."""
        return self.label or self.introduced_as or self.unique_id


@dataclass(frozen=True, slots=True)
class Blocked:
    """Somebody of whom nothing is heard."""

    unique_id: str
    created_at: datetime
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """A device that calls can be sealed for."""

    id: str
    bundle: Mapping[str, Any]
    added_at: datetime
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call that was, or is."""

    id: str
    direction: str
    other: str
    status: str
    created_at: datetime
    seconds: float
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class IceAnswer:
    """Where ways through networks are found."""

    servers: tuple[dict[str, Any], ...] = field(repr=False)
    is_relay_only: bool = False


@dataclass(frozen=True, slots=True)
class TrackUpload:
    """Where one side of a recorded call goes; None: it is there."""

    recording_id: str
    upload: FormUpload | None


def read_contact(data: dict[str, Any]) -> Contact:
    """Read a contact."""
    return Contact(
        unique_id=data["unique_id"],
        state=data["state"],
        is_secret=data["secret"],
        label=data.get("label"),
        introduced_as=data.get("introduced_as"),
        created_at=datetime.fromisoformat(data["created_at"]),
        raw=data,
    )


def read_blocked(data: dict[str, Any]) -> Blocked:
    """Read whom somebody has blocked."""
    return Blocked(data["unique_id"], datetime.fromisoformat(data["created_at"]), data)


def read_device(data: dict[str, Any]) -> RegisteredDevice:
    """Read a device."""
    return RegisteredDevice(data["id"], data["bundle"], datetime.fromisoformat(data["added_at"]), data)


def read_logged_call(data: dict[str, Any]) -> LoggedCall:
    """Read a call of the log."""
    return LoggedCall(
        id=data["id"],
        direction=data["direction"],
        other=data["other"],
        status=data["status"],
        created_at=datetime.fromisoformat(data["created_at"]),
        seconds=float(data.get("duration_seconds") or 0),
        raw=data,
    )


def read_ice(data: dict[str, Any]) -> IceAnswer:
    """Read ICE servers."""
    return IceAnswer(tuple(dict(one) for one in data["ice_servers"]), data["ice_transport_policy"] == "relay")


def read_track_upload(data: dict[str, Any]) -> TrackUpload:
    """Read where a track goes."""
    upload = data["upload"]
    form = None if upload is None else FormUpload(upload["url"], dict(upload["fields"]))
    return TrackUpload(data["recording"]["recording_id"], form)
