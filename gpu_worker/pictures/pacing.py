"""Another number of frames a second than the source has."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

from gpu_worker.pictures.decoding import Shown

_FINEST: Final = 1001
"""The denominator of the finest usual rates."""


def paced(frames: Iterator[Shown], fps: float | None, end: Callable[[], Fraction]) -> Iterator[Shown]:
    """Show at every instant of the new rate what the source shows then; without a rate, the frames as they come.

    A frame is held or left out by when it is shown, never by its number. `end` is asked when the frames have ended.
    """
    if fps is None:
        yield from frames
        return
    rate = Fraction(fps).limit_denominator(_FINEST)
    number = 0
    held: Shown | None = None
    for shown in frames:
        while held is not None and number / rate < shown.time:
            yield Shown(held.frame, number / rate)
            number += 1
        held = shown
    while held is not None and number / rate < end():
        yield Shown(held.frame, number / rate)
        number += 1
