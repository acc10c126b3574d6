"""Frames as pictures: a ZIP of one PNG each, as large as the canvas."""

from fractions import Fraction

import numpy as np

from functions.core.jobs.ascii_options import CellColours
from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.palette import RGB, rgb
from gpu_worker.pictures.sinks.levels import fade, ramp
from gpu_worker.pictures.sinks.png_file import ColourType, PngFormat, png
from gpu_worker.pictures.sinks.scanlines import ColourScanlines, level_scanlines
from gpu_worker.pictures.sinks.sink import Scene
from gpu_worker.pictures.sinks.zip_stream import ZipStream


class PngPainter:
    """Draws grids of one scene, one after the other.

    With one colour of text a pixel is four bits, a step on the way from background to text. Where each character has
    its own colour, a pixel is red, green and blue.
    """

    def __init__(self, scene: Scene) -> None:
        self._text = rgb(scene.options.text_color)
        self._background = None if scene.options.transparent_bg else rgb(scene.options.bg_color)
        many_colours = scene.options.colors is CellColours.SOURCE
        layout, coverage = scene.layout, scene.atlas.coverage
        self._size = layout.width, layout.height
        self._levels = level_scanlines(layout, coverage)
        self._coloured = ColourScanlines(layout, coverage, self._background) if many_colours else None

    def png(self, grid: Grid) -> bytes:
        """Return the grid as a PNG file."""
        if self._coloured is not None and grid.colours is not None:
            sort = ColourType.RGBA if self._background is None else ColourType.RGB
            return png(PngFormat(*self._size, sort, 8), self._coloured.draw(grid.glyphs, grid.colours))
        palette, alpha = self._palette(grid.text_colour or self._text)
        how = PngFormat(*self._size, ColourType.PALETTE, 4)
        return png(how, self._levels.draw(grid.glyphs), palette=palette, alpha=alpha)

    def _palette(self, text: RGB) -> tuple[bytes, bytes]:
        colour = np.array(text, np.uint8)
        if self._background is not None:
            return ramp(np.array(self._background, np.uint8), colour).tobytes(), b""
        faded = fade(colour)
        return faded[:, :3].tobytes(), faded[:, 3].tobytes()


class PngSink:
    """Writes `frame_000000.png` and so on."""

    def __init__(self, scene: Scene) -> None:
        self._painter = PngPainter(scene)
        self._file = scene.open_output(File.PNG)
        self._zip = ZipStream(self._file)

    def take(self, grid: Grid) -> None:
        """Add a frame."""
        self._zip.store(f"frame_{grid.number:06}.png", self._painter.png(grid))

    def finish(self, end: Fraction) -> tuple[str, ...]:  # noqa: ARG002 - pictures have no times
        """Write the directory and close."""
        self._zip.finish()
        self._file.close()
        return ()

    def abort(self) -> None:
        """Close as it is."""
        self._file.close()


def still(scene: Scene, grid: Grid) -> bytes:
    """Return one frame as a PNG file."""
    return PngPainter(scene).png(grid)
