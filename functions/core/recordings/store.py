"""Recordings in the library table.

Keys: `RECORDING#<id>`; listed by id, newest first, under `OWNER#<owner>#RECORDINGS`, in the index `everyone` under
`RECORDINGS`, in the index `places` under `LOCATION#<location>`. Deleted ones stand under `DELETED_RECORDINGS` only.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from functions.core.accounts.model import Caller
from functions.core.clock import Clock
from functions.core.collection import Collection
from functions.core.errors import NotFound
from functions.core.jobs.model import Job
from functions.core.jobs.store import Jobs
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.repeats import Once, Repeats
from functions.core.table import Index, Put, Table

EVERYONE: Final = "RECORDINGS"
DELETED: Final = "DELETED_RECORDINGS"
BROKEN_PROMISE_LIFE: Final = timedelta(days=7)
"""How long a recording that never got its bytes stays to be seen."""


class Recordings:
    """All recordings."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._jobs = Jobs(table, clock=clock)
        self._repeats = Repeats(table, clock=clock)
        self._recordings = Collection(
            table,
            Recording,
            key=lambda recording_id: f"RECORDING#{recording_id}",
            listed_under=_list_place,
            also_under=_further_lists,
            expires_at=_expiry,
        )

    def add(self, recording: Recording, *, idempotency_key: str | None = None) -> Recording:
        """Add a recording; with a key that was used before, return what it made then.

        Raises:
            Invalid: the key was used for another request.
        """
        once = None if idempotency_key is None else _once(recording, idempotency_key)
        made = self._repeats.make(recording.id, lambda: [self._recordings.put(recording)], once=once)
        return self._recordings.saved(recording) if made == recording.id else self.get(made)

    def find(self, recording_id: str) -> Recording | None:
        """Read a recording that is not deleted, or None."""
        recording = self._recordings.find(recording_id)
        return None if recording is None or recording.deleted_at is not None else recording

    def find_deleted(self, recording_id: str) -> Recording | None:
        """Read a recording that is deleted and not gone yet, or None."""
        recording = self._recordings.find(recording_id)
        return None if recording is None or recording.deleted_at is None else recording

    def get(self, recording_id: str) -> Recording:
        """Read a recording that is not deleted; raises NotFound."""
        recording = self.find(recording_id)
        if recording is None:
            raise NotFound(f"There is no recording {recording_id}.")
        return recording

    def get_many(self, recording_ids: Sequence[str]) -> list[Recording]:
        """Read those recordings that exist and are not deleted, in the order asked for."""
        return [one for one in self._recordings.get_many(recording_ids) if one.deleted_at is None]

    def of_owner(self, owner_id: str, *, before: str | None, limit: int) -> list[Recording]:
        """List an owner's recordings, newest first, older than the id `before`."""
        return self._recordings.newest(_list_of(owner_id), before=before, limit=limit)

    def deleted(self, *, limit: int) -> list[Recording]:
        """List deleted recordings that are not gone yet, the newest first."""
        return self._recordings.newest(DELETED, before=None, limit=limit)

    def receive(self, recording: Recording, *, size: int, media_type: str, jobs: Sequence[Job]) -> Recording:
        """Take note of the bytes and add the jobs that they get, all or nothing; raises Changed."""
        received = recording.received(
            size=size, media_type=media_type, now=self._clock(), job_ids=tuple(job.id for job in jobs)
        )
        self._table.write(self._recordings.put(received), *(self._jobs.put(job) for job in jobs))
        return self._recordings.saved(received)

    def add_job(
        self, recording_id: str, job_id: str, make: Callable[[Recording], Job], *, once: Once | None = None
    ) -> Job:
        """Add a further job to a recording, both or neither; a request that made one before gets that one.

        `make` sees the recording as it is when the job is added to it.

        Raises:
            NotFound: the recording is gone.
            Invalid: the request's key was used for another one.
            Exception: whatever `make` refuses.
        """

        def writes() -> list[Put]:
            recording = self.get(recording_id)
            return [self._recordings.put(recording.wanting(job_id)), self._jobs.put(make(recording))]

        return self._jobs.get(self._repeats.make(job_id, writes, once=once))

    def change(self, recording: Recording, transition: Callable[[Recording], Recording]) -> Recording:
        """Apply a pure transition and save it; raises NotFound where the recording is deleted meanwhile."""

        def unless_deleted(fresh: Recording) -> Recording:
            if fresh.deleted_at is not None:
                raise NotFound(f"There is no recording {fresh.id}.")
            return transition(fresh)

        return self._recordings.change(recording, unless_deleted)

    def take_stock(self, recording_id: str) -> None:
        """Take note of how far a recording's jobs are; nothing happens where it is gone."""
        # The recording is read before its jobs: one that ends in between changes the recording as well.
        with suppress(NotFound):
            self.change(self.get(recording_id), lambda fresh: fresh.stocktaken(self._jobs.get_many(fresh.job_ids)))

    def delete(self, recording: Recording) -> Recording:
        """Let a recording be there for nobody any more; what is its goes afterwards. Safe to do again."""
        return self._recordings.change(recording, lambda fresh: fresh.deleted(self._clock()))

    def erase(self, recording: Recording) -> None:
        """Remove a recording; raises Changed if it is not as it was read, for it may have got jobs meanwhile."""
        self._table.write(self._recordings.removal(recording.id, seen=recording.version))

    def erase_repeats_of(self, owner_id: str) -> None:
        """Forget which requests of an owner had an Idempotency-Key."""
        self._repeats.erase_of(owner_id)


def seen_by(caller: Caller, recording: Recording | None) -> Recording:
    """Return the recording if the caller may see it; raises NotFound alike for none and for somebody else's."""
    if recording is None or not caller.may_see(recording.owner_id):
        raise NotFound("There is no such recording.")
    return recording


def _list_place(recording: Recording) -> tuple[str, str]:
    return (_list_of(recording.owner_id) if recording.deleted_at is None else DELETED, recording.id)


def _further_lists(recording: Recording) -> dict[Index, str]:
    if recording.deleted_at is not None:
        return {}
    place: dict[Index, str] = {} if recording.location_id is None else {"places": place_of(recording.location_id)}
    return {"everyone": EVERYONE, **place}


def place_of(location_id: str) -> str:
    """Return under what the recordings of a location are listed, whosever they are."""
    return f"LOCATION#{location_id}"


def _list_of(owner_id: str) -> str:
    return f"OWNER#{owner_id}#RECORDINGS"


def _expiry(recording: Recording) -> datetime | None:
    if recording.stored_status is RecordingStatus.AWAITING_UPLOAD:
        return recording.upload_until + BROKEN_PROMISE_LIFE
    return None


def _once(recording: Recording, key: str) -> Once:
    asked: Any = (
        recording.filename,
        recording.title,
        recording.size,
        recording.content_type,
        recording.language,
        recording.location_id,
        str(recording.recorded_at),
        [(process.kind, process.options) for process in recording.process],
    )
    return Once(owner_id=recording.owner_id, key=key, asked=asked)
