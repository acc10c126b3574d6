"""Colours on the wire and as numbers."""

import colorsys
from typing import Final

RGB = tuple[int, int, int]

_GOLDEN: Final = 0.618_033_988_749_895
"""Steps of so much of the circle of hues never come back to one, nor near to the last."""
_MIDDLE: Final = 128


def rgb(colour: str) -> RGB:
    """Read `#rrggbb`."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def light_of(colour: RGB) -> float:
    """Return how light a colour is: 0 to 255 (BT.709)."""
    red, green, blue = colour
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def random_colour(number: int, seed: int, background: RGB) -> RGB:
    """Return a colour for the text of a frame that can be read on this background; the same for the same numbers."""
    hue = (seed * _GOLDEN**2 + number * _GOLDEN) % 1
    value = 1.0 if light_of(background) < _MIDDLE else 0.4
    red, green, blue = (round(part * 255) for part in colorsys.hsv_to_rgb(hue, 0.65, value))
    return red, green, blue
