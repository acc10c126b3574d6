"""How light a picture is to be: one table, which knows no frame, so that nothing flickers."""

import functools

import numpy as np

from gpu_worker.pictures.grid import Bytes

_BLACK, _WHITE = 16, 235
"""Of video that keeps the ends of the scale for itself, as most does."""


@functools.lru_cache(maxsize=8)
def tone_table(*, brightness: float, contrast: float, gamma: float, is_full_range: bool) -> Bytes:
    """Return for each of the 256 values of light that the source may have how light it is to be."""
    light = np.arange(256, dtype=np.float64)
    if not is_full_range:
        light = np.clip((light - _BLACK) * (255 / (_WHITE - _BLACK)), 0, 255)
    light = np.clip(light * brightness, 0, 255)
    light = np.clip((light - 128) * contrast + 128, 0, 255)
    light = 255 * (light / 255) ** (1 / gamma)
    table = np.round(light).astype(np.uint8)
    table.flags.writeable = False
    return table
