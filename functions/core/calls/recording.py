"""Which calls are recorded, with the consent of both sides as they have signed it.

Keys: `CALL_RECORDING#<call>`, in the library table, where the recording is that it belongs to; those whose tracks are
awaited are listed under `CALL_RECORDINGS` by the time when nobody waits any longer. One recording a call: what is
deleted leaves a mark until the call itself is forgotten, so that the same statements make nothing anew.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from functions.core.calls.model import KEPT_FOR
from functions.core.clock import Clock
from functions.core.collection import Collection
from functions.core.errors import Conflict, Gone, NotFound
from functions.core.observability import log
from functions.core.recordings.joining import Joining
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.recordings.store import Recordings
from functions.core.recordings.tracks import Track
from functions.core.table import Changed, Delete, Put, Table

AWAITED_FOR: Final = timedelta(days=7)
"""How long tracks may come: a telephone may be without a network for days."""
KEPT_DAYS: Final = 30
"""How long the recording of a call is kept if its owner says nothing else."""
PAGE: Final = 100
_LIST: Final = "CALL_RECORDINGS"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecording:
    """That a call is recorded, and why it may be; its id is the call's."""

    id: str
    recording_id: str = ""
    owner: str = ""
    """Who asked for it, by the number that people call them by."""
    other: str = ""
    request: dict[str, str] = field(default_factory=dict)
    """Both statements as they were signed: whoever doubts them can check them again."""
    grant: dict[str, str] = field(default_factory=dict)
    awaited_until: datetime | None = None
    is_settled: bool = False
    """Whether nobody waits for its tracks any more."""
    deleted_at: datetime | None = None
    """When it was deleted; nothing but this is left of it then."""
    version: int = 0

    @property
    def people(self) -> tuple[str, str]:
        """Both sides, the owner first."""
        return self.owner, self.other


class CallRecordings:
    """All calls that are recorded."""

    def __init__(self, table: Table, *, recordings: Recordings, clock: Clock) -> None:
        self._table = table
        self._recordings = recordings
        self._clock = clock
        self._kept = Collection(
            table,
            CallRecording,
            key=lambda call_id: f"CALL_RECORDING#{call_id}",
            listed_under=_place,
            expires_at=_expiry,
        )

    def begin(self, wanted: Recording, *, request: dict[str, str], grant: dict[str, str]) -> Recording:
        """Make the recording of a call with the statements that allow it; the same ones again get the same recording.

        Raises:
            Conflict: the call is recorded with other statements.
            Gone: its recording was deleted.
        """
        call = wanted.call
        assert call is not None
        owner, other = call.consent.people
        new = CallRecording(
            id=call.consent.call_id,
            recording_id=wanted.id,
            owner=owner,
            other=other,
            request=dict(request),
            grant=dict(grant),
            awaited_until=wanted.upload_until,
        )
        kept = self._kept.find(new.id) or self._add(new)
        if kept.deleted_at is not None:
            raise Gone("The recording of this call was deleted.", code="recording-deleted")
        if (kept.owner, kept.request, kept.grant) != (owner, new.request, new.grant):
            raise Conflict("This call is recorded already.", code="already-recorded")
        return self._recording(kept, wanted)

    def of(self, call_id: str, unique_id: str) -> tuple[CallRecording, Recording]:
        """Return what one of the two sides of a call may know of its recording.

        Raises:
            NotFound: there is none, it was deleted, or it is somebody else's call: the three are never told apart.
        """
        kept = self._kept.find(call_id)
        recording = None if kept is None else self._recordings.find(kept.recording_id)
        if kept is None or recording is None or unique_id not in set(filter(None, kept.people)):
            raise NotFound("There is no recording of such a call.", code="not-recorded")
        return kept, recording

    def promise(self, recording: Recording, track: Track, *, name: str | None) -> Recording:
        """Take note of a track that will come; raises NotFound, or Conflict where another one is here."""

        def note(fresh: Recording) -> Recording:
            if fresh.call is None:
                return fresh
            return replace(fresh, call=fresh.call.promised(track, name=name))

        return self._recordings.change(recording, note)

    def delete(self, kept: CallRecording, recording: Recording) -> None:
        """Delete the recording of a call and all that was kept for it, whoever of the two asks."""
        self._recordings.delete(recording)
        self._mark_deleted(kept)

    def remove_of(self, recording: Recording) -> None:
        """Remove what is kept for a recording that is being removed; a mark stays that there was one."""
        kept = None if recording.call is None else self._kept.find(recording.call.consent.call_id)
        if kept is not None and kept.recording_id == recording.id:
            self._mark_deleted(kept)

    def settle_overdue(self, joining: Joining) -> int:
        """Join what is here of calls whose other track never came; returns how many were joined. For housekeeping."""
        joined = 0
        for kept in self._overdue():
            try:
                joined += self._settle(kept, joining)
            except Exception:  # noqa: BLE001 (the others are not held up; this one is tried again the next day)
                log.error("a recorded call could not be settled", call_id=kept.id)
        return joined

    def _settle(self, kept: CallRecording, joining: Joining) -> bool:
        recording = self._recordings.find_anyhow(kept.recording_id)
        if recording is None:
            # Nobody sent anything, and so it went by itself.
            self._write(self._kept.removal(kept.id, seen=kept.version))
            return False
        if recording.call is None or not recording.call.here:
            return False
        is_awaited = recording.stored_status is RecordingStatus.AWAITING_UPLOAD and recording.is_there(self._clock())
        is_due = is_awaited and not joining.has_begun(recording)
        if is_awaited:
            # Also where that has begun: whoever began it may have died before any queue knew.
            joining.join(recording, request_id=recording.request_id)
        self._write(self._kept.put(replace(kept, is_settled=True)))
        return is_due

    def _add(self, new: CallRecording) -> CallRecording:
        try:
            self._table.write(self._kept.put(new))
        except Changed:
            return self._kept.get(new.id)
        return self._kept.saved(new)

    def _recording(self, kept: CallRecording, wanted: Recording) -> Recording:
        recording = self._recordings.find_anyhow(kept.recording_id)
        if recording is None:
            # New; or whoever came first has died before it was made.
            with suppress(Changed):
                self._recordings.add_many([replace(wanted, id=kept.recording_id)])
            recording = self._recordings.find_anyhow(kept.recording_id)
        if recording is None or not recording.is_there(self._clock()):
            raise Gone("The recording of this call was deleted.", code="recording-deleted")
        return recording

    def _mark_deleted(self, kept: CallRecording) -> None:
        mark = CallRecording(id=kept.id, deleted_at=self._clock())
        self._kept.change(kept, lambda fresh: fresh if fresh.deleted_at else replace(mark, version=fresh.version))

    def _write(self, write: Put | Delete) -> None:
        """Write unless somebody else just has: then it is looked at again tomorrow."""
        with suppress(Changed):
            self._table.write(write)

    def _overdue(self) -> Iterator[CallRecording]:
        before: str | None = _written(self._clock())
        while page := self._kept.newest(_LIST, before=before, limit=PAGE):
            yield from page
            before = _rank(page[-1])


def _place(kept: CallRecording) -> tuple[str, str] | None:
    return None if kept.is_settled or kept.awaited_until is None else (_LIST, _rank(kept))


def _rank(kept: CallRecording) -> str:
    return f"{_written(kept.awaited_until)}#{kept.id}" if kept.awaited_until else ""


def _written(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _expiry(kept: CallRecording) -> datetime | None:
    return kept.deleted_at + KEPT_FOR if kept.deleted_at is not None else None
