"""The places where conversations are recorded: shops, offices, rooms; pure."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from functions.core.errors import Conflict
from functions.core.recordings.model import folded

ORDERED_BYTES: Final = 128
"""How much of a name decides where it stands; a cursor holds it, too."""
_MARKS: Final = re.compile(r"[\u0300-\u0305\u0307-\u036f]")
"""Accents; but with the breve, й is another letter than и."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One place."""

    id: str
    name: str
    created_at: datetime
    address: str | None = None
    note: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationName:
    """A name that is taken, whatever its case and its way of writing the same letters."""

    id: str
    location_id: str
    version: int = 0


class LocationNameTaken(Conflict):
    """Another location has this name."""

    code = "location-name-taken"


class LocationInUse(Conflict):
    """Recordings stand there."""

    code = "location-in-use"


def name_id(name: str) -> str:
    """Return under what a name is taken."""
    # Characters that only join or part their neighbours show nothing of their own.
    shown = (char for char in folded(name) if unicodedata.category(char) != "Cf")
    return hashlib.sha256(" ".join("".join(shown).split()).encode()).hexdigest()


def place_in_list(location: Location) -> str:
    """Return where a location stands in a list that is read by falling keys and shall rise by name.

    The complement of each byte does that, and a character above all hex digits at the end puts a name before those
    that it begins.
    """
    complement = bytes(255 - byte for byte in _ordered_by(location.name).encode()[:ORDERED_BYTES])
    return f"{complement.hex()}~{location.id}"


def _ordered_by(name: str) -> str:
    """Return a name as it is put in order: ё as е, é as e, whatever the case, and shop 2 before shop 10."""
    bare = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", folded(name))))
    return re.sub(r"[0-9]+", lambda digits: digits[0].zfill(9), bare)
