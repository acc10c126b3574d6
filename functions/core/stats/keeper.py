"""Keeps the statistics true to the recordings, whatever happens in whatever order.

It never adds up what it is told: it reads a recording as it is now and what is counted of it, and writes the difference
together with what is counted from then on. So a change that comes twice, late or after another one does nothing a
second time, and one that got lost is made good by the next.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from functions.core.changes import Change
from functions.core.collection import RACES, Collection
from functions.core.errors import Conflict
from functions.core.recordings.model import Recording
from functions.core.stats.model import Contribution, blank, contribution
from functions.core.stats.store import Counted, counted_in, sheets_in
from functions.core.table import TRANSACTION_LIMIT, Changed, Delete, Put, Table, Unchanged, Write

PREFIX: Final = "RECORDING#"
TOGETHER: Final = TRANSACTION_LIMIT // 4
"""Recordings in one transaction: each is checked, its count is written, and two sheets at most change.

Writers only wait for each other where they change the same sheet: one person's at one location in one month. That takes
some 30 transactions a second, with up to so many recordings each.
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A recording that is counted as something else than it is."""

    recording_id: str
    seen: int | None
    """Its version; None: there is no such recording."""
    counted: Counted | None
    now: Contribution | None


class StatsKeeper:
    """Counts recordings that have changed."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._recordings = Collection(table, Recording, key=lambda recording_id: f"{PREFIX}{recording_id}")
        self._counted = counted_in(table)
        self._sheets = sheets_in(table)

    def react(self, changes: Sequence[Change]) -> None:
        """Count each recording that changed as it is now."""
        changed = (change.id_of(PREFIX) for change in changes)
        self.reconcile(list(dict.fromkeys(one for one in changed if one is not None)))

    def reconcile(self, recording_ids: Sequence[str]) -> None:
        """Count recordings as they are now; those that are counted so already cost no write.

        Raises:
            Conflict: other writers won every race.
        """
        for start in range(0, len(recording_ids), TOGETHER):
            self._settle(recording_ids[start : start + TOGETHER])

    def _settle(self, recording_ids: Sequence[str]) -> None:
        for _ in range(RACES):
            differences = list(self._differences(recording_ids))
            if not differences:
                return None
            with suppress(Changed):
                return self._table.write(
                    *map(self._check, differences), *map(self._note, differences), *self._moved(differences)
                )
        raise Conflict("The statistics are being changed by many at once; try again.", code="busy")

    def _differences(self, recording_ids: Sequence[str]) -> Iterator[Difference]:
        keys = [self._recordings.key_of(one) for one in recording_ids]
        notes = [self._counted.key_of(one) for one in recording_ids]
        found = self._table.get_many([*keys, *notes])
        for recording_id, key, note in zip(recording_ids, keys, notes, strict=True):
            recording = self._recordings.load(found[key]) if key in found else None
            counted = self._counted.load(found[note]) if note in found else None
            now = contribution(recording)
            if now != (counted.contribution if counted else None):
                yield Difference(recording_id, recording.version if recording else None, counted, now)

    def _check(self, one: Difference) -> Unchanged:
        # Without it: a recording is read here, deleted, the deletion finds nothing counted, and then it is counted.
        return Unchanged(self._recordings.key_of(one.recording_id), one.seen)

    def _note(self, one: Difference) -> Put | Delete:
        version = one.counted.version if one.counted else 0
        if one.now is None:
            return self._counted.removal(one.recording_id, seen=version)
        return self._counted.put(Counted.of(one.recording_id, one.now, version=version))

    def _moved(self, differences: Sequence[Difference]) -> Iterator[Write]:
        added, taken = defaultdict[str, list[Contribution]](list), defaultdict[str, list[Contribution]](list)
        for one in differences:
            if one.now is not None:
                added[one.now.sheet_id].append(one.now)
            if one.counted is not None:
                taken[one.counted.contribution.sheet_id].append(one.counted.contribution)
        sheet_ids = list({**added, **taken})
        kept = {sheet.id: sheet for sheet in self._sheets.get_many(sheet_ids)}
        for sheet_id in sheet_ids:
            before = kept.get(sheet_id) or blank([*added[sheet_id], *taken[sheet_id]][0])
            after = before.changed(added[sheet_id], taken[sheet_id])
            if after.rows == before.rows:
                continue
            yield self._sheets.removal(sheet_id, seen=before.version) if after.is_empty else self._sheets.put(after)
