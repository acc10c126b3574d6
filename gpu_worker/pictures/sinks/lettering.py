"""Grids as text."""

from typing import Final

import numpy as np

from gpu_worker.pictures.grid import Bytes

_UTF_32: Final = "utf-32-le"


class Lettering:
    """Writes glyphs as the characters that they are."""

    def __init__(self, characters: str) -> None:
        self._code_points = np.frombuffer(characters.encode(_UTF_32), np.dtype("<u4"))

    def lines(self, glyphs: Bytes) -> str:
        """Return the rows, each ended by a line break."""
        rows, columns = glyphs.shape
        text = np.full((rows, columns + 1), ord("\n"), self._code_points.dtype)
        text[:, :-1] = self._code_points[glyphs]
        return text.tobytes().decode(_UTF_32)

    def run(self, glyphs: Bytes) -> str:
        """Return glyphs of one row."""
        return self._code_points[glyphs].tobytes().decode(_UTF_32)
