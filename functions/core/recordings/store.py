"""Recordings in the library table.

Keys: `RECORDING#<id>`; listed under `OWNER#<owner>#RECORDINGS` by id, newest first.
`IDEMPOTENCY#<owner>#<hash of the caller's key>` names the recording that a repeated request made the first time; listed
under `OWNER#<owner>#REPEATS`.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from functions.core.clock import Clock
from functions.core.collection import Collection
from functions.core.errors import Invalid, NotFound
from functions.core.jobs.model import Job
from functions.core.jobs.store import Jobs
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.table import Changed, Table

IDEMPOTENCY_LIFE: Final = timedelta(hours=24)
BROKEN_PROMISE_LIFE: Final = timedelta(days=7)
"""How long a recording that never got its bytes stays to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """What a request with an Idempotency-Key made."""

    id: str
    fingerprint: str
    recording_id: str
    until: datetime
    version: int = 0


class Recordings:
    """All recordings."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._jobs = Jobs(table, clock=clock)
        self._recordings = Collection(
            table,
            Recording,
            key=lambda recording_id: f"RECORDING#{recording_id}",
            listed_under=lambda recording: (_list_of(recording.owner_id), recording.id),
            expires_at=_expiry,
        )
        self._repeats = Collection(
            table,
            Repeat,
            key=lambda repeat_id: f"IDEMPOTENCY#{repeat_id}",
            listed_under=lambda repeat: (_repeats_of(repeat.id.split("#")[0]), repeat.id),
            expires_at=lambda repeat: repeat.until,
        )

    def add(self, recording: Recording, *, idempotency_key: str | None = None) -> Recording:
        """Add a recording; with a key that was used before, return what it made then.

        Raises:
            Invalid: the key was used for another request.
        """
        if idempotency_key is None:
            self._table.write(self._recordings.put(recording))
            return self._recordings.saved(recording)
        repeat = Repeat(
            id=f"{recording.owner_id}#{hashlib.sha256(idempotency_key.encode()).hexdigest()}",
            fingerprint=_fingerprint(recording),
            recording_id=recording.id,
            until=self._clock() + IDEMPOTENCY_LIFE,
        )
        return self._add_once(recording, repeat)

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

    def add_job(self, recording: Recording, job: Job) -> Recording:
        """Add a further job to a recording, both or neither; raises NotFound if the recording is gone."""
        while True:
            wanted = replace(recording, job_ids=(*recording.job_ids, job.id))
            try:
                self._table.write(self._recordings.put(wanted), self._jobs.put(job))
                return self._recordings.saved(wanted)
            except Changed:
                recording = self.get(recording.id)

    def change(self, recording: Recording, transition: Callable[[Recording], Recording]) -> Recording:
        """Apply a pure transition and save it."""
        return self._recordings.change(recording, transition)

    def erase(self, recording: Recording) -> None:
        """Remove a recording; raises Changed if it is not as it was read, for it may have got jobs meanwhile."""
        self._table.write(self._recordings.removal(recording.id, seen=recording.version))

    def erase_repeats_of(self, owner_id: str) -> None:
        """Forget which requests of an owner had an Idempotency-Key."""
        while repeats := self._repeats.newest(_repeats_of(owner_id), before=None, limit=100):
            for repeat in repeats:
                self._table.write(self._repeats.removal(repeat.id))

    def _add_once(self, recording: Recording, repeat: Repeat) -> Recording:
        earlier = self._repeats.find(repeat.id)
        if earlier is None or earlier.until <= self._clock():
            # An expired one that AWS has not deleted yet is replaced under its own version.
            fresh = replace(repeat, version=earlier.version if earlier else 0)
            try:
                self._table.write(self._recordings.put(recording), self._repeats.put(fresh))
                return self._recordings.saved(recording)
            except Changed:
                earlier = self._repeats.get(repeat.id)
        if earlier.fingerprint != repeat.fingerprint:
            raise Invalid("This Idempotency-Key was used for another request.", code="idempotency-key-reused")
        return self.get(earlier.recording_id)


def owned(recording: Recording | None, owner_id: str) -> Recording:
    """Return the recording if it is the owner's; raises NotFound alike for none and for somebody else's."""
    if recording is None or recording.owner_id != owner_id:
        raise NotFound("There is no such recording.")
    return recording


def _repeats_of(owner_id: str) -> str:
    return f"OWNER#{owner_id}#REPEATS"


def _list_of(owner_id: str) -> str:
    return f"OWNER#{owner_id}#RECORDINGS"


def _expiry(recording: Recording) -> datetime | None:
    if recording.stored_status is RecordingStatus.AWAITING_UPLOAD:
        return recording.upload_until + BROKEN_PROMISE_LIFE
    return None


def _fingerprint(recording: Recording) -> str:
    asked = (
        recording.filename,
        recording.title,
        recording.size,
        recording.content_type,
        recording.language,
        recording.location_id,
        str(recording.recorded_at),
        [(process.kind, process.options) for process in recording.process],
    )
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
