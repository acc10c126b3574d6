"""Recordings in the library table.

Keys: `RECORDING#<id>`; listed by id, newest first, under `OWNER#<owner>#RECORDINGS`, in the index `everyone` under
`RECORDINGS`, in the index `places` under `LOCATION#<location>`. Deleted ones stand under `DELETED_RECORDINGS` only.
One that has been kept for as long as it was to be is there for nobody either, whether it is deleted yet or not.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from functions.core.accounts.model import Caller
from functions.core.clock import Clock
from functions.core.collection import RACES, Collection, Listing
from functions.core.errors import Conflict, NotFound
from functions.core.ids import first_id
from functions.core.jobs.model import Job
from functions.core.jobs.store import Jobs
from functions.core.recordings.duplicates import Duplicates
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.recordings.retention import Retention, Retentions
from functions.core.recordings.selection import Selection
from functions.core.repeats import Once, Repeats
from functions.core.table import Changed, Index, Put, Table, Where

EVERYONE: Final = "RECORDINGS"
DELETED: Final = "DELETED_RECORDINGS"
BROKEN_PROMISE_LIFE: Final = timedelta(days=7)
"""How long a recording that never got its bytes stays to be seen."""
MOST_LOOKED_AT: Final = 1000
"""Recordings that one page of a filtered list looks at."""
PAGE: Final = 100


class Recordings:
    """All recordings."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._jobs = Jobs(table, clock=clock)
        self._repeats = Repeats(table, clock=clock)
        self._duplicates = Duplicates(table)
        self._retentions = Retentions(table)
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
        made = self._repeats.make(recording.id, lambda: self._new(recording), once=once)
        return self._recordings.saved(recording) if made == recording.id else self.get(made)

    def add_many(self, recordings: Sequence[Recording]) -> None:
        """Add at most 50 recordings, all or none; raises Changed where one is there."""
        self._table.write(*(put for recording in recordings for put in self._new(recording)))

    def find(self, recording_id: str) -> Recording | None:
        """Read a recording that is there, or None."""
        recording = self._recordings.find(recording_id)
        return None if recording is None or not recording.is_there(self._clock()) else recording

    def find_anyhow(self, recording_id: str) -> Recording | None:
        """Read a recording, be it deleted or not, or None; to remove it."""
        return self._recordings.find(recording_id)

    def find_deleted(self, recording_id: str) -> Recording | None:
        """Read a recording that is deleted and not gone yet, or None."""
        recording = self._recordings.find(recording_id)
        return None if recording is None or recording.deleted_at is None else recording

    def get(self, recording_id: str) -> Recording:
        """Read a recording that is there; raises NotFound."""
        recording = self.find(recording_id)
        if recording is None:
            raise NotFound(f"There is no recording {recording_id}.")
        return recording

    def get_many(self, recording_ids: Sequence[str]) -> list[Recording]:
        """Read those recordings that are there, in the order asked for."""
        now = self._clock()
        return [one for one in self._recordings.get_many(recording_ids) if one.is_there(now)]

    def find_same(self, wanted: Recording) -> Recording | None:
        """Return the newest recording of the same owner that has the same bytes, as far as their senders said it."""
        if wanted.sha256 is None:
            return None
        found = self.get_many(self._duplicates.ids_of(wanted.owner_id, wanted.sha256))
        # A hash that nobody held against the bytes may be wrong; of the size S3 is sure.
        return next((one for one in found if one.size == wanted.size), None)

    def of_owner(self, owner_id: str, *, before: str | None, limit: int) -> list[Recording]:
        """List an owner's recordings that are not deleted, newest first, older than the id `before`."""
        return self._recordings.newest(_list_of(owner_id), before=before, limit=limit)

    def look(self, selection: Selection, *, before: str | None, limit: int) -> Listing[Recording]:
        """List the recordings that are asked for, newest first, older than the id `before`.

        One call, which looks at MOST_LOOKED_AT recordings: it may find fewer than `limit`, or none, where more follow.
        """
        now = self._clock()
        index, group = _place_of(selection)
        where = selection.where(now)
        since, end = selection.added.since, selection.added.before
        found = self._recordings.look(
            index,
            group,
            before=before if before is not None or end is None else first_id("recording", end),
            since=None if since is None else first_id("recording", since),
            where=where,
            limit=limit,
            look_at=None if where == Where() else MOST_LOOKED_AT,
        )
        return Listing([one for one in found.things if selection.fits(one, now)], found.following)

    def deleted(self, *, owner_id: str | None = None) -> Iterator[Recording]:
        """List deleted recordings that are not gone yet, the newest first: everybody's, or an owner's."""
        before: str | None = None
        while page := self._recordings.newest(DELETED, before=before, limit=PAGE):
            yield from (one for one in page if owner_id in {None, one.owner_id})
            before = page[-1].id

    def kept_too_long(self) -> Iterator[Retention]:
        """List the notes of recordings whose time is over and that are not gone yet."""
        return self._retentions.over(self._clock())

    def receive(self, recording: Recording, *, size: int, media_type: str, jobs: Sequence[Job]) -> Recording:
        """Take note of the bytes and add the jobs that they get, all or nothing; raises Changed."""
        received = recording.received(
            size=size, media_type=media_type, now=self._clock(), job_ids=tuple(job.id for job in jobs)
        )
        self._table.write(
            self._recordings.put(received), *(self._jobs.put(job) for job in jobs), *self._duplicates.note(received)
        )
        return self._recordings.saved(received)

    def add_job(
        self, recording: Recording, job_id: str, make: Callable[[Recording], Job], *, once: Once | None = None
    ) -> Job:
        """Add a further job to a recording, both or neither; a request that made one before gets that one.

        `make` sees the recording as it is when the job is added to it.

        Raises:
            NotFound: the recording is gone.
            Invalid: the request's key was used for another one.
            Exception: whatever `make` refuses.
        """
        read, made = [recording], list[Job]()

        def writes() -> list[Put]:
            fresh = read.pop() if read else self.get(recording.id)
            made.append(make(fresh))
            return [self._recordings.put(fresh.wanting(job_id)), self._jobs.put(made[-1])]

        made_id = self._repeats.make(job_id, writes, once=once)
        return self._jobs.saved(made[-1]) if made_id == job_id else self._jobs.get(made_id)

    def add_jobs(self, jobs: Sequence[tuple[Recording, Job]]) -> None:
        """Add a job to each of several recordings, all or nothing; raises Changed."""
        self._table.write(
            *(self._recordings.put(recording.wanting(job.id)) for recording, job in jobs),
            *(self._jobs.put(job) for _, job in jobs),
        )

    def change(self, recording: Recording, transition: Callable[[Recording], Recording]) -> Recording:
        """Apply a pure transition and save it, and until when the recording is kept, if that is another time now.

        Raises:
            NotFound: the recording is deleted meanwhile.
            Conflict: other writers won every race.
            Exception: whatever `transition` refuses.
        """
        for _ in range(RACES):
            if not recording.is_there(self._clock()):
                raise NotFound(f"There is no recording {recording.id}.")
            changed = transition(recording)
            if changed == recording:
                return recording
            try:
                self._table.write(self._recordings.put(changed), *self._retentions.following(recording, changed))
            except Changed:
                recording = self.get(recording.id)
            else:
                return self._recordings.saved(changed)
        raise Conflict("The recording is being changed by many at once; try again.", code="busy")

    def take_stock(self, recording_id: str) -> None:
        """Take note of how far a recording's jobs are; nothing happens where it is gone."""
        # The recording is read before its jobs: one that ends in between changes the recording as well.
        with suppress(NotFound):
            self.change(self.get(recording_id), lambda fresh: fresh.stocktaken(self._jobs.get_many(fresh.job_ids)))

    def take_stock_of(self, counted: Sequence[tuple[Recording, Sequence[Job]]]) -> None:
        """Take note of how far the jobs of several recordings are, as both were read, in one write where that goes."""
        stock = [(one, one.stocktaken(jobs)) for one, jobs in counted]
        changed = [fresh for one, fresh in stock if fresh is not one]
        if not changed:
            return
        try:
            self._table.write(*map(self._recordings.put, changed))
        except Changed:
            for one in changed:
                self.take_stock(one.id)

    def delete(self, recording: Recording) -> Recording:
        """Let a recording be there for nobody any more; what is its goes afterwards. Safe to do again."""
        return self._recordings.change(recording, lambda fresh: fresh.deleted(self._clock()))

    def delete_if_over(self, retention: Retention) -> bool:
        """Delete the recording that a note tells of, if its time is over; returns whether this did it."""
        recording = self._recordings.find(retention.recording_id)
        if recording is None:
            self._retentions.forget(retention)
            return False

        def end(fresh: Recording) -> Recording:
            return fresh.deleted(self._clock()) if fresh.is_over(self._clock()) else fresh

        ended = self._recordings.change(recording, end)
        return recording.deleted_at is None and ended.deleted_at is not None

    def erase(self, recording: Recording) -> None:
        """Remove a recording; raises Changed if it is not as it was read, for it may have got jobs meanwhile."""
        removal = self._recordings.removal(recording.id, seen=recording.version)
        self._table.write(removal, *self._retentions.following(recording, None))

    def erase_repeats_of(self, owner_id: str) -> None:
        """Forget which requests of an owner had an Idempotency-Key."""
        self._repeats.erase_of(owner_id)

    def _new(self, recording: Recording) -> list[Put]:
        return [self._recordings.put(recording), *self._retentions.beginning(recording)]


def seen_by(caller: Caller, recording: Recording | None) -> Recording:
    """Return the recording if the caller may see it; raises NotFound alike for none and for somebody else's."""
    if recording is None or not caller.may_see(recording.owner_id):
        raise NotFound("There is no such recording.")
    return recording


def _list_place(recording: Recording) -> tuple[str, str]:
    return (_list_of(recording.owner_id) if recording.deleted_at is None else DELETED, recording.id)


def _place_of(selection: Selection) -> tuple[Index, str]:
    """Return the shortest list that all the recordings asked for stand in."""
    if selection.owner_id is not None:
        return "lists", _list_of(selection.owner_id)
    if selection.location_id is not None:
        return "places", place_of(selection.location_id)
    return "everyone", EVERYONE


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
        *([] if recording.sha256 is None else [recording.sha256]),
    )
    return Once(owner_id=recording.owner_id, key=key, asked=asked)
