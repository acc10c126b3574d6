"""Glyphs of the font that comes with the worker: pictures must not depend on the machine."""

import functools
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gpu_worker.pictures.grid import Bytes

FONT_FILE: Final = Path(__file__).parent / "fonts" / "DejaVuSansMono.ttf"
_LARGEST: Final = 400
_SLACK_WIDTH: Final = 0.5
_SLACK_HEIGHT: Final = 1
"""Pixels by which a letter may leave its cell; what lies there is empty in nearly all of them."""


def drawn(character: str, width: int, height: int) -> Bytes:
    """Draw a character in the middle of a cell, as large as fits: (height, width), 255 is ink."""
    font = _fitting(width, height)
    ascent, descent = font.getmetrics()
    image = Image.new("L", (width, height), 0)
    place = ((width - font.getlength("M")) / 2, (height - (ascent + descent)) / 2)
    ImageDraw.Draw(image).text(place, character, fill=255, font=font)
    return np.array(image, np.uint8)


@functools.lru_cache(maxsize=8)
def _fitting(width: int, height: int) -> ImageFont.FreeTypeFont:
    low, high = 1, _LARGEST
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(_of_size(middle), width, height):
            low = middle
        else:
            high = middle - 1
    return _of_size(low)


def _fits(font: ImageFont.FreeTypeFont, width: int, height: int) -> bool:
    ascent, descent = font.getmetrics()
    return font.getlength("M") <= width + _SLACK_WIDTH and ascent + descent <= height + _SLACK_HEIGHT


def _of_size(size: int) -> ImageFont.FreeTypeFont:
    # Without the shaping library that some machines have and others have not.
    return ImageFont.truetype(str(FONT_FILE), size, layout_engine=ImageFont.Layout.BASIC)
