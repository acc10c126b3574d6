"""What recordings add up to; pure.

A sheet holds what one person recorded at one location in one month: a row of counts for each day. Each recording stands
in one row of one sheet, and every question is answered by adding up rows, so that the answers agree whatever is asked
for: a day, a location, a seller, everybody. Counts are whole numbers: what was added can be taken away again exactly.
"""

import json
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeVar

from functions.core.recordings.model import Recording, RecordingStatus, Work

Row = list[int]
Of = TypeVar("Of")


@dataclass(frozen=True, slots=True)
class Counts:
    """What some recordings come to. Rows are stored by the order of these fields: new ones go to the end."""

    recordings: int = 0
    milliseconds: int = 0
    """Of sound, where it is known."""
    words: int = 0
    size: int = 0
    """Bytes of those that are here."""
    transcribed: int = 0
    timed_milliseconds: int = 0
    """Of sound of which it is known how long listening to it took ..."""
    listening_milliseconds: int = 0
    """... namely so long."""
    awaiting_upload: int = 0
    uploaded: int = 0
    refused: int = 0
    without_work: int = 0
    working: int = 0
    done: int = 0
    failed: int = 0

    @property
    def row(self) -> tuple[int, ...]:
        """All of them in order."""
        return tuple(getattr(self, name) for name in FIELDS)

    @property
    def realtime_factor(self) -> float | None:
        """How many seconds of sound a second of listening got through; None: nothing was listened to."""
        return self.timed_milliseconds / self.listening_milliseconds if self.listening_milliseconds else None

    def with_(self, other: "Counts") -> "Counts":
        """Count both."""
        return Counts(*map(operator.add, self.row, other.row))

    def without(self, other: "Counts") -> "Counts":
        """Count what is left; of what was never counted nothing can be taken away."""
        return Counts(*(max(0, mine - its) for mine, its in zip(self.row, other.row, strict=True)))


FIELDS: Final = tuple(Counts.__dataclass_fields__)
NOTHING: Final = Counts()
_ZEROS: Final = [0] * len(FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one recording adds, and where."""

    owner_id: str
    location_id: str | None
    day: str
    """The UTC day of the conversation, as in `2026-11-21`."""
    counts: Counts

    @property
    def sheet_id(self) -> str:
        """The sheet that it stands in."""
        # The location comes last: its id is whatever callers once said.
        return f"{self.owner_id}#{self.day[:7]}#{self.location_id or ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What one person recorded at one location in one month."""

    id: str
    owner_id: str
    location_id: str | None = None
    month: str
    rows: str = "{}"
    """Counts by day, as JSON: a table takes numbers one by one, and reads ten times as long for it."""
    version: int = 0

    def rows_by_day(self) -> dict[str, Row]:
        """Return the counts of each day that has any."""
        # A row of an earlier version may be shorter.
        return {day: row + _ZEROS[len(row) :] for day, row in json.loads(self.rows).items()}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is counted."""
        return self.rows == "{}"

    def changed(self, added: Iterable[Contribution], taken: Iterable[Contribution]) -> "Sheet":
        """Return the sheet with some contributions more and others less."""
        days = {day: Counts(*row) for day, row in self.rows_by_day().items()}
        for one in added:
            days[one.day] = days.get(one.day, NOTHING).with_(one.counts)
        for one in taken:
            days[one.day] = days.get(one.day, NOTHING).without(one.counts)
        rows = {day: counts.row for day, counts in sorted(days.items()) if counts != NOTHING}
        return replace(self, rows=json.dumps(rows, separators=(",", ":")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What sheets come to within some days."""

    total: Counts
    by_day: Mapping[str, Counts]
    by_location: Mapping[str | None, Counts]
    by_seller: Mapping[str, Counts]


def contribution(recording: Recording | None) -> Contribution | None:
    """Return what a recording adds by what it is itself, whatever the time; None for one that is deleted or gone."""
    if recording is None or recording.deleted_at is not None:
        return None
    return Contribution(
        owner_id=recording.owner_id,
        location_id=recording.location_id,
        day=(recording.recorded_at or recording.created_at).date().isoformat(),
        counts=_counts_of(recording),
    )


def blank(one: Contribution) -> Sheet:
    """Return the sheet that a contribution stands in as it is in the beginning."""
    return Sheet(id=one.sheet_id, owner_id=one.owner_id, location_id=one.location_id, month=one.day[:7])


def report(sheets: Iterable[Sheet], *, first: date, last: date) -> Report:
    """Add up what is on the days from `first` to `last`, both included; locations and sellers, the largest first."""
    start, end = first.isoformat(), last.isoformat()
    days, places, sellers = dict[str, Row](), dict[str | None, Row](), dict[str, Row]()
    # Rows and no Counts: there may be a million of them.
    for sheet in sheets:
        counted = {day: row for day, row in sheet.rows_by_day().items() if start <= day <= end}
        for day, row in counted.items():
            days[day] = _sum(days.get(day, _ZEROS), row)
        if counted:
            together = _sum(*counted.values())
            places[sheet.location_id] = _sum(places.get(sheet.location_id, _ZEROS), together)
            sellers[sheet.owner_id] = _sum(sellers.get(sheet.owner_id, _ZEROS), together)
    every = (date.fromordinal(number).isoformat() for number in range(first.toordinal(), last.toordinal() + 1))
    return Report(
        total=Counts(*_sum(*days.values())),
        by_day={day: Counts(*days.get(day, _ZEROS)) for day in every},
        by_location=_largest_first(places),
        by_seller=_largest_first(sellers),
    )


def _sum(*rows: Row) -> Row:
    return [sum(column) for column in zip(*rows, strict=True)]


def _largest_first(rows: Mapping[Of, Row]) -> dict[Of, Counts]:
    """Order by sound, then by recordings that nobody has heard yet."""
    counts = {of: Counts(*row) for of, row in rows.items()}
    return dict(sorted(counts.items(), key=lambda one: (-one[1].milliseconds, -one[1].recordings, str(one[0]))))


def _counts_of(recording: Recording) -> Counts:
    duration, listening = recording.duration, recording.listening_seconds
    is_timed = duration is not None and listening is not None
    status, work = recording.stored_status, recording.work
    return Counts(
        recordings=1,
        milliseconds=_milliseconds(duration),
        words=recording.words or 0,
        size=recording.size if status is RecordingStatus.UPLOADED else 0,
        transcribed=int(duration is not None),
        timed_milliseconds=_milliseconds(duration) if is_timed else 0,
        listening_milliseconds=_milliseconds(listening) if is_timed else 0,
        # Only the time tells whether a promise is over.
        awaiting_upload=int(status in {RecordingStatus.AWAITING_UPLOAD, RecordingStatus.EXPIRED}),
        uploaded=int(status is RecordingStatus.UPLOADED),
        refused=int(status is RecordingStatus.REFUSED),
        without_work=int(work is Work.NONE),
        working=int(work is Work.WORKING),
        done=int(work is Work.DONE),
        failed=int(work is Work.FAILED),
    )


def _milliseconds(seconds: float | None) -> int:
    return 0 if seconds is None else round(seconds * 1000)
