"""`python -m bench.pictures.watched`: what one who watches a video being drawn costs."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Final

from bench.pictures.clips import Clip, one_clip
from functions.core.ids import new_id
from functions.core.jobs.ascii_frames import LiveFrame, event_of
from functions.core.jobs.ascii_options import AsciiVideoOptions, Style
from functions.core.realtime.push import written
from gpu_worker.pictures.characters import CHARACTERS
from gpu_worker.pictures.render import render
from gpu_worker.pictures.showing import PERIOD, Showing, read_frame

SUBJECTS: Final = ("still", "moving", "noise")
LOOKS: Final = ((Style.NORMAL, 120), (Style.STRUCTURAL, 120), (Style.BRAILLE, 120), (Style.BRAILLE, 240))
UNWATCHED: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one frame that is shown."""

    cpu_ms: float
    """Taken from the renderer, packed and written as an event."""
    kilobytes: float
    """Of the event."""


def main() -> None:
    """Print a table."""
    print(f"a frame that nobody watches: {_unwatched_ns():.0f} ns")
    print("| | " + " | ".join(f"{style} {width}" for style, width in LOOKS) + " |")
    for subject in SUBJECTS:
        clip = one_clip(subject, "720p", seconds=4)
        cells = (_cell(_cost(list(_handed_over(clip, style, width)), style)) for style, width in LOOKS)
        print(f"| {subject} | " + " | ".join(cells) + " |")


def _cell(cost: Cost) -> str:
    rate = 1 / PERIOD
    in_a_second = f"{cost.cpu_ms * rate / 10:.1f} %, {cost.kilobytes * rate:.0f} KB/s"
    return f"{cost.cpu_ms:.2f} ms, {cost.kilobytes:.1f} KB ({in_a_second})"


def _handed_over(clip: Clip, style: Style, width: int) -> Iterator[bytes]:
    handed: list[bytes] = []
    # A clock on which every frame is due.
    showing = Showing(handed.append, now=iter(range(clip.frames + 1)).__next__)
    showing.is_wanted = True
    render(
        io.BytesIO(clip.data),
        AsciiVideoOptions(width=width, style=style, save_mp4=False, save_txt=True),
        open_output=lambda _: io.BytesIO(),
        scratch=Path(),
        on_progress=lambda _: None,
        on_still=lambda _: None,
        on_frame=showing.drew,
    )
    yield from handed


def _cost(handed: list[bytes], style: Style) -> Cost:
    job_id, characters = new_id("job"), CHARACTERS[style]
    began = time.process_time()
    sizes = [len(written(event_of(job_id, read_frame(body, glyphs=len(characters)), characters))) for body in handed]
    return Cost((time.process_time() - began) * 1000 / len(handed), mean(sizes) / 1000)


def _unwatched_ns() -> float:
    showing = Showing(lambda _: None)
    frame = LiveFrame(0, 0, 1, 1, b"\0")
    began = time.process_time()
    for _ in range(UNWATCHED):
        showing.drew(frame)  # type: ignore[arg-type] # not looked at
    return (time.process_time() - began) * 1e9 / UNWATCHED


if __name__ == "__main__":
    main()
