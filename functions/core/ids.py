"""Ids: a prefix that says what it names, and a ULID, so that ids sort by time of creation."""

from typing import Final

from ulid import ULID

PREFIXES: Final = {"user": "usr", "api_key": "key", "recording": "rec", "job": "job", "request": "req"}


def new_id(thing: str) -> str:
    """Make an id for a `thing` named in PREFIXES, for example `rec_01JD...`."""
    return f"{PREFIXES[thing]}_{ULID()}"
