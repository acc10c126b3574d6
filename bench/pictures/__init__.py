"""What it costs to turn a video into ASCII, against decoding alone and against what people would use instead."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from bench.pictures import peers
from bench.pictures.clips import RATE, Clip, clips, one_clip
from bench.pictures.ours import rendered
from bench.pictures.rounds import Method, Spent, in_turns
from functions.core.jobs.ascii_options import Engine, Style
from functions.core.jobs.ascii_video import File

ROUNDS: Final = 3
DECODING: Final = "decoding alone"


def measure() -> None:
    """Print what each artefact costs, how large an MP4 is, and how much memory ten times the length takes."""
    for clip in clips():
        print(f"\n{clip.name}, {clip.columns} columns, {clip.frames} frames with sound\n")
        _say_costs(in_turns(dict(_methods(clip)), rounds=ROUNDS))
        _say_sizes(clip)
    _say_styles()
    _say_memory()


def _methods(clip: Clip) -> Iterator[tuple[str, Method]]:
    """Yield what is measured: each does the whole way from the file, and returns how many frames it did."""
    yield DECODING, lambda: peers.decoded(clip)
    yield "text", lambda: rendered(clip, save_txt=True).frames
    yield "MP4, direct", lambda: rendered(clip, save_mp4=True, engine=Engine.DIRECT).frames
    yield "MP4, x264 veryfast", lambda: rendered(clip, save_mp4=True, engine=Engine.X264).frames
    yield "PNG", lambda: rendered(clip, save_png=True).frames
    yield "text, MP4 and PNG", lambda: rendered(clip, save_txt=True, save_mp4=True, save_png=True).frames
    yield "Pillow, RGB PNG", lambda: peers.drawn_as_png(clip)
    if shutil.which("ffmpeg"):
        yield "Pillow piped to ffmpeg", lambda: peers.drawn_and_piped(clip)
        if "caca" in subprocess.run(["ffmpeg", "-devices"], capture_output=True, text=True, check=False).stdout:  # noqa: S607
            yield "libcaca by ffmpeg, text", lambda: peers.caca(clip)
    with suppress(ImportError):
        import chafa  # noqa: F401, PLC0415

        yield "libchafa, text", lambda: peers.chafa(clip)


def _say_costs(spent: dict[str, Spent]) -> None:
    print("| | CPU ms a frame | frames a second | CPU against decoding | time against decoding |")
    print("|---|---|---|---|---|")
    for name, one in spent.items():
        print(
            f"| {name} | {one.cpu_ms:.2f} | {one.frames_per_second:.0f} | {one.cpu_ratio:.2f} | {one.wall_ratio:.2f} |",
            flush=True,
        )


def _say_sizes(clip: Clip) -> None:
    sizes = {
        engine: rendered(clip, save_mp4=True, engine=engine).files[File.VIDEO]
        for engine in (Engine.DIRECT, Engine.X264)
    }
    direct, x264 = sizes.values()
    print(f"\nMP4: {direct / 1e6:.2f} MB direct, {x264 / 1e6:.2f} MB x264 veryfast crf 23: {direct / x264:.2f}.")


def _say_styles() -> None:
    clip = one_clip("moving", "1080p")
    methods: dict[str, Method] = {DECODING: lambda: peers.decoded(clip)}
    for style in Style:
        methods[style] = lambda style=style: rendered(clip, save_txt=True, style=style).frames  # type: ignore[misc]
    print("\nText of each style, moving 1080p\n")
    _say_costs(in_turns(methods, rounds=ROUNDS))


def _say_memory() -> None:
    print("\n| MP4, PNG and text of 1080p | peak memory |\n|---|---|")
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (6, 60):
            path = Path(folder) / f"{seconds}.mp4"
            path.write_bytes(one_clip("moving", "1080p", seconds=seconds).data)
            peaks.append(_peak_mb(path))
            print(f"| {seconds} s ({seconds * RATE} frames) | {peaks[-1]:.0f} MB |", flush=True)
    print(f"\nTen times the length: {peaks[1] / peaks[0]:.2f} times the memory.")


def _peak_mb(path: Path) -> float:
    script = (
        "import sys; from bench.pictures.ours import rendered; from bench.pictures.clips import Clip;"
        "rendered(Clip('', open(sys.argv[1], 'rb').read(), 0, 120), save_mp4=True, save_png=True, save_txt=True);"
        "print(open('/proc/self/status').read())"
    )
    ran = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    # Not ru_maxrss, which begins with the peak of whoever started it.
    peak = next(line for line in ran.stdout.splitlines() if line.startswith("VmHWM"))
    # The file itself is in memory too.
    return int(peak.split()[1]) / 1024 - path.stat().st_size / 1024**2
