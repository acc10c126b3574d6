"""From pixels to the light and colour of cells."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.grid import Bytes
from gpu_worker.pictures.kernels import Boxes, Places
from gpu_worker.pictures.layout import Layout
from gpu_worker.pictures.planes import Plane, Planes

_OF_RED_AND_BLUE: Final = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""How much red and blue count in light: BT.709, BT.601, BT.2020."""

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a frame looks like in the cells of a layout, upright."""

    light: Bytes
    """(rows and columns, each times its parts): as the source counts it."""
    is_full_range: bool
    colours: Bytes | None
    """(rows, columns, 3): red, green and blue; None: not asked for."""


class Sampler:
    """Measures frames. Where cells lie in a frame depends on its size, which may change on the way."""

    def __init__(self, layout: Layout, *, parts: tuple[int, int], rotation: int, with_colours: bool) -> None:
        self._rotation = rotation
        self._with_colours = with_colours
        self._has_parts = parts != (1, 1)
        down, across = parts
        x, y = _divided(layout.x_edges, across), _divided(layout.y_edges, down)
        self._parts = (x / layout.width, y / layout.height)
        self._cells = (layout.x_edges / layout.width, layout.y_edges / layout.height)
        self._boxes = lru_cache(maxsize=8)(self._made_boxes)

    def sample(self, planes: Planes) -> Sample:
        """Measure one frame."""
        size = (planes.width, planes.height)
        light = self._upright(self._boxes(*size, of_parts=True).means(planes.light.data, planes.light.stride))
        colours = None
        if self._with_colours:
            of_cells = self._cell_means(planes.light, size) if self._has_parts else light
            colours = self._colours(planes, of_cells)
        return Sample(light, planes.is_full_range, colours)

    def _colours(self, planes: Planes, light: Bytes) -> Bytes:
        if planes.blue is None or planes.red is None:
            grey = _expanded(light, planes)
            return np.round(np.repeat(grey[:, :, None], 3, axis=2)).clip(0, 255).astype(np.uint8)
        blue = self._cell_means(planes.blue, planes.colour_size)
        red = self._cell_means(planes.red, planes.colour_size)
        return rgb_of(light, blue, red, planes)

    def _cell_means(self, plane: Plane, size: tuple[int, int]) -> Bytes:
        return self._upright(self._boxes(*size, of_parts=False).means(plane.data, plane.stride))

    def _upright(self, measured: Bytes) -> Bytes:
        if not self._rotation:
            return measured
        return np.ascontiguousarray(np.rot90(measured, -self._rotation // 90))

    def _made_boxes(self, width: int, height: int, *, of_parts: bool) -> Boxes:
        x, y = self._parts if of_parts else self._cells
        is_on_its_side = self._rotation in {90, 270}
        across = _pixels(x, height if is_on_its_side else width)
        down = _pixels(y, width if is_on_its_side else height)
        if self._rotation in {90, 180}:
            across = _from_the_other_end(*across, height if is_on_its_side else width)
        if self._rotation in {180, 270}:
            down = _from_the_other_end(*down, width if is_on_its_side else height)
        return Boxes(*down, *across) if is_on_its_side else Boxes(*across, *down)


def rgb_of(light: Bytes, blue: Bytes, red: Bytes, planes: Planes) -> Bytes:
    """Return red, green and blue of the source's own three numbers."""
    of_red, of_blue = _OF_RED_AND_BLUE[planes.matrix]
    scale = 1.0 if planes.is_full_range else 255 / 224
    grey = _expanded(light, planes)
    more_red = (red - 128.0) * (scale * 2 * (1 - of_red))
    more_blue = (blue - 128.0) * (scale * 2 * (1 - of_blue))
    green = grey - (of_red * more_red + of_blue * more_blue) / (1 - of_red - of_blue)
    colours = np.stack([grey + more_red, green, grey + more_blue], axis=-1)
    return np.round(colours).clip(0, 255).astype(np.uint8)


def _expanded(light: Bytes, planes: Planes) -> Reals:
    grey: Reals = light.astype(np.float64)
    return grey if planes.is_full_range else (grey - 16) * (255 / 219)


def _divided(edges: NDArray[np.int32], parts: int) -> Reals:
    """Return the edges of the parts of cells."""
    count = len(edges) - 1
    return np.interp(np.arange(count * parts + 1) / parts, np.arange(count + 1), edges)


def _pixels(edges: Reals, size: int) -> tuple[Places, Places]:
    """Return where columns begin and end in pixels; of a picture that has fewer than columns, some share one."""
    places = np.round(edges * size).astype(np.int32)
    first = np.minimum(places[:-1], size - 1)
    return first, np.maximum(places[1:], first + 1)


def _from_the_other_end(first: Places, last: Places, size: int) -> tuple[Places, Places]:
    return (size - last)[::-1], (size - first)[::-1]
