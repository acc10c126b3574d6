"""Which characters each style is drawn with, as text."""

from collections.abc import Mapping
from typing import Final

from functions.core.jobs.ascii_options import Style

RAMPS: Final[Mapping[Style, str]] = {
    Style.NORMAL: " .:-=+*#%@",
    Style.INVERTED: "@%#*+=-:. ",
    Style.DOTS: " ∙·∘○◎●",
    Style.GRADIENT: " ░▒▓█",
}
"""From dark to light."""

QUARTERS: Final = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
"""By the sum of the quarters that are lit: above left 1, above right 2, below left 4, below right 8."""

BRAILLE_BITS: Final = ((1, 8), (2, 16), (4, 32), (64, 128))
"""What each dot of a braille cell counts, row by row; U+2800 and their sum is the character."""

BRAILLE: Final = "".join(map(chr, range(0x2800, 0x2900)))
ASCII: Final = "".join(map(chr, range(0x20, 0x7F)))

CHARACTERS: Final[Mapping[Style, str]] = {
    **RAMPS,
    Style.BLOCKS: QUARTERS,
    Style.BRAILLE: BRAILLE,
    Style.STRUCTURAL: ASCII,
}
