"""The renderer as the worker runs it, in this process."""

import io
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from bench.pictures.clips import Clip
from functions.core.jobs.ascii_options import AsciiVideoOptions
from functions.core.jobs.ascii_video import AsciiVideo, File
from gpu_worker.pictures.render import render


class Discarded(io.RawIOBase):
    """Takes whatever is written, as a connection to somewhere else does."""

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, block: Any) -> int:
        """Count it."""
        return len(block)


def rendered(clip: Clip, **options: Any) -> AsciiVideo:
    """Render a clip and keep nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        return render(
            io.BytesIO(clip.data),
            AsciiVideoOptions.model_validate({"width": clip.columns, "save_mp4": False} | options),
            open_output=_discard,
            scratch=Path(scratch),
            on_progress=lambda _: None,
            on_still=lambda _: None,
        )


def _discard(_: File) -> BinaryIO:
    return Discarded()  # type: ignore[return-value]
