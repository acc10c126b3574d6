"""Tells the index when what can be found has changed.

What a recording is found by changes when a transcription succeeds, when a transcript is corrected or taken away, and
with its date and location. A job that was only added has no transcript yet. Of recordings that are deleted, whoever
removes them tells the index.
"""

import json
from collections.abc import Sequence
from typing import Final, Protocol

from functions.core.changes import Change
from functions.core.errors import Unavailable
from functions.core.events import EventBus
from functions.core.jobs.model import Kind, Status

SOURCE: Final = "parley.library"
DETAIL_TYPE: Final = "Transcript changed"

_FOUND_BY: Final = ("corrections", "location_id", "recorded_at")


class Indexers(Protocol):
    """Whoever brings the index up to a recording."""

    def tell(self, owner_id: str, recording_id: str) -> None:
        """Hand a recording over.

        Raises:
            Unavailable: nobody took it.
        """
        ...


class EventBridgeIndexers:
    """The real one: EventBridge starts `functions.search.indexing`."""

    def __init__(self, *, installation: str = "") -> None:
        self._bus = EventBus(SOURCE, installation=installation)

    def tell(self, owner_id: str, recording_id: str) -> None:
        """Hand a recording over; raises Unavailable."""
        failure = self._bus.put(DETAIL_TYPE, json.dumps({"owner_id": owner_id, "recording_id": recording_id}))
        if failure is not None:
            raise Unavailable(f"The index could not be told of {recording_id} ({failure}).")


class SearchNews:
    """Reacts to changes of recordings and jobs."""

    def __init__(self, indexers: Indexers) -> None:
        self._indexers = indexers

    def react(self, changes: Sequence[Change]) -> None:
        """Tell of each recording once whose change concerns the index."""
        concerned = (found for change in changes if (found := _of_recording(change) or _of_job(change)))
        for owner_id, recording_id in dict.fromkeys(concerned):
            self._indexers.tell(owner_id, recording_id)


def _of_recording(change: Change) -> tuple[str, str] | None:
    recording_id = change.id_of("RECORDING#")
    if recording_id is None or change.old is None:
        return None
    new = change.new or {}
    is_gone = change.new is None and "deleted_at" not in change.old
    is_changed = change.new is not None and any(change.old.get(name) != new.get(name) for name in _FOUND_BY)
    has_lost_jobs = not set(change.old.get("job_ids", ())) <= set(new.get("job_ids", ())) and change.new is not None
    return (change.old["owner_id"], recording_id) if is_gone or is_changed or has_lost_jobs else None


def _of_job(change: Change) -> tuple[str, str] | None:
    if change.id_of("JOB#") is None or change.new is None or change.new["kind"] != Kind.TRANSCRIBE:
        return None
    is_done = change.became("status") == Status.SUCCEEDED
    return (change.new["owner_id"], change.new["recording_id"]) if is_done else None
