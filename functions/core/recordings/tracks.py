"""A recorded call: who wanted it recorded, and the tracks that both sides send of it; pure.

Each side records its own microphone and nothing else, so a track is one person. The owner's comes first everywhere:
it is the left channel of what the tracks are joined to.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from functions.core.errors import Conflict
from functions.core.jobs.model import Failure

SAME_TRACK: Final = "This track is here already; what was sent first stays."


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """That both sides of a call wanted it recorded: who said so, when, and to which text."""

    call_id: str
    requested_by: str
    """The owner of the recording, by the number that people call them by."""
    requested_at: datetime
    granted_by: str
    granted_at: datetime
    text: str

    @property
    def people(self) -> tuple[str, str]:
        """Both sides, the owner first."""
        return self.requested_by, self.granted_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What one side has heard of itself, or the promise of it."""

    by: str
    started_at: datetime
    """When its first sound was heard, by the server's clock."""
    size: int
    content_type: str
    media_type: str | None = None
    """What the content is; `content_type` is what was announced."""
    arrived_at: datetime | None = None
    error: Failure | None = None
    """Why what came was not kept; it may be sent again."""

    @property
    def is_here(self) -> bool:
        """Whether its bytes came and were kept."""
        return self.arrived_at is not None

    def is_same_as(self, other: "Track") -> bool:
        """Tell whether both announce the same."""
        return (self.by, self.started_at, self.size, self.content_type) == (
            other.by,
            other.started_at,
            other.size,
            other.content_type,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """What a recording knows of the call that it is of."""

    consent: Consent
    names: tuple[str, str]
    """What both sides are called, the owner first; whoever nobody named goes by their number."""
    tracks: tuple[Track, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for people about what is missing of it."""

    @property
    def here(self) -> tuple[Track, ...]:
        """The tracks that are here, the owner's first."""
        found = {track.by: track for track in self.tracks if track.is_here}
        return tuple(found[one] for one in self.consent.people if one in found)

    @property
    def is_complete(self) -> bool:
        """Whether both sides have sent theirs."""
        return len(self.here) == len(self.consent.people)

    def track_of(self, unique_id: str) -> Track | None:
        """Return somebody's track, here or promised."""
        return next((track for track in self.tracks if track.by == unique_id), None)

    def promised(self, track: Track, *, name: str | None) -> "RecordedCall":
        """Take note of a track that will come, and of what its side is called; the same again changes nothing.

        Raises:
            Conflict: another one is here already.
        """
        known = self.track_of(track.by)
        if known is not None and known.is_here:
            if known.is_same_as(track):
                return self
            raise Conflict(SAME_TRACK, code="track-is-here")
        return replace(self._with(track), names=self._named(track.by, name))

    def arrived(self, unique_id: str, *, media_type: str, now: datetime) -> "RecordedCall":
        """Take note that somebody's track is here; unchanged where that is known."""
        track = self.track_of(unique_id)
        if track is None or track.is_here:
            return self
        return self._with(replace(track, media_type=media_type, arrived_at=now, error=None))

    def refused(self, unique_id: str, why: Failure) -> "RecordedCall":
        """Take note that what came of a track is not kept; unchanged where it is here."""
        track = self.track_of(unique_id)
        return self if track is None or track.is_here else self._with(replace(track, error=why))

    def joined(self, notes: Sequence[str]) -> "RecordedCall":
        """Take note of what was missing when the tracks were joined."""
        return replace(self, notes=tuple(notes))

    def _with(self, track: Track) -> "RecordedCall":
        return replace(self, tracks=(*(one for one in self.tracks if one.by != track.by), track))

    def _named(self, unique_id: str, name: str | None) -> tuple[str, str]:
        """The owner decides what the other side is called; that side's own word counts where the owner has said none.

        Nobody can pass for the owner by taking their name.
        """
        owner, other = self.names
        if name is None:
            return self.names
        if unique_id == self.consent.requested_by:
            return told_apart(name, other, self.consent.granted_by)
        return told_apart(owner, name, unique_id) if other == self.consent.granted_by else self.names


def told_apart(owner: str, other: str, other_id: str) -> tuple[str, str]:
    """Return the names of both sides, so that nobody takes one for the other."""
    return (owner, f"{other} ({other_id})" if _folded(owner) == _folded(other) else other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
