"""Locations in the library table.

Keys: `LOCATION#<id>`, listed by name under `LOCATIONS`; `LOCATION_NAME#<hash of a name>`, so that each is taken once.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from functions.core.clock import Clock
from functions.core.collection import RACES, Collection
from functions.core.errors import Conflict, Invalid
from functions.core.locations.model import (
    Location,
    LocationInUse,
    LocationName,
    LocationNameTaken,
    name_id,
    place_in_list,
)
from functions.core.recordings.store import place_of
from functions.core.repeats import Once, Repeats
from functions.core.table import Changed, Put, Table, Write

LIST: Final = "LOCATIONS"


class Locations:
    """All locations. Everybody sees all of them."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._repeats = Repeats(table, clock=clock)
        self._locations = Collection(
            table,
            Location,
            key=lambda location_id: f"LOCATION#{location_id}",
            listed_under=lambda location: (LIST, place_in_list(location)),
        )
        self._names = Collection(table, LocationName, key=lambda name: f"LOCATION_NAME#{name}")

    def by_name(self, *, before: str | None, limit: int) -> list[Location]:
        """List locations by name, from behind the place `before`."""
        return self._locations.newest(LIST, before=before, limit=limit)

    def need(self, location_id: str) -> Location:
        """Return the location that a request names.

        Raises:
            Invalid: there is none.
        """
        location = self._locations.find(location_id)
        if location is None:
            raise Invalid(f"There is no location {location_id}; GET /v1/locations lists them.", code="unknown-location")
        return location

    def add(self, location: Location, *, once: Once | None = None) -> Location:
        """Add a location; a request that added one before gets that one.

        Raises:
            LocationNameTaken: another one has its name.
            Invalid: the request's key was used for another one.
        """

        def writes() -> list[Put]:
            if self._names.find(name_id(location.name)) is not None:
                raise _taken(location.name)
            return [self._locations.put(location), self._put_name(location)]

        made = self._repeats.make(location.id, writes, once=once)
        return self._locations.saved(location) if made == location.id else self._locations.get(made)

    def change(self, location_id: str, transition: Callable[[Location], Location]) -> Location:
        """Apply a pure transition to a location and its name, or to neither.

        Raises:
            NotFound: there is no such location.
            LocationNameTaken: another one has the new name.
        """
        for _ in range(RACES):
            location = self._locations.get(location_id)
            changed = transition(location)
            with suppress(Changed):
                self._table.write(self._locations.put(changed), *self._renaming(location, changed))
                return self._locations.saved(changed)
        raise _busy()

    def delete(self, location_id: str) -> None:
        """Remove a location.

        An index tells whether anything stands there, and is a moment late: a recording that was moved away just now may
        still count, and one that comes at this very moment may keep the id of a location that is gone.

        Raises:
            NotFound: there is no such location.
            LocationInUse: recordings stand there.
        """
        for _ in range(RACES):
            location = self._locations.get(location_id)
            if self._table.look("places", place_of(location_id), limit=1, look_at=1).documents:
                raise LocationInUse(
                    "Recordings stand at this location; one that was moved or deleted just now may count a moment "
                    f"longer. Find them with GET /v1/recordings?scope=all&location_id={location_id}."
                )
            name = self._names.removal(name_id(location.name))
            with suppress(Changed):
                return self._table.write(self._locations.removal(location.id, seen=location.version), name)
        raise _busy()

    def _renaming(self, location: Location, changed: Location) -> list[Write]:
        before, after = name_id(location.name), name_id(changed.name)
        if before == after:
            return []
        if self._names.find(after) is not None:
            raise _taken(changed.name)
        return [self._names.removal(before), self._put_name(changed)]

    def _put_name(self, location: Location) -> Put:
        return self._names.put(LocationName(id=name_id(location.name), location_id=location.id))


def _busy() -> Conflict:
    return Conflict("The location is being changed by many at once; try again.", code="busy")


def _taken(name: str) -> LocationNameTaken:
    return LocationNameTaken(f"There is a location called {name} already.")
