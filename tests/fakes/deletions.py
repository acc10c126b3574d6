"""Removes at once what EventBridge would have removed in a moment."""

from functions.core.recordings.removal import Removal


class FakeDeletions:
    def __init__(self, removal: Removal) -> None:
        self.announced: list[str] = []
        self._removal = removal

    def announce(self, recording_id: str) -> None:
        self.announced.append(recording_id)
        self._removal.remove(recording_id)
