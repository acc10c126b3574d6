"""Renders a video into memory, and keeps all that a sink is given."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from functions.core.jobs.ascii_options import AsciiVideoOptions
from functions.core.jobs.ascii_video import AsciiVideo
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.progress import Progress
from gpu_worker.pictures.render import render
from gpu_worker.pictures.sinks.sink import Scene


@dataclass
class RecordingSink:
    grids: list[Grid] = field(default_factory=list)
    sound: list[Fraction] = field(default_factory=list)
    end: Fraction | None = None
    aborted: bool = False
    scene: Scene | None = None

    def take(self, grid: Grid) -> None:
        self.grids.append(grid)

    def take_sound(self, packet: Any) -> None:
        self.sound.append(packet.pts * packet.time_base)

    def finish(self, end: Fraction) -> tuple[str, ...]:
        self.end = end
        return ("A sink says so.",)

    def abort(self) -> None:
        self.aborted = True

    @property
    def times(self) -> list[Fraction]:
        return [grid.time for grid in self.grids]


@dataclass
class Rendered:
    result: AsciiVideo
    sink: RecordingSink
    progress: list[Progress]
    stills: list[bytes]


def rendered(
    data: bytes,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    sink: RecordingSink | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_frame: Callable[[Grid], None] = lambda _: None,
    **options: Any,
) -> Rendered:
    sink = sink or RecordingSink()
    progress: list[Progress] = []
    stills: list[bytes] = []

    def make_sinks(scene: Scene, sound: Any) -> list[RecordingSink]:
        sink.scene = scene
        return [sink]

    result = render(
        io.BytesIO(data),
        AsciiVideoOptions(**options),
        open_output=lambda file: io.BytesIO(),
        scratch=Path("/nonexistent"),
        on_progress=on_progress or progress.append,
        on_still=stills.append,
        on_frame=on_frame,
        limits=limits or Limits(),
        seed=seed,
        make_sinks=make_sinks,
    )
    return Rendered(result, sink, progress, stills)
