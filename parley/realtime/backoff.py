"""How long to wait before the next try to connect."""

from collections.abc import Callable
from typing import Final

FIRST: Final = 0.5
LONGEST: Final = 15.0


class Backoff:
    """Full jitter: anything between nothing and a bound that doubles.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._tries = 0

    def next(self) -> float:
        """Return the pause in seconds before the next try."""
        bound = min(LONGEST, FIRST * float(1 << min(self._tries, 10)))
        self._tries += 1
        return bound * self._chance()

    def reset(self) -> None:
        """Begin anew: a connection proved good."""
        self._tries = 0
