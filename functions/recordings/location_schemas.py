"""Locations on the wire; never the stored item."""

import unicodedata
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from functions.core.locations.model import Location

_NOT_TEXT: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_STEERING: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""What turns the direction of all that follows; the joiners that scripts need are none of it."""


def _line(text: str) -> str:
    """Accept text of any script that stays in its line; spaces count once."""
    if not _is_text(text.replace("\t", " ")):
        raise ValueError("may not hold control characters or line breaks")
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _lines(text: str) -> str:
    return "\n".join(map(_line, text.splitlines()))


def _visible(text: str) -> str:
    if not any(unicodedata.category(char)[0] in "LNPS" for char in text):
        raise ValueError("must show something")
    return text


def _is_text(text: str) -> bool:
    return not any(
        unicodedata.category(char) in _NOT_TEXT or unicodedata.bidirectional(char) in _STEERING for char in text
    )


LocationName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_line),
    AfterValidator(_visible),
]
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300), AfterValidator(_line)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000), AfterValidator(_lines)]


class LocationRequest(BaseModel):
    """A location as it shall be."""

    name: LocationName = Field(
        description="In any script; no other location may have it, whatever the case", examples=["Магазин на Невском"]
    )
    address: Address | None = Field(default=None, examples=["Невский проспект, 28"])
    note: Note | None = Field(default=None, description="For the people who work with it; lines are kept")

    def applied_to(self, location: Location) -> Location:
        """Return a location that is as was said; an empty address is none."""
        return replace(location, name=self.name, address=self.address or None, note=self.note or None)


class LocationView(BaseModel):
    """A place where conversations are recorded."""

    id: str
    name: str
    address: str | None
    note: str | None
    created_at: datetime

    @classmethod
    def of(cls, location: Location) -> "LocationView":
        """Show a location."""
        return cls(
            id=location.id,
            name=location.name,
            address=location.address,
            note=location.note,
            created_at=location.created_at,
        )
