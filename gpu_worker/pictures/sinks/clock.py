"""Whole ticks, as containers count time."""

from fractions import Fraction
from typing import Final

TICKS: Final = 360_000
"""In a second. So many are divided exactly by all usual rates (24, 25, 30, 48, 50, 60, 120, each also by 1.001), by
milliseconds, by the 600 of QuickTime and the 90,000 of MPEG; any other time is off by 1.4 microseconds at most."""
TICK: Final = Fraction(1, TICKS)


def ticks(time: Fraction) -> int:
    """Return the nearest tick."""
    return round(time * TICKS)
