"""What a key frame needs at hand: of each tile its drawing and what others see of it, and what is already written."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_worker.pictures.h264.bits import State, Words
from gpu_worker.pictures.h264.cavlc import Counts, Levels
from gpu_worker.pictures.h264.lattice import Drawings
from gpu_worker.pictures.h264.tiles import Colour, TileNumbers, Tiles

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]


class Sides(NamedTuple):
    """What a tile's neighbours are predicted from."""

    right: Numbers
    """(tiles): the one brightness of the upper four pixels at its right side; -1: they differ."""
    right_sum: Numbers
    """Of those four."""
    is_right_clear: Flags
    """Whether the whole side is as bright as the background."""
    colour_right: Numbers
    """(tiles, 2, 2): sums of four pixels, of blue and of red."""
    is_colour_right_clear: Flags
    below: Numbers
    below_sum: Numbers
    is_below_clear: Flags
    colour_below: Numbers
    is_colour_below_clear: Flags


class Desk(NamedTuple):
    """Arrays only, for compiled code."""

    buffer: Words
    state: State
    units: TileNumbers
    """The picture: tiles in rows, one or two of which are a macroblock."""
    blank: int
    ground: Colour
    drawings: Drawings
    has_levels: Flags
    """(tiles, 2, width / 8): of each quarter of a macroblock."""
    has_colour: Flags
    """(tiles): whether there is more than means."""
    sides: Sides
    modes: Counts
    """Of all 4 x 4 blocks of the picture, the first at 1, 1; -1 stands around it."""
    counts: Counts
    """Of levels, likewise."""
    chroma_counts: Counts
    """(2, ...)."""
    here: Numbers
    """The tiles of the macroblock in hand, those above it, and that to the left of each; -1: none."""
    above: Numbers
    beside: Numbers
    correction: Numbers
    """By how much each one's first block is to be lighter than it is drawn."""
    means: Levels
    """(2, 4): levels of the means of colours."""


def lay_desk(buffer: Words, state: State, units: TileNumbers, tiles: Tiles, sides: Sides) -> Desk:
    """Begin a picture."""
    across = 16 // tiles.width
    rows, columns = units.shape[0], units.shape[1] // across
    drawings = tiles.drawings
    quarters = drawings.levels.reshape(tiles.count, 2, 2, tiles.width // 8, 32)
    has_levels: Flags = np.any(quarters, axis=(2, 4))
    has_colour: Flags = np.any(drawings.chroma_levels, axis=(1, 2, 3, 4))
    return Desk(
        buffer=buffer,
        state=state,
        units=units,
        blank=tiles.blank,
        ground=tiles.background,
        drawings=drawings,
        has_levels=has_levels,
        has_colour=has_colour,
        sides=sides,
        modes=np.full((4 * rows + 1, 4 * columns + 1), -1, np.int8),
        counts=np.full((4 * rows + 1, 4 * columns + 1), -1, np.int8),
        chroma_counts=np.full((2, 2 * rows + 1, 2 * columns + 1), -1, np.int8),
        here=np.zeros(across, np.int64),
        above=np.zeros(across, np.int64),
        beside=np.zeros(across, np.int64),
        correction=np.zeros(across, np.int64),
        means=np.zeros((2, 4), np.int16),
    )


def look_at_sides(tiles: Tiles) -> Sides:
    """Look."""
    luma, chroma = tiles.drawings.luma.astype(np.int64), tiles.drawings.chroma.astype(np.int64)
    light, colours = tiles.background[0], tiles.background[1:, None]
    right, below = luma[:, :4, -1], luma[:, -1, :4]
    return Sides(
        right=_one_value(right),
        right_sum=right.sum(1),
        is_right_clear=(luma[:, :, -1] == light).all(1),
        colour_right=chroma[:, :, :, -1].reshape(tiles.count, 2, 2, 4).sum(3),
        is_colour_right_clear=(chroma[:, :, :, -1] == colours).all((1, 2)),
        below=_one_value(below),
        below_sum=below.sum(1),
        is_below_clear=(luma[:, -1] == light).all(1),
        colour_below=chroma[:, :, -1].reshape(tiles.count, 2, -1, 4).sum(3),
        is_colour_below_clear=(chroma[:, :, -1] == colours).all((1, 2)),
    )


def _one_value(pixels: Numbers) -> Numbers:
    return np.where((pixels == pixels[:, :1]).all(1), pixels[:, 0], -1)
