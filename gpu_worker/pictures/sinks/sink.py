"""What takes the grids of a video."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Protocol

from functions.core.jobs.ascii_options import AsciiVideoOptions
from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.layout import Layout

OpenOutput = Callable[[File], BinaryIO]
"""Opens a file to be written from its beginning to its end; it can't be read, and nobody can go back in it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What all sinks of a video are given."""

    layout: Layout
    atlas: Atlas
    options: AsciiVideoOptions
    open_output: OpenOutput
    scratch: Path
    """A folder for what cannot be written from beginning to end."""
    rate: float = 60
    """The most frames in a second; as good as the source knows it."""


class Sink(Protocol):
    """Writes one file."""

    def take(self, grid: Grid) -> None:
        """Take the next frame."""
        ...

    def finish(self, end: Fraction) -> tuple[str, ...]:
        """Write what is left and close; the last frame was shown until `end`. Returns warnings for people."""
        ...

    def abort(self) -> None:
        """Close without a result: something broke, here or elsewhere."""
        ...
