"""How a batch learns what becomes of its recordings: from the changes of jobs and recordings."""

from collections import defaultdict
from collections.abc import Sequence

from functions.core.batches.model import Entry, merged
from functions.core.batches.store import Batches
from functions.core.changes import Change
from functions.core.jobs.model import FINAL, Failure, Status
from functions.core.recordings.model import RecordingStatus
from functions.core.table import Document

Note = tuple[str, Entry]
"""A recording, and what is known of it."""
DELETED = Failure("recording-deleted", "The recording was deleted.")
NEVER_SENT = Failure("upload-expired", "The recording was never uploaded.")


class BatchProgress:
    """A reaction: the ends of all jobs of a batch that come together are noted together."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    def react(self, changes: Sequence[Change]) -> None:
        """Note what became of the recordings of batches."""
        found: dict[str, list[Note]] = defaultdict(list)
        for change in changes:
            batch_id = (change.new or change.old or {}).get("batch_id")
            if batch_id is not None and (note := _note_of(change)) is not None:
                found[batch_id].append(note)
        for batch_id, notes in found.items():
            self._batches.note(batch_id, merged(notes))


def _note_of(change: Change) -> Note | None:
    if change.id_of("JOB#") is not None:
        return _note_of_job(change.old, change.new)
    if change.id_of("RECORDING#") is not None:
        return _note_of_recording(change.old, change.new)
    return None


def _note_of_job(old: Document | None, new: Document | None) -> Note | None:
    job = new or old or {}
    if new is None:
        # One that had ended before is known by that change.
        end = None if job["status"] in FINAL else Status.CANCELLED
    elif job["status"] in FINAL:
        end = Status(job["status"])
    elif old is None:
        end = None
    else:
        return None
    return job["recording_id"], Entry(job_id=job["id"], end=end)


def _note_of_recording(old: Document | None, new: Document | None) -> Note | None:
    recording = new or old or {}
    if recording.get("job_ids"):
        return None  # its job tells
    if new is None:
        # Without its bytes it goes when its time is over.
        why = DELETED if recording.get("deleted_at") else NEVER_SENT
    elif new.get("deleted_at"):
        why = DELETED
    elif new["stored_status"] == RecordingStatus.REFUSED:
        why = Failure(**new["error"])
    else:
        return None
    return recording["id"], Entry(end=Status.FAILED, why=why)
