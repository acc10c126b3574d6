"""What flows from the picture to everything that writes it: a frame as characters."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Grid:
    """One frame; a few kilobytes, never changed once made."""

    number: int
    """Counts from 0."""
    time: Fraction
    """Seconds after the beginning at which it is shown; the first is shown at 0, and times rise."""
    glyphs: Bytes
    """(rows, columns): numbers of characters in the atlas."""
    colours: Bytes | None = None
    """(rows, columns, 3): red, green and blue of each cell; None: all have the one colour of the text."""
    text_colour: tuple[int, int, int] | None = None
    """Of this frame alone, where each has another."""
