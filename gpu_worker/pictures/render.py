"""Turn a video into ASCII: one decode, any number of sinks."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, runtime_checkable

import av

from functions.core.jobs.ascii_options import AsciiVideoOptions
from functions.core.jobs.ascii_video import AsciiVideo
from gpu_worker.pictures import atlas
from gpu_worker.pictures.counted_output import CountedOutputs
from gpu_worker.pictures.decoding import Decoding
from gpu_worker.pictures.drawing import Drawing
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.layout import Layout, plan
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.opening import Opened, check_amount, media_info, opened, too_large
from gpu_worker.pictures.pacing import paced
from gpu_worker.pictures.progress import Progress
from gpu_worker.pictures.sinks import png
from gpu_worker.pictures.sinks.choose import sinks_for
from gpu_worker.pictures.sinks.sink import OpenOutput, Scene, Sink

USUAL_RATE: Final = 60
MOST_RATE: Final = 120
MakeSinks = Callable[[Scene, av.AudioStream | None], Sequence[Sink]]
OnProgress = Callable[[Progress], None]
OnStill = Callable[[bytes], None]
OnFrame = Callable[[Grid], None]


@runtime_checkable
class Hearing(Protocol):
    """A sink that also takes sound."""

    def take_sound(self, packet: Any) -> None:
        """Take a compressed packet, whose times are those of the grids."""
        ...


def render(  # noqa: PLR0913 - each is another matter, and all but two have names
    source: BinaryIO,
    options: AsciiVideoOptions,
    *,
    open_output: OpenOutput,
    scratch: Path,
    on_progress: OnProgress,
    on_still: OnStill,
    on_frame: OnFrame = lambda _: None,
    limits: Limits = Limits(),
    seed: int = 0,
    make_sinks: MakeSinks = sinks_for,
) -> AsciiVideo:
    """Read a video and write all that is asked for.

    The same video, options and `seed` give the same frames. `on_still` is called once, with the first of them as PNG,
    and `on_frame` with each.

    Raises:
        NotRenderable: it is no video, or cannot be turned into this.
    """
    began = time.monotonic()
    with opened(source, limits, with_sound=options.save_mp4) as facts:
        decoding = Decoding(facts, limits)
        frames = decoding.frames()
        first = next(frames)
        info = media_info(facts, first.frame)
        check_amount(info, limits)
        layout = plan(info, options)
        if layout.width * layout.height > limits.most_pixels:
            raise too_large(limits, layout.width, layout.height)
        outputs = CountedOutputs(open_output)
        glyphs = atlas.build(options.style, layout.cell_width, layout.cell_height)
        # Containers say absurd rates; no screen shows more.
        rate = min(float(options.fps or info.rate or USUAL_RATE), MOST_RATE)
        scene = Scene(layout, glyphs, options, outputs, scratch, rate)
        drawing = Drawing(layout, glyphs, options, rotation=info.rotation, seed=seed)
        writing = _Writing(make_sinks(scene, facts.sound))
        decoding.listen(writing.hear)
        shown = paced(chain([first], frames), options.fps, lambda: decoding.end)
        grids = _watched(map(drawing.grid, shown), scene, facts.duration, on_progress, on_still, on_frame)
        warnings = writing.write(grids, lambda: decoding.end)
    return AsciiVideo(
        frames=drawing.frames,
        duration=float(decoding.end),
        columns=layout.columns,
        rows=layout.rows,
        width=layout.width,
        height=layout.height,
        style=options.style.value,
        engine=layout.engine.value if options.save_mp4 else None,
        has_audio=writing.has_heard,
        files=outputs.sizes,
        corrupt_frames=decoding.corrupt_frames,
        processing_seconds=round(time.monotonic() - began, 3),
        warnings=(*_narrowed(layout, options), *decoding.warnings(), *_unheard(facts, options), *warnings),
    )


class _Writing:
    """All sinks at once: they finish together, or none has a result."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = sinks
        self._hearing = [sink for sink in sinks if isinstance(sink, Hearing)]
        self.has_heard = False

    def hear(self, packet: Any) -> None:
        for sink in self._hearing:
            sink.take_sound(packet)
            self.has_heard = True

    def write(self, grids: Iterator[Grid], end: Callable[[], Fraction]) -> list[str]:
        try:
            for grid in grids:
                for sink in self._sinks:
                    sink.take(grid)
            return [warning for sink in self._sinks for warning in sink.finish(end())]
        except BaseException:
            for sink in self._sinks:
                # What went wrong first is what counts.
                with suppress(Exception):
                    sink.abort()
            raise


def _watched(  # noqa: PLR0913, PLR0917 - whoever is told
    grids: Iterator[Grid],
    scene: Scene,
    total: float | None,
    on_progress: OnProgress,
    on_still: OnStill,
    on_frame: OnFrame,
) -> Iterator[Grid]:
    for grid in grids:
        if grid.number == 0:
            on_still(png.still(scene, grid))
        on_frame(grid)
        yield grid
        on_progress(Progress(done=float(grid.time), total=total, frames=grid.number + 1))


def _narrowed(layout: Layout, options: AsciiVideoOptions) -> Iterator[str]:
    if options.width is not None and layout.columns < options.width:
        yield (
            f"The picture is only {layout.width} pixels wide: its lines have {layout.columns} characters and not "
            f"{options.width}."
        )


def _unheard(facts: Opened, options: AsciiVideoOptions) -> Iterator[str]:
    if options.save_mp4 and facts.has_sound and facts.sound is None:
        yield "The sound is of a sort that cannot be read: the MP4 has none."
