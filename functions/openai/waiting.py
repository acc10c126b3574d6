"""How long a request waits for work that others do."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

Seen = TypeVar("Seen")

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 1.0
_GROWTH: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Looks again and again, for so many seconds."""

    seconds: float
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def until(self, look: Callable[[], Seen], is_enough: Callable[[Seen], bool]) -> Seen:
        """Return what `look` sees once that is enough, or what it saw last."""
        end, pause = self.now() + self.seconds, FIRST_PAUSE
        while not is_enough(seen := look()) and (left := end - self.now()) > 0:
            self.sleep(min(pause, left))
            pause = min(pause * _GROWTH, LONGEST_PAUSE)
        return seen
