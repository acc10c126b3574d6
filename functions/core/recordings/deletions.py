"""What follows when a recording has been deleted: it is handed over to whoever removes what is its.

Through EventBridge, since that takes a while: each job has results, and each file its versions.
"""

import json
from collections.abc import Sequence
from typing import Final, Protocol

from functions.core.changes import Change
from functions.core.events import EventBus
from functions.core.observability import log

SOURCE: Final = "parley.library"
DETAIL_TYPE: Final = "Recording deleted"


class Deletions(Protocol):
    """Tells the house that a recording is deleted, so that it is removed soon."""

    def announce(self, recording_id: str) -> None:
        """Hand the recording over; one that gets lost is found by the daily housekeeping."""
        ...


class EventBridgeDeletions:
    """The real ones: EventBridge starts `functions.maintenance.remove`."""

    def __init__(self, *, installation: str = "") -> None:
        self._bus = EventBus(SOURCE, installation=installation)

    def announce(self, recording_id: str) -> None:
        """Hand the recording over; never fails, for it is there for nobody already and will be found."""
        failure = self._bus.put(DETAIL_TYPE, json.dumps({"recording_id": recording_id}))
        if failure is not None:
            log.error("a deletion could not be announced", recording_id=recording_id, code=failure)


class AnnouncingDeletions:
    """The reaction to it."""

    def __init__(self, deletions: Deletions) -> None:
        self._deletions = deletions

    def react(self, changes: Sequence[Change]) -> None:
        """Hand over what has become deleted."""
        for change in changes:
            recording_id = change.id_of("RECORDING#")
            if recording_id is not None and change.became("deleted_at") is not None:
                self._deletions.announce(recording_id)
