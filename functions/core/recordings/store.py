"""Recordings in the library table.

Keys: `RECORDING#<id>`; listed under `OWNER#<owner>#RECORDINGS` by id, newest first.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from functions.core.clock import Clock
from functions.core.collection import Collection
from functions.core.errors import NotFound
from functions.core.jobs.model import Job
from functions.core.jobs.store import Jobs
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.repeats import Once, Repeats
from functions.core.table import Put, Table

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
            listed_under=lambda recording: (_list_of(recording.owner_id), recording.id),
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
        """Read a recording, or None."""
        return self._recordings.find(recording_id)

    def get(self, recording_id: str) -> Recording:
        """Read a recording; raises NotFound."""
        return self._recordings.get(recording_id)

    def of_owner(self, owner_id: str, *, before: str | None, limit: int) -> list[Recording]:
        """List an owner's recordings, newest first, older than the id `before`."""
        return self._recordings.newest(_list_of(owner_id), before=before, limit=limit)

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
            wanted = replace(recording, job_ids=(*recording.job_ids, job_id))
            return [self._recordings.put(wanted), self._jobs.put(make(recording))]

        return self._jobs.get(self._repeats.make(job_id, writes, once=once))

    def change(self, recording: Recording, transition: Callable[[Recording], Recording]) -> Recording:
        """Apply a pure transition and save it."""
        return self._recordings.change(recording, transition)

    def erase(self, recording: Recording) -> None:
        """Remove a recording; raises Changed if it is not as it was read, for it may have got jobs meanwhile."""
        self._table.write(self._recordings.removal(recording.id, seen=recording.version))

    def erase_repeats_of(self, owner_id: str) -> None:
        """Forget which requests of an owner had an Idempotency-Key."""
        self._repeats.erase_of(owner_id)


def owned(recording: Recording | None, owner_id: str) -> Recording:
    """Return the recording if it is the owner's; raises NotFound alike for none and for somebody else's."""
    if recording is None or recording.owner_id != owner_id:
        raise NotFound("There is no such recording.")
    return recording


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
