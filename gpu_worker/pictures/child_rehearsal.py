"""Draws a few small pictures, so that all is loaded and compiled before the first video: those that are forked have it.

Imported for its effect, by the process that they are forked from. A child draws its first frame after a twentieth of
a second instead of half a second; and where the kernels are not compiled yet, no video waits for that.
"""

import io
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import av
import numpy as np

from functions.core.jobs.ascii_options import AsciiVideoOptions, CellColours, Style
from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.render import render

_EVERYTHING: Final = {f"save_{name}": True for name in ("mp4", "txt", "png", "gif", "cast")}
PROGRAMME: Final = (
    AsciiVideoOptions(width=40, **_EVERYTHING),
    AsciiVideoOptions(width=40, colors=CellColours.SOURCE, style=Style.BLOCKS, **_EVERYTHING),
    AsciiVideoOptions(width=33, random_colors=True, style=Style.BRAILLE, transparent_bg=True, **_EVERYTHING),
    AsciiVideoOptions(width=40, style=Style.STRUCTURAL),
    # With the first of all: the tiles of what is asked for most, in both sizes.
    AsciiVideoOptions(width=20),
)


def rehearse() -> None:
    """Draw everything that may be asked for, for nobody."""
    video = _video()
    for options in PROGRAMME:
        with TemporaryDirectory(prefix="parley-ascii-") as scratch:
            render(
                io.BytesIO(video),
                options,
                open_output=_into_nothing,
                scratch=Path(scratch),
                on_progress=lambda _: None,
                on_still=lambda _: None,
            )


def _video() -> bytes:
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(3):
            picture = np.full((240, 320, 3), 60 * number, np.uint8)
            picture[:, 80 * number :] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return made.getvalue()


def _into_nothing(_: File) -> io.BytesIO:
    return io.BytesIO()


if sys.argv[:1] == ["-c"]:
    # So the fork server is started. Whatever goes wrong here goes wrong again where somebody is told of it.
    with suppress(Exception):
        rehearse()
