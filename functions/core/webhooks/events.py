"""What a change of a recording or a job is to its owner: thin events, with ids and no word that was said; pure."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from functions.core.changes import Change
from functions.core.webhooks.model import EventType

OF_UPLOAD: Final = {"uploaded": EventType.RECORDING_UPLOADED, "refused": EventType.RECORDING_REFUSED}
OF_JOB: Final = {
    "succeeded": EventType.JOB_SUCCEEDED,
    "failed": EventType.JOB_FAILED,
    "cancelled": EventType.JOB_CANCELLED,
}
EDITED: Final = ("title", "location_id", "recorded_at", "language", "corrections")
"""Fields of a recording that only people change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to what is an owner's."""

    type: EventType
    owner_id: str
    message_id: str
    timestamp: str
    data: Mapping[str, Any] = field(repr=False)

    @property
    def payload(self) -> str:
        """The body of its message."""
        return payload_of(self.type, self.timestamp, self.data)


def payload_of(event_type: str, timestamp: str, data: Mapping[str, Any]) -> str:
    """Return a message's body: ASCII, since receivers verify bytes and some decode them first, by whatever table."""
    return json.dumps({"type": event_type, "timestamp": timestamp, "data": data}, separators=(",", ":"))


def written(at: datetime) -> str:
    """Return a moment as all of the interface writes it."""
    return at.isoformat().replace("+00:00", "Z")


def derived_id(prefix: str, *parts: str) -> str:
    """Return the id that the same parts have every time."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"{prefix}_{base64.b32encode(digest[:16]).decode().rstrip('=')}"


def events_of(change: Change, now: datetime) -> Iterator[Event]:
    """Say what has happened, if anything that owners are told; the same change is the same messages."""
    new = change.new
    if new is None:
        return
    if change.id_of("RECORDING#"):
        found = _of_recording(change, new)
    elif change.id_of("JOB#"):
        found = _of_job(change, new)
    else:
        return
    for event_type, at, data in found:
        yield Event(
            type=event_type,
            owner_id=new["owner_id"],
            message_id=derived_id("msg", change.pk, str(new["version"]), event_type),
            timestamp=at or written(now),
            data=data,
        )


_Happening = tuple[EventType, str | None, dict[str, Any]]


def _of_recording(change: Change, new: Mapping[str, Any]) -> Iterator[_Happening]:
    if change.became("deleted_at"):
        gone = {"id": new["id"], "title": new["title"], "status": "deleted"}
        yield EventType.RECORDING_DELETED, new["deleted_at"], gone
        return
    if "deleted_at" in new:
        return
    event_type = OF_UPLOAD.get(change.became("stored_status"))
    if event_type is not None:
        yield event_type, new.get("uploaded_at"), _recording(new)
    changed = _edited(change.old, new)
    if changed:
        yield EventType.RECORDING_UPDATED, None, _recording(new) | {"changed": changed}
    if change.became("work") == "done":
        yield EventType.RECORDING_READY, None, _recording(new)


def _edited(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[str]:
    # What is empty and what is not there are one: documents get new fields with their next write.
    return [] if old is None else [name for name in EDITED if (old.get(name) or None) != (new.get(name) or None)]


def _of_job(change: Change, new: Mapping[str, Any]) -> Iterator[_Happening]:
    # An attempt after the first one is no start to its owner.
    if change.became("started_at"):
        yield EventType.JOB_STARTED, new["started_at"], _job(new)
    event_type = OF_JOB.get(change.became("status"))
    if event_type is not None:
        yield event_type, new.get("finished_at"), _job(new)


def _recording(new: Mapping[str, Any]) -> dict[str, Any]:
    path = f"/v1/recordings/{new['id']}"
    return {
        "id": new["id"],
        "title": new["title"],
        "status": new["stored_status"],
        "work": new["work"],
        "duration": new.get("duration"),
        "language": new.get("language") or new.get("heard_language"),
        "location_id": new.get("location_id"),
        "error": new.get("error"),
        "links": {"recording": path, "transcript": f"{path}/transcript", "summary": f"{path}/summary"},
    }


def _job(new: Mapping[str, Any]) -> dict[str, Any]:
    path = f"/v1/jobs/{new['id']}"
    return {
        "id": new["id"],
        "kind": new["kind"],
        "status": new["status"],
        "recording_id": new["recording_id"],
        "error": new.get("error"),
        "links": {"job": path, "result": f"{path}/result", "recording": f"/v1/recordings/{new['recording_id']}"},
    }
