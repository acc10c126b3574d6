"""Statistics in the library table.

Keys: `COUNTED#<recording>`, what is counted of a recording, listed under `OWNER#<owner>#COUNTED`;
`STATS#<owner>#<month>#<location>`, a sheet, listed by month under `OWNER#<owner>#STATS` and, in the index `everyone`,
under `STATS`.

There is no document for everybody's recordings, which all would wait to write: who asks for everybody's gets the sheets
of all. A sheet has up to 2.5 kB, so one call (1 MB) reads a month of 400 people, a year of 30, and whoever asks for
more waits 50 ms for each further MB.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from functions.core.collection import Collection
from functions.core.stats.model import Contribution, Counts, Sheet
from functions.core.table import Table, Where

EVERYBODY: Final = "STATS"
PAGE: Final = 1000
"""Sheets looked at in one call: no fewer than a call returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What of a recording stands in a sheet."""

    id: str
    owner_id: str
    location_id: str | None = None
    day: str
    counts: Counts
    version: int = 0

    @classmethod
    def of(cls, recording_id: str, one: Contribution, *, version: int) -> "Counted":
        """Note a contribution; `version` is that of the note before."""
        return cls(
            id=recording_id,
            owner_id=one.owner_id,
            location_id=one.location_id,
            day=one.day,
            counts=one.counts,
            version=version,
        )

    @property
    def contribution(self) -> Contribution:
        """Return it as it was counted."""
        return Contribution(owner_id=self.owner_id, location_id=self.location_id, day=self.day, counts=self.counts)


class Stats:
    """What all recordings add up to."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._counted = counted_in(table)
        self._sheets = sheets_in(table)

    def sheets_of(
        self, owner_id: str | None, *, first: date, last: date, location_id: str | None = None
    ) -> Iterator[Sheet]:
        """Return the sheets of somebody, or of everybody, with the days from `first` to `last`."""
        where = None if location_id is None else Where(equal={"location_id": location_id})
        # Keys go on with a "#" behind the month; "$" comes right after it.
        before: str | None = f"{last.isoformat()[:7]}$"
        while before is not None:
            found = self._sheets.look(
                "everyone" if owner_id is None else "lists",
                EVERYBODY if owner_id is None else _sheets_of(owner_id),
                since=first.isoformat()[:7],
                before=before,
                where=where,
                limit=PAGE,
                look_at=PAGE,
            )
            yield from found.things
            before = found.following

    def forget_owner(self, owner_id: str) -> None:
        """Remove what is counted of somebody whose recordings are gone."""
        # In this order: a sheet goes when nothing says any more that something is on it.
        while counted := self._counted.newest(_counted_of(owner_id), before=None, limit=PAGE):
            for one in counted:
                self._table.write(self._counted.removal(one.id))
        while sheets := self._sheets.newest(_sheets_of(owner_id), before=None, limit=PAGE):
            for sheet in sheets:
                self._table.write(self._sheets.removal(sheet.id))


def counted_in(table: Table) -> Collection[Counted]:
    """Return what is counted of each recording."""
    return Collection(
        table,
        Counted,
        key=lambda recording_id: f"COUNTED#{recording_id}",
        listed_under=lambda one: (_counted_of(one.owner_id), one.id),
    )


def sheets_in(table: Table) -> Collection[Sheet]:
    """Return all sheets."""
    return Collection(
        table,
        Sheet,
        key=lambda sheet_id: f"STATS#{sheet_id}",
        listed_under=lambda sheet: (_sheets_of(sheet.owner_id), f"{sheet.month}#{sheet.id}"),
        also_under=lambda _: {"everyone": EVERYBODY},
    )


def _counted_of(owner_id: str) -> str:
    return f"OWNER#{owner_id}#COUNTED"


def _sheets_of(owner_id: str) -> str:
    return f"OWNER#{owner_id}#STATS"
