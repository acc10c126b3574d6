"""What people would use instead, on the same clip: each decodes, and does its part of the work."""

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.pictures.clips import RATE, Clip
from gpu_worker.pictures.font import FONT_FILE

RAMP: Final = np.array(list(" .:-=+*#%@"))
FEW: Final = 20
"""Frames of the slow ones."""


def decoded(clip: Clip) -> int:
    """Decode and throw away: no program that decodes on the CPU can be faster."""
    return sum(1 for _ in _frames(clip))


def drawn_and_piped(clip: Clip) -> int:
    """Draw each frame with Pillow, a line at a time, and pipe it to ffmpeg: how most scripts do it."""
    ffmpeg = shutil.which("ffmpeg")
    width, height = _size(clip)
    command = [
        *(str(ffmpeg), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"),
        *("-r", str(RATE), "-i", "-", "-pix_fmt", "yuv420p", "-f", "matroska", "/dev/null"),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for image in _drawn(clip, FEW):
            process.stdin.write(image.tobytes())
        process.stdin.close()
    return FEW


def drawn_as_png(clip: Clip) -> int:
    """Draw each frame with Pillow and save it as PNG, as Pillow does if it is told nothing else."""
    for image in _drawn(clip, FEW):
        image.save(io.BytesIO(), "png")
    return FEW


def chafa(clip: Clip) -> int:
    """Draw each frame as ASCII in one colour with libchafa."""
    from chafa import Canvas, CanvasConfig, CanvasMode, PixelType, SymbolMap, SymbolTags  # noqa: PLC0415

    width, height = _size(clip)
    symbols = SymbolMap()
    symbols.add_by_tags(SymbolTags.CHAFA_SYMBOL_TAG_ASCII)
    config = CanvasConfig()
    config.width, config.height = clip.columns, _rows(width, height, clip.columns)
    config.canvas_mode = CanvasMode.CHAFA_CANVAS_MODE_FGBG
    config.set_symbol_map(symbols)
    canvas = Canvas(config)
    for frame in _frames(clip):
        pixels = frame.to_ndarray(format="rgb24")
        canvas.draw_all_pixels(PixelType.CHAFA_PIXEL_RGB8, pixels.tobytes(), width, height, width * 3)
        canvas.print()
    return clip.frames


def caca(clip: Clip) -> int:
    """Have ffmpeg draw with libcaca, to text."""
    width, height = _size(clip)
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(clip.data)
        file.flush()
        subprocess.run(
            [
                *("ffmpeg", "-v", "error", "-i", file.name, "-an", "-pix_fmt", "rgb24", "-f", "caca"),
                *("-driver", "raw", "-window_size", f"{clip.columns}x{_rows(width, height, clip.columns)}", "-"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return clip.frames


def _frames(clip: Clip) -> Iterator[Any]:
    with av.open(io.BytesIO(clip.data)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = "AUTO", 2
        yield from container.decode(stream)


def _size(clip: Clip) -> tuple[int, int]:
    with av.open(io.BytesIO(clip.data)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height


def _rows(width: int, height: int, columns: int) -> int:
    return round(height * columns / width / 1.9335)


def _drawn(clip: Clip, frames: int) -> Iterator[Image.Image]:
    width, height = _size(clip)
    rows = _rows(width, height, clip.columns)
    font = ImageFont.truetype(str(FONT_FILE), 26 * width // clip.columns // 16)
    for frame in islice(_frames(clip), frames):
        small = frame.reformat(clip.columns, rows, "gray", interpolation="AREA").to_ndarray()
        image = Image.new("RGB", (width, height))
        draw = ImageDraw.Draw(image)
        for row, line in enumerate(RAMP[small.astype(np.uint16) * len(RAMP) // 256]):
            draw.text((0, row * height / rows), "".join(line), fill="white", font=font)
        yield image
