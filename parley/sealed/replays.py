"""Which messages came already."""

from dataclasses import dataclass, field
from typing import Final

MOST_APART_MS: Final = 5 * 60 * 1000
"""How far a message's clock may be from the server's, either way."""
KEPT_MS: Final = 2 * MOST_APART_MS
"""A message that is forgotten here is too old to be believed a second time."""


@dataclass(slots=True)
class _Seen:
    last: int
    seqs: set[int] = field(default_factory=set)


class Replays:
    """Numbers of messages by call and sending device, for as long as the process lives."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}

    def claim(self, call: str, device_id: str, seq: int, now: int) -> bool:
        """Take a number for a message; False where another has it."""
        self._forget(now)
        seen = self._seen.setdefault((call, device_id), _Seen(now))
        seen.last = max(seen.last, now)
        if seq in seen.seqs:
            return False
        seen.seqs.add(seq)
        return True

    def _forget(self, now: int) -> None:
        for key in [key for key, seen in self._seen.items() if now - seen.last > KEPT_MS]:
            del self._seen[key]
