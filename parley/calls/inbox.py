"""Puts what another device sent into the order in which it was sent: the way here keeps none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

COMMUTES: Final = "ice"
"""Candidates mean the same in any order: waiting for each other, they would only make the call late."""
MOST_HELD: Final = 100


@dataclass(frozen=True, slots=True)
class Message:
    """What was in an envelope."""

    device: str
    seq: int
    type: str
    body: Mapping[str, Any] = field(repr=False)


class Inbox:
    """Messages of one device in one call."""

    def __init__(self) -> None:
        self.gap_since: float | None = None
        """Since when something is held back because something before it is missing."""
        self._held: dict[int, Message] = {}
        self._seen: set[int] = set()
        self._next = 0

    @property
    def wanted(self) -> int:
        """The first number that is missing."""
        return self._next

    def take(self, message: Message, now: float) -> list[Message]:
        """Take one in; returns what can be handled now. What came before is dropped."""
        if message.seq < self._next or message.seq in self._seen or len(self._held) >= MOST_HELD:
            return []
        self._seen.add(message.seq)
        if message.type == COMMUTES:
            return [message, *self._ready(now)]
        self._held[message.seq] = message
        return self._ready(now)

    def skip(self, now: float) -> list[Message]:
        """Give up what is missing before the first that is held back; returns what can be handled now."""
        self._next = min(self._held, default=self._next)
        return self._ready(now)

    def wait_on(self, now: float) -> None:
        """Wait for what is missing as long again."""
        if self.gap_since is not None:
            self.gap_since = now

    def _ready(self, now: float) -> list[Message]:
        ready = []
        first = self._next
        while self._next in self._seen:
            self._seen.discard(self._next)
            if message := self._held.pop(self._next, None):
                ready.append(message)
            self._next += 1
        if not self._held:
            self.gap_since = None
        elif self.gap_since is None or self._next > first:
            self.gap_since = now
        return ready
