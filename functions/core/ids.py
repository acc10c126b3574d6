"""Ids: a prefix that says what it names, and a ULID, so that ids sort by time of creation."""

from datetime import UTC, datetime, timedelta
from typing import Final

from ulid import ULID

PREFIXES: Final = {
    "api_key": "key",
    "audit_record": "aud",
    "batch": "bat",
    "call": "call",
    "challenge": "chl",
    "device": "dev",
    "job": "job",
    "location": "loc",
    "message": "msg",
    "recording": "rec",
    "request": "req",
    "session": "ses",
    "share": "shr",
    "user": "usr",
    "webhook": "whk",
}

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(thing: str) -> str:
    """Make an id for a `thing` named in PREFIXES, for example `rec_01JD...`."""
    return f"{PREFIXES[thing]}_{ULID()}"


def first_id(thing: str, at: datetime) -> str:
    """Return the id that no `thing` made at a moment or later comes before."""
    milliseconds = max(0, (at - _EPOCH) // timedelta(milliseconds=1))
    return f"{PREFIXES[thing]}_{ULID.from_bytes(milliseconds.to_bytes(6) + bytes(10))}"
