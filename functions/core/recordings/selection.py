"""Which recordings of a list are asked for; pure.

A table compares texts: moments to the second are enough for it to find whatever may be meant, and `fits` decides.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from functions.core.recordings.model import MediaKind, Recording, RecordingStatus, Work, folded
from functions.core.table import Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time without its end; either may be open."""

    since: datetime | None = None
    before: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether a moment is in it."""
        return (self.since is None or at >= self.since) and (self.before is None or at < self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the recordings of a list shall be like; what is None does not matter."""

    owner_id: str | None
    location_id: str | None = None
    status: RecordingStatus | Work | None = None
    kind: MediaKind | None = None
    text: str | None = None
    added: Span = Span()
    recorded: Span = Span()

    def where(self, now: datetime) -> Where:
        """Return what a table can look for; it finds a little too much."""
        equal, at_least, below = dict[str, str](), dict[str, str](), dict[str, str]()
        match self.status:
            case RecordingStatus.AWAITING_UPLOAD:
                equal["stored_status"] = RecordingStatus.AWAITING_UPLOAD
                at_least["upload_until"] = _second(now)
            case RecordingStatus.EXPIRED:
                equal["stored_status"] = RecordingStatus.AWAITING_UPLOAD
                below["upload_until"] = _next_second(now)
            case RecordingStatus():
                equal["stored_status"] = self.status
            case Work():
                equal["work"] = self.status
        # Of everybody's, those of a location are a list of their own.
        if self.location_id is not None and self.owner_id is not None:
            equal["location_id"] = self.location_id
        if self.kind is not None:
            equal["media_kind"] = self.kind
        if self.recorded.since is not None:
            at_least["recorded_at"] = _second(self.recorded.since)
        if self.recorded.before is not None:
            below["recorded_at"] = _next_second(self.recorded.before)
        contains = {} if self.text is None else {"folded": folded(self.text)}
        return Where(equal=equal, contains=contains, at_least=at_least, below=below)

    def fits(self, recording: Recording, now: datetime) -> bool:
        """Tell whether one that a table has found is there, and meant."""
        if isinstance(self.status, RecordingStatus) and recording.status(now) is not self.status:
            return False
        is_meant = self.recorded == Span() or (
            recording.recorded_at is not None and self.recorded.holds(recording.recorded_at)
        )
        return is_meant and recording.is_there(now)


def _second(at: datetime) -> str:
    """Return what every moment of this second begins with as a text, in whatever detail it is written."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _next_second(at: datetime) -> str:
    return _second(at + timedelta(seconds=1))
