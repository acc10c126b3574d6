"""The server's clock, as far as answers tell it."""

from typing import Final

SAMPLES: Final = 8
"""So many answers are remembered: a clock that is set anew is followed within them."""


class ServerClock:
    """How far this machine's clock is from the server's.

    An answer was written somewhere between question and arrival; halfway is the best guess, and the quickest
    answer leaves the least to guess (RFC 5905, section 10, says why).
    """

    def __init__(self) -> None:
        self._samples: list[tuple[float, float]] = []

    @property
    def offset(self) -> float:
        """Seconds to add to this machine's clock."""
        return min(self._samples)[1] if self._samples else 0.0

    def learn(self, server_time: float, *, took: float, arrived: float) -> None:
        """Take in an answer that took so many seconds and arrived at `arrived` on this machine's clock."""
        self._samples = [*self._samples, (took, server_time + took / 2 - arrived)][-SAMPLES:]
