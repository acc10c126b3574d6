"""Locations as the API knows them; `raw` keeps the whole JSON, as in `parley.answers`."""

from dataclasses import dataclass
from typing import Any

from parley.transport import Transport, once, segment, understanding


@dataclass(frozen=True, slots=True)
class Location:
    """A place where recordings are made."""

    id: str
    name: str
    address: str | None
    note: str | None
    raw: dict[str, Any]


class LocationCalls(Transport):
    """What can be asked about locations."""

    def locations(self) -> list[Location]:
        """Return all of them by name."""
        return self._list("/v1/locations", _read)[0]

    def add_location(self, name: str, *, address: str | None, note: str | None) -> Location:
        """Add one; admins may."""
        response = self._ask("POST", "/v1/locations", json=_said(name, address, note), headers=once())
        with understanding(response):
            return _read(response.json())

    def rename_location(self, location: Location, name: str) -> Location:
        """Give one another name, and leave the rest as it is; admins may."""
        body = _said(name, location.address, location.note)
        response = self._ask("PUT", f"/v1/locations/{segment(location.id)}", json=body)
        with understanding(response):
            return _read(response.json())

    def remove_location(self, location_id: str) -> None:
        """Remove one where no recording stands; admins may."""
        self._ask("DELETE", f"/v1/locations/{segment(location_id)}")


def _said(name: str, address: str | None, note: str | None) -> dict[str, str]:
    known = {"name": name, "address": address, "note": note}
    return {field: value for field, value in known.items() if value is not None}


def _read(data: dict[str, Any]) -> Location:
    return Location(id=data["id"], name=data["name"], address=data.get("address"), note=data.get("note"), raw=data)
