"""Until when recordings are kept: a note for each that shall end, found by its time.

Keys: `RETENTION#<time>#<recording>`; listed under `RETENTION` by time. Notes are written with their recordings, so that
there is one for just those that end. DynamoDB's own TTL would be no sooner than the daily housekeeping, and would take
the recording's document away before its bytes; nobody sees a recording whose time is over in any case.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from functions.core.collection import Collection
from functions.core.recordings.model import Recording
from functions.core.table import Delete, Put, Table

PAGE: Final = 100
_LIST: Final = "RETENTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """That a recording is to be deleted, and when; its id begins with the time."""

    id: str
    recording_id: str
    version: int = 0


class Retentions:
    """All such notes."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._retentions = Collection(
            table,
            Retention,
            key=lambda retention_id: f"RETENTION#{retention_id}",
            listed_under=lambda retention: (_LIST, retention.id),
        )

    def beginning(self, recording: Recording) -> list[Put]:
        """Return the write that goes with a new recording, if it shall end."""
        new = _retention_of(recording)
        return [] if new is None else [self._retentions.put(new)]

    def following(self, before: Recording, after: Recording | None) -> list[Put | Delete]:
        """Return the writes that go with a change of a recording, if it is kept until another time then."""
        old, new = _retention_of(before), _retention_of(after)
        if old == new:
            return []
        removals = [] if old is None else [self._retentions.removal(old.id)]
        return [*removals, *([] if new is None else [self._retentions.put(new)])]

    def over(self, now: datetime) -> Iterator[Retention]:
        """List what is over, the latest first."""
        before = _written(now + timedelta(seconds=1))
        while page := self._retentions.newest(_LIST, before=before, limit=PAGE):
            yield from page
            before = page[-1].id

    def forget(self, retention: Retention) -> None:
        """Remove the note of a recording that is gone."""
        self._table.write(self._retentions.removal(retention.id))


def _retention_of(recording: Recording | None) -> Retention | None:
    if recording is None or recording.keep_until is None:
        return None
    return Retention(id=f"{_written(recording.keep_until)}#{recording.id}", recording_id=recording.id)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
