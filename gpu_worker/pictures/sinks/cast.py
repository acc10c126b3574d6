"""A recording of a terminal: asciicast v2 (docs.asciinema.org/manual/asciicast/v2)."""

import json
from fractions import Fraction
from typing import Any, Final

from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.palette import rgb
from gpu_worker.pictures.sinks.sink import Scene
from gpu_worker.pictures.sinks.terminal import Terminal

_REDRAWN_EVERY: Final = 10
"""Seconds: players that seek, and screens that somebody else wrote on, are right again after that."""
_DECIMALS: Final = 6
_AFTERWARDS: Final = "\x1b[0m\x1b[?25h"
"""The terminal's own colours, and its cursor."""


class CastSink:
    """Writes what changes from frame to frame, to the microsecond."""

    def __init__(self, scene: Scene) -> None:
        options = scene.options
        self._terminal = Terminal(
            scene.atlas.characters, text=rgb(options.text_color), background=rgb(options.bg_color)
        )
        self._drawn_at: Fraction | None = None
        self._file = scene.open_output(File.CAST)
        self._write({"version": 2, "width": scene.layout.columns, "height": scene.layout.rows})

    def take(self, grid: Grid) -> None:
        """Write what changes."""
        if self._drawn_at is None or grid.time - self._drawn_at >= _REDRAWN_EVERY:
            self._terminal.forget()
            self._drawn_at = grid.time
        text = self._terminal.written(grid)
        if text:
            self._write_at(grid.time, text)

    def finish(self, end: Fraction) -> tuple[str, ...]:
        """Give the terminal back when the last frame ends."""
        self._write_at(end, _AFTERWARDS)
        self._file.close()
        return ()

    def abort(self) -> None:
        """Close as it is."""
        self._file.close()

    def _write_at(self, time: Fraction, text: str) -> None:
        self._write([round(float(time), _DECIMALS), "o", text])

    def _write(self, line: Any) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
