"""Whether a picture can be written as motion vectors into an atlas, before anything is drawn."""

from gpu_worker.pictures.h264.geometry import MACROBLOCK, USUAL_RATE, NotPossible, plan
from gpu_worker.pictures.h264.tiles import WIDTHS


def is_possible(  # noqa: PLR0913 - all by name
    *, width: int, height: int, cell_width: int, cell_height: int, glyphs: int, tiles: int | None = None
) -> bool:
    """Tell for a canvas and cells in pixels, at up to 60 frames a second.

    `tiles` is of how many different pieces, 16 pixels high, the glyphs are made, and one that is blank, where that is
    known (`tiles.cut` tells); otherwise all are taken to be different. 1920 pixels leave room for 256 tiles that are 16
    pixels wide, or 512 of 8.
    """
    if cell_width not in WIDTHS or cell_height <= 0 or cell_height % MACROBLOCK:
        return False
    if tiles is None:
        tiles = glyphs * (cell_height // MACROBLOCK) + 1
    try:
        plan(width, height, tiles=tiles, tiles_across=MACROBLOCK // cell_width).level(USUAL_RATE)
    except NotPossible:
        return False
    return True
