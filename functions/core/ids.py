"""Ids: a prefix that says what it names, and a ULID, so that ids sort by time of creation."""

from typing import Final

from ulid import ULID

PREFIXES: Final = {
    "api_key": "key",
    "audit_record": "aud",
    "challenge": "chl",
    "job": "job",
    "message": "msg",
    "recording": "rec",
    "request": "req",
    "session": "ses",
    "user": "usr",
}


def new_id(thing: str) -> str:
    """Make an id for a `thing` named in PREFIXES, for example `rec_01JD...`."""
    return f"{PREFIXES[thing]}_{ULID()}"
