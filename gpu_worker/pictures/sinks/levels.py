"""Sixteen steps from background to text: as many as four bits hold, and more than an edge of a glyph shows."""

from typing import Final

import numpy as np

from gpu_worker.pictures.grid import Bytes

LEVELS: Final = 16
TEXT: Final = LEVELS - 1
"""The level of pure text; that of pure background is 0."""


OPACITY: Final = np.arange(LEVELS, dtype=np.uint8) * np.uint8(255 // TEXT)
"""Of each level, where there is no background."""


def levels(coverage: Bytes) -> Bytes:
    """Round coverage from 0 to 255 to the nearest level."""
    nearest: Bytes = ((coverage.astype(np.uint16) * TEXT + 127) // 255).astype(np.uint8)
    return nearest


def ramp(background: Bytes, text: Bytes) -> Bytes:
    """Return the colour of each level for each colour of text: (..., levels, 3)."""
    level = np.arange(LEVELS, dtype=np.uint16)[:, None]
    blended: Bytes = ((background * (TEXT - level) + text[..., None, :] * level + TEXT // 2) // TEXT).astype(np.uint8)
    return blended


def fade(text: Bytes) -> Bytes:
    """Return the colour and opacity of each level where there is no background: (..., levels, 4).

    What nobody sees has no colour: it compresses better.
    """
    faded = np.zeros((*text.shape[:-1], LEVELS, 4), np.uint8)
    faded[..., 1:, :3] = text[..., None, :]
    faded[..., 3] = OPACITY
    return faded
