"""Ids: a prefix that says what it names, and a ULID, so that ids sort by time of creation."""

import re
from typing import Final

from ulid import ULID

PREFIXES: Final = {"user": "usr", "api_key": "key", "recording": "rec", "job": "job", "request": "req"}

_ID: Final = re.compile(rf"^({'|'.join(PREFIXES.values())})_[0-9A-HJKMNP-TV-Z]{{26}}$")


def new_id(thing: str) -> str:
    """Make an id for a `thing` named in PREFIXES, for example `rec_01JD...`."""
    return f"{PREFIXES[thing]}_{ULID()}"


def is_id(text: str, thing: str) -> bool:
    """Tell whether `text` has the form of a `thing`'s id."""
    return text.startswith(f"{PREFIXES[thing]}_") and _ID.match(text) is not None
