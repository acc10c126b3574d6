"""A link by which others read a recording without an account; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Part(StrEnum):
    """What a link shows."""

    TRANSCRIPT = "transcript"
    SUMMARY = "summary"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One link. Its secret is not kept: `links.Links` makes it from the id."""

    id: str
    recording_id: str
    owner_id: str
    made_by: str
    parts: tuple[Part, ...]
    created_at: datetime
    expires_at: datetime
    label: str | None = None
    version: int = 0

    def is_open(self, now: datetime) -> bool:
        """Whether it still shows anything."""
        return now < self.expires_at
