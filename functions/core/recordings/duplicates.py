"""Which recordings of an owner hold the same bytes.

Keys: `SAME#<owner>#<sha256>#<recording>`, one for each recording, so that two that arrive at once are in nobody's way;
listed by id, newest first, under `SAME#<owner>#<sha256>`.
"""

from typing import Final

from functions.core.recordings.model import Recording
from functions.core.table import Delete, Put, Table

MOST_LOOKED_AT: Final = 10
"""Whoever keeps more copies than that, and deletes them newest first, may get one more."""


class Duplicates:
    """Takes note of what bytes recordings hold, as far as their senders said it."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, recording: Recording) -> list[Put]:
        """Return the writes by which a recording is found by its bytes, to go with the note of their arrival."""
        if recording.sha256 is None:
            return []
        place = (_same(recording.owner_id, recording.sha256), recording.id)
        return [Put(pk=_key(recording), document={"recording_id": recording.id}, listed_under=place)]

    def ids_of(self, owner_id: str, sha256: str) -> list[str]:
        """Return recordings of an owner that hold these bytes, the newest first; some may be deleted."""
        group = _same(owner_id, sha256)
        found = self._table.look("lists", group, limit=MOST_LOOKED_AT, look_at=MOST_LOOKED_AT)
        return [document["recording_id"] for document in found.documents]

    def remove_of(self, recording: Recording) -> None:
        """Forget what bytes a recording holds; safe to do again."""
        if recording.sha256 is not None:
            self._table.write(Delete(_key(recording)))


def _key(recording: Recording) -> str:
    return f"{_same(recording.owner_id, str(recording.sha256))}#{recording.id}"


def _same(owner_id: str, sha256: str) -> str:
    return f"SAME#{owner_id}#{sha256}"
