"""What a call wants done: said to the server, done with sound, or told to the person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class News(StrEnum):
    """What a person is told."""

    RING = "ring"
    RINGING_THERE = "ringing-there"
    ACCEPTED = "accepted"
    CONNECTED = "connected"
    RECORD = "record"
    DISTRUSTED = "distrusted"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Send:
    """Ask the server; its reply is handed back with the frame."""

    frame: dict[str, Any] = field(repr=False)

    @property
    def kind(self) -> str:
        """The frame's type."""
        return str(self.frame["type"])


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """Open the sound and describe it."""


@dataclass(frozen=True, slots=True)
class MakeAnswer:
    """Open the sound to an offer, or take in a changed one, and answer it."""

    sdp: str = field(repr=False)
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class TakeAnswer:
    """Take in the other side's description."""

    sdp: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddCandidates:
    """Take in ways to reach the other side; None: there are no more."""

    candidates: tuple[Mapping[str, Any] | None, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CloseMedia:
    """Close the sound."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the person."""

    news: News
    detail: Mapping[str, Any] = field(default_factory=dict)


Action = Send | MakeOffer | MakeAnswer | TakeAnswer | AddCandidates | CloseMedia | Tell
