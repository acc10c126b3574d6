"""The characters of a style, drawn."""

from dataclasses import dataclass

from gpu_worker.pictures.grid import Bytes


@dataclass(frozen=True, slots=True)
class Atlas:
    """Each glyph of a style as pixels of one cell; a glyph's number is its place."""

    characters: str
    """What each glyph is in text."""
    coverage: Bytes
    """(glyphs, height, width): 0 is background, 255 is text, between them the edge is blended."""
