"""When frames are shown. Time stamps of strangers are missing, repeated, run backwards and jump by years."""

from fractions import Fraction
from typing import Final

LONGEST_HOLE: Final = Fraction(600)
"""A frame may stand for so many seconds. A longer jump is a clock that was set anew: recordings were glued together."""
_SHORTEST_SETTING_BACK: Final = Fraction(1)


class Timeline:
    """Places frames so that the first is at 0 and times rise; two clocks may alternate, as where one frame is off."""

    def __init__(self) -> None:
        self.dropped = 0
        """Frames that would be shown when another is, or shortly before it."""
        self.jumps = 0
        """How often the clock was set anew."""
        self._began_at: Fraction | None = None
        self._began_before: Fraction | None = None
        self._last = Fraction(0)
        self._expected = Fraction(0)

    @property
    def end(self) -> Fraction:
        """When the last frame ends."""
        return self._expected

    def place(self, stamp: Fraction | None, lasts: Fraction) -> Fraction | None:
        """Return when a frame is shown that has this time stamp and lasts so long; None: it is left out."""
        time = self._time_of(stamp)
        if time is None:
            self.dropped += 1
            return None
        self._last = time
        self._expected = time + min(lasts, LONGEST_HOLE)
        return time

    def shifted(self, stamp: Fraction) -> Fraction:
        """Return when something else is heard that has this time stamp: sound."""
        return stamp - (self._began_at or 0)

    def _time_of(self, stamp: Fraction | None) -> Fraction | None:
        if self._began_at is None:
            self._began_at = stamp or Fraction(0)
            return Fraction(0)
        if stamp is None:
            return self._expected
        clocks = [began for began in (self._began_at, self._began_before) if began is not None]
        following = [began for began in clocks if 0 < stamp - began - self._last <= LONGEST_HOLE]
        if following:
            began = max(following)
            if began != self._began_at:
                self._began_at, self._began_before = began, self._began_at
            return stamp - began
        if -_SHORTEST_SETTING_BACK < stamp - self._began_at - self._last <= 0:
            return None
        self.jumps += 1
        self._began_at, self._began_before = stamp - self._expected, self._began_at
        return self._expected
