import time
from typing import Final

_QUIET_SECONDS: Final = 5.0


class Progress:
    """Say from time to time, in plain lines that also a log can keep, how far a step is."""

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total = name, total
        self._started = self._said = time.monotonic()

    def at(self, done: int) -> None:
        """Say how much is done, unless that was said just now."""
        now = time.monotonic()
        if now - self._said >= _QUIET_SECONDS:
            self._said = now
            print(f"{self._name}: {done}/{self._total} after {now - self._started:.0f} s", flush=True)

    def end(self, summary: str) -> None:
        """Say what came of the step."""
        print(f"{self._name}: {summary}, {time.monotonic() - self._started:.0f} s", flush=True)
