"""How far a video has come."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """By when frames are shown, never by a number of frames that a file promises."""

    done: float
    """Seconds of the video."""
    total: float | None
    """Seconds, as the file says; None: it says nothing."""
    frames: int
    """Written so far."""
