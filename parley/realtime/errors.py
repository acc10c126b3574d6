"""What goes wrong between a client and the realtime door."""

from collections.abc import Mapping
from typing import Any, Final

from parley.errors import Failure

SENTENCES: Final = {
    "answered-elsewhere": "Another device answered.",
    "busy": "They are in another call.",
    "call-over": "The call is over.",
    "line-taken": "You are in another call.",
    "no-device": "This device is not registered any more.",
    "not-found": "There is no such call.",
    "too-fast": "Too much was sent at once. Try again in a moment.",
    "unreachable": "They cannot be called: call people who have confirmed you as a contact, and whose device is known.",
}


class LineLost(Exception):
    """The connection is not there any more, or never came to be."""


class Refusal(Failure):
    """The server's `error` in reply to a frame."""

    def __init__(self, frame: Mapping[str, Any]) -> None:
        """Read it; https and this door use the same slugs."""
        self.code = str(frame.get("code") or "error")
        self.frame = dict(frame)
        detail = frame.get("detail") or SENTENCES.get(self.code) or "The server refused it."
        super().__init__(f"{detail} ({self.code})")

    @property
    def retry_after(self) -> float:
        """Seconds that the server wants nothing of this for."""
        value = self.frame.get("retry_after")
        return float(value) if isinstance(value, int | float) else 1.0
