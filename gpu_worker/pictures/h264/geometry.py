"""Where everything lies in the coded picture, and what does not fit into one.

Motion vectors end at 2048 pixels to the left and 512 up or down (A.3.1, Table A-1, from level 3.1 on). So the coded
picture is at most 128 macroblocks wide, and each tile of the atlas is repeated below itself every 32 rows or fewer.
"""

from dataclasses import dataclass
from typing import Final

MACROBLOCK: Final = 16
"""Pixels in a row and in a column of a macroblock."""

MOST_COLUMNS: Final = 128
"""Macroblocks in a row of the coded picture: from the first to the last are 2032 pixels."""

REACH: Final = 31
"""Rows of macroblocks that a motion vector may go up or down: 496 pixels."""

USUAL_RATE: Final = 60
"""Frames a second, where nobody says how many there will be at the most."""

HORIZONTAL_BITS: Final = 13
VERTICAL_BITS: Final = 11
"""No motion vector is longer than two to the power of this, in quarters of a pixel."""

# Table A-1: level_idc, the most macroblocks a second, and the most in a frame. Of lower ones, some have shorter vectors
# and the others want every frame compressed twice as much (MinCR), which keys are not always.
_LEVELS: Final = (
    (41, 245_760, 8192),
    (42, 522_240, 8704),
    (50, 589_824, 22_080),
    (51, 983_040, 36_864),
    (52, 2_073_600, 36_864),
    (60, 4_177_920, 139_264),
    (61, 8_355_840, 139_264),
    (62, 16_711_680, 139_264),
)


class NotPossible(ValueError):
    """A picture that this writer cannot write."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """A coded picture, in macroblocks."""

    shown_width: int
    shown_height: int
    """In pixels, both even: half a pixel of colour cannot be cut off (6.2)."""
    columns: int
    """Of what is shown."""
    rows: int
    atlas_columns: int
    period: int
    """Rows after which the atlas repeats itself."""

    @property
    def coded_columns(self) -> int:
        """Of what is shown and of the atlas."""
        return self.columns + self.atlas_columns

    def level(self, rate: float) -> int:
        """Find the lowest level_idc that allows it at so many frames a second; if none does, the highest.

        Raises:
            NotPossible: it is too large for any.
        """
        size = self.coded_columns * self.rows
        longest_side = max(self.coded_columns, self.rows)
        fitting = [one for one in _LEVELS if size <= one[2] and longest_side**2 <= 8 * one[2]]
        if not fitting:
            raise NotPossible(f"no level of H.264 allows {size} macroblocks")
        return next((level for level, a_second, _ in fitting if size * rate <= a_second), fitting[-1][0])


def plan(width: int, height: int, *, tiles: int, tiles_across: int) -> Geometry:
    """Lay out a canvas and an atlas of so many tiles, `tiles_across` in each macroblock.

    Raises:
        NotPossible: motion vectors would have to be longer than they may be.
    """
    columns, rows = -(-width // MACROBLOCK), -(-height // MACROBLOCK)
    needed = -(-tiles // tiles_across)
    atlas_columns = -(-needed // min(rows, REACH + 1))
    if columns + atlas_columns > MOST_COLUMNS:
        raise NotPossible(f"{columns} columns and {atlas_columns} of the atlas are more than {MOST_COLUMNS}")
    return Geometry(
        shown_width=width + width % 2,
        shown_height=height + height % 2,
        columns=columns,
        rows=rows,
        atlas_columns=atlas_columns,
        period=-(-needed // atlas_columns),
    )
