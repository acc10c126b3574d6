"""Frames as text: a ZIP of one file each."""

from fractions import Fraction

from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.sinks.lettering import Lettering
from gpu_worker.pictures.sinks.sink import Scene
from gpu_worker.pictures.sinks.zip_stream import ZipStream


class TextSink:
    """Writes `frame_000000.txt` and so on: UTF-8, each row ended by a line break.

    Deflated: that costs fifteen microseconds a frame and leaves two fifths of the bytes.
    """

    def __init__(self, scene: Scene) -> None:
        self._lettering = Lettering(scene.atlas.characters)
        self._file = scene.open_output(File.TXT)
        self._zip = ZipStream(self._file)

    def take(self, grid: Grid) -> None:
        """Add a frame."""
        self._zip.deflate(f"frame_{grid.number:06}.txt", self._lettering.lines(grid.glyphs).encode())

    def finish(self, end: Fraction) -> tuple[str, ...]:  # noqa: ARG002 - text has no times
        """Write the directory and close."""
        self._zip.finish()
        self._file.close()
        return ()

    def abort(self) -> None:
        """Close as it is."""
        self._file.close()
