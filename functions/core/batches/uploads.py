"""How a batch of recordings to come is announced: their promises, and later their jobs, know their batch."""

from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from functions.core.batches.model import Batch, Entry
from functions.core.batches.side_by_side import side_by_side
from functions.core.batches.store import Batches, Whole
from functions.core.errors import NotFound
from functions.core.ids import new_id
from functions.core.observability import log
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.recordings.store import Recordings
from functions.core.repeats import Once
from functions.core.table import Changed


class BatchUploads:
    """Announces batches."""

    def __init__(self, *, batches: Batches, recordings: Recordings) -> None:
        self._batches = batches
        self._recordings = recordings

    def announce(
        self, batch: Batch, promises: Sequence[Recording], *, until: datetime, once: Once | None = None
    ) -> tuple[Whole, list[Recording]]:
        """Make a batch and the promises of its recordings, or find and complete what the same request made.

        Returns the recordings in the order of the promises; what is gone meanwhile stays as it was promised.

        Raises:
            Invalid: the key was used for another request.
        """
        # In the order of the request, by which a repetition knows them again.
        ids = sorted(new_id("recording") for _ in promises)
        whole = self._batches.add(replace(batch, upload_until=until), {one: Entry() for one in ids}, once=once)
        named = [
            replace(promise, id=one, batch_id=whole.batch.id)
            for one, promise in zip(sorted(whole.entries.entries), promises, strict=True)
        ]
        if whole.batch.id == batch.id:
            side_by_side(named, self._recordings.add_many)
            kept = named
        else:
            ended = set(whole.entries.entries) - set(whole.entries.open_ids)
            kept = [one for part in side_by_side(named, lambda part: self._again(part, until, ended)) for one in part]
        log.info("batch announced", batch_id=whole.batch.id, recordings=len(named))
        return self._batches.add_notes(whole, {}, lambda fresh: _announced(fresh, until)), kept

    def _again(self, named: Sequence[Recording], until: datetime, ended: Container[str]) -> list[Recording]:
        return [_over(one) if one.id in ended else self._one_again(one, until) for one in named]

    def _one_again(self, named: Recording, until: datetime) -> Recording:
        with suppress(Changed):
            self._recordings.add_many([named])
            return named
        with suppress(NotFound):
            return self._recordings.change(self._recordings.get(named.id), lambda fresh: fresh.promised(until))
        return _over(named)


def _over(recording: Recording) -> Recording:
    return replace(recording, stored_status=RecordingStatus.EXPIRED)


def _announced(batch: Batch, until: datetime) -> Batch:
    latest = max(until, batch.upload_until or until)
    return replace(batch, is_made=True, upload_until=latest)
