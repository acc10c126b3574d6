"""Shares in the library table.

Keys: `SHARE#<id>`; listed under `RECORDING#<recording>#SHARES` by id.
"""

from typing import Final

from functions.core.clock import Clock
from functions.core.collection import Collection
from functions.core.errors import Conflict, NotFound
from functions.core.recordings.model import Recording
from functions.core.repeats import Once, Repeats
from functions.core.shares.model import Share
from functions.core.table import Put, Table

MOST_SHARES: Final = 100
"""Open links of one recording: all of them are shown together."""


class Shares:
    """All links."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._repeats = Repeats(table, clock=clock)
        self._shares = Collection(
            table,
            Share,
            key=lambda share_id: f"SHARE#{share_id}",
            listed_under=lambda share: (_list_of(share.recording_id), share.id),
            expires_at=lambda share: share.expires_at,
        )

    def add(self, share: Share, *, once: Once | None) -> Share:
        """Add a link; the same request again gets the one that it made.

        Raises:
            Conflict: the recording has too many.
            Invalid: the request's key was used for another one.
        """

        def writes() -> list[Put]:
            if len(self.of_recording(share.recording_id)) >= MOST_SHARES:
                raise Conflict(f"A recording may have {MOST_SHARES} links at most; revoke one.", code="too-many-shares")
            return [self._shares.put(share)]

        return self._shares.get(self._repeats.make(share.id, writes, once=once))

    def of_recording(self, recording_id: str) -> list[Share]:
        """List the links of a recording that are still open, newest first."""
        listed = self._shares.newest(_list_of(recording_id), before=None, limit=2 * MOST_SHARES)
        return [share for share in listed if share.is_open(self._clock())]

    def find_open(self, share_id: str) -> Share | None:
        """Read a link that still shows something, or None."""
        share = self._shares.find(share_id)
        return share if share is not None and share.is_open(self._clock()) else None

    def revoke(self, recording: Recording, share_id: str) -> None:
        """Close a link of a recording for good; raises NotFound."""
        share = self._shares.find(share_id)
        if share is None or share.recording_id != recording.id:
            raise NotFound("There is no such link.")
        self._table.write(self._shares.removal(share_id))

    def remove_of(self, recording: Recording) -> None:
        """Close all links of a recording that is being removed."""
        while shares := self._shares.newest(_list_of(recording.id), before=None, limit=MOST_SHARES):
            for share in shares:
                self._table.write(self._shares.removal(share.id))


def _list_of(recording_id: str) -> str:
    return f"RECORDING#{recording_id}#SHARES"
