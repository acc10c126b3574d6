"""Where the cells of a picture lie."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from functions.core.jobs.ascii_options import Engine

Edges = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Layout:
    """Cells on the canvas: the picture as it is shown, upright and with square pixels."""

    width: int
    height: int
    """Of the canvas, in pixels; what is left of it beside the cells has the colour of the background."""
    columns: int
    rows: int
    x_edges: Edges
    """(columns + 1): where each cell begins, and where the last ends."""
    y_edges: Edges
    """(rows + 1)."""
    engine: Engine
    """What will write an MP4: DIRECT or X264."""

    @property
    def cell_width(self) -> int:
        """The width of the widest cell, in pixels."""
        return int(np.diff(self.x_edges).max())

    @property
    def cell_height(self) -> int:
        """The height of the highest cell, in pixels."""
        return int(np.diff(self.y_edges).max())
