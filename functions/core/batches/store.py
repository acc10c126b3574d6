"""Batches in the library table.

Keys: `BATCH#<id>`, listed under `OWNER#<owner>#BATCHES`, is small and changes with every count; `BATCH_ENTRIES#<id>`
names the recordings, about 100 bytes each, and is in no list.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from functions.core.accounts.model import Caller
from functions.core.batches.model import Batch, Entries, Entry
from functions.core.clock import Clock
from functions.core.collection import Collection, Listing
from functions.core.errors import NotFound
from functions.core.repeats import Once, Repeats
from functions.core.table import Table


@dataclass(frozen=True, slots=True)
class Whole:
    """A batch with all its recordings."""

    batch: Batch
    entries: Entries


class Batches:
    """All batches."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._repeats = Repeats(table, clock=clock)
        self._batches = Collection(
            table,
            Batch,
            key=lambda batch_id: f"BATCH#{batch_id}",
            listed_under=lambda batch: (_list_of(batch.owner_id), batch.id),
        )
        self._entries = Collection(table, Entries, key=lambda batch_id: f"BATCH_ENTRIES#{batch_id}")

    def add(self, batch: Batch, entries: Mapping[str, Entry], *, once: Once | None = None) -> Whole:
        """Add a batch; a request that added one before gets that one.

        Raises:
            Invalid: the request's key was used for another one.
        """
        all_of_it = Entries(id=batch.id, entries=dict(entries))
        kept = self._entries.saved(all_of_it)
        counted = batch.counting(kept)
        made = self._repeats.make(
            batch.id, lambda: [self._batches.put(counted), self._entries.put(all_of_it)], once=once
        )
        return Whole(self._batches.saved(counted), kept) if made == batch.id else self.get(made)

    def find(self, batch_id: str) -> Whole | None:
        """Read a batch with all its recordings in one call, or None."""
        keys = self._batches.key_of(batch_id), self._entries.key_of(batch_id)
        batch, entries = map(self._table.get_many(keys).get, keys)
        if batch is None or entries is None:
            return None
        return Whole(self._batches.load(batch), self._entries.load(entries))

    def get(self, batch_id: str) -> Whole:
        """Read a batch with all its recordings; raises NotFound."""
        whole = self.find(batch_id)
        if whole is None:
            raise NotFound("There is no such batch.")
        return whole

    def look(self, owner_id: str, *, before: str | None, limit: int) -> Listing[Batch]:
        """List an owner's batches, newest first, older than the id `before`."""
        return self._batches.look("lists", _list_of(owner_id), before=before, limit=limit)

    def note(self, batch_id: str, notes: Mapping[str, Entry]) -> None:
        """Add what is not known yet of a batch's recordings and count them; nothing happens where the batch is gone."""
        whole = self.find(batch_id)
        if whole is not None:
            self.add_notes(whole, notes)

    def add_notes(
        self, whole: Whole, notes: Mapping[str, Entry], transition: Callable[[Batch], Batch] = lambda batch: batch
    ) -> Whole:
        """Add what is not known yet of a batch's recordings, count them, and change the batch besides."""
        with suppress(NotFound):
            # The count goes second: if it is missed, the next note finds it lagging behind.
            entries = self._entries.change(whole.entries, lambda fresh: fresh.noting(notes))
            batch = self._batches.change(whole.batch, lambda fresh: transition(fresh.counting(entries)))
            return Whole(batch, entries)
        return whole

    def forget_owner(self, owner_id: str) -> None:
        """Remove all batches of an owner; it may be interrupted and begin again."""
        while batches := self._batches.newest(_list_of(owner_id), before=None, limit=50):
            for batch in batches:
                # In this order, for the entries are found by their batch.
                self._table.write(self._entries.removal(batch.id))
                self._table.write(self._batches.removal(batch.id))


def seen_by(caller: Caller, whole: Whole | None) -> Whole:
    """Return the batch if the caller may see it; raises NotFound alike for none and for somebody else's."""
    if whole is None or not caller.may_see(whole.batch.owner_id):
        raise NotFound("There is no such batch.")
    return whole


def _list_of(owner_id: str) -> str:
    return f"OWNER#{owner_id}#BATCHES"
