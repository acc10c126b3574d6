import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
from av import logging as av_logging
from numpy.typing import NDArray

from functions.core.jobs.ascii_options import Engine
from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.h264.encoder import DirectEncoder
from gpu_worker.pictures.h264.frame import EncodedFrame
from gpu_worker.pictures.layout import Layout
from gpu_worker.pictures.palette import RGB

Planes = tuple[Bytes, Bytes, Bytes]

WHITE: RGB = (255, 255, 255)
BLACK: RGB = (0, 0, 0)
GREEN: RGB = (0x33, 0xFF, 0x66)
VIOLET: RGB = (0x12, 0x05, 0x40)


def layout(width: int, height: int, cell_width: int, cell_height: int) -> Layout:
    columns, rows = width // cell_width, -(-height // cell_height)
    down = np.minimum(np.arange(rows + 1) * cell_height, height).astype(np.int32)
    across = (np.arange(columns + 1) * cell_width).astype(np.int32)
    return Layout(width, height, columns, rows, across, down, Engine.DIRECT)


def drawn_atlas(glyphs: int, width: int, height: int, seed: int = 1) -> Atlas:
    """Glyphs such as no font has: strokes that go through to every edge, the first blank and the second full."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    coverage = np.zeros((glyphs, height, width), np.uint8)
    for number in range(1, glyphs):
        for _ in range(3):
            slope, offset = rng.uniform(-2, 2), rng.uniform(-8, width + 8)
            stroke = np.clip(1.8 - abs(x - offset - slope * (y - height / 2)) / np.hypot(1, slope), 0, 1) * 255
            coverage[number] = np.maximum(coverage[number], stroke.astype(np.uint8))
    if glyphs > 2:
        coverage[1] = 255
    return Atlas("".join(map(chr, range(0x4E00, 0x4E00 + glyphs))), coverage)


def encoded(encoder: DirectEncoder, glyphs: Sequence[Bytes], rate: int = 30) -> list[EncodedFrame]:
    frames = [encoder.encode(Grid(number, Fraction(number, rate), one)) for number, one in enumerate(glyphs)]
    return [*frames, *encoder.finish()]


def expected(encoder: DirectEncoder, glyphs: Bytes) -> Planes:
    """What is to be seen: tiles laid side by side, by none of the encoder's own code."""
    tiles, where = encoder.tiles, encoder.geometry
    high, width = tiles.of_glyph.shape[1], tiles.width
    units = np.full((where.rows + high, where.columns * 16 // width), tiles.blank)
    for row, line in enumerate(glyphs):
        for at in range(high):
            units[row * high + at, : len(line)] = tiles.of_glyph[line, at]
    units = units[: where.rows]
    luma = tiles.drawings.luma[units].transpose(0, 2, 1, 3).reshape(where.rows * 16, -1)
    blue, red = (
        tiles.drawings.chroma[units, plane].transpose(0, 2, 1, 3).reshape(where.rows * 8, -1) for plane in (0, 1)
    )
    height, across = where.shown_height, where.shown_width
    return luma[:height, :across], blue[: height // 2, : across // 2], red[: height // 2, : across // 2]


def by_libavcodec(encoder: DirectEncoder, frames: Sequence[EncodedFrame]) -> list[Planes]:
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoder.options = {"err_detect": "explode+crccheck+bitstream+buffer+compliant+aggressive"}
    previous = av_logging.get_level()
    av_logging.set_level(av_logging.WARNING)
    try:
        with av_logging.Capture() as said:
            pictures = []
            for number, frame in enumerate(frames):
                pictures += decoder.decode(av.Packet(encoder.headers + frame.data if number == 0 else frame.data))
            pictures += decoder.decode(None)
    finally:
        av_logging.set_level(previous)
    assert not said
    return [_planes(picture) for picture in pictures]


def by_openh264(encoder: DirectEncoder, frames: Sequence[EncodedFrame], folder: Path) -> list[Planes]:
    stream = folder / "stream.h264"
    stream.write_bytes(encoder.headers + b"".join(frame.data for frame in frames))
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-c:v", "libopenh264", "-i", str(stream)]
    done = subprocess.run(
        [*ffmpeg, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"],
        capture_output=True,
        check=True,
    )
    assert not done.stderr, done.stderr.decode()
    width, height = encoder.geometry.shown_width, encoder.geometry.shown_height
    size = width * height
    pictures = np.frombuffer(done.stdout, np.uint8).reshape(-1, size * 3 // 2)
    return [
        (
            one[:size].reshape(height, width),
            one[size : size * 5 // 4].reshape(height // 2, width // 2),
            one[size * 5 // 4 :].reshape(height // 2, width // 2),
        )
        for one in pictures
    ]


def assert_exact(encoder: DirectEncoder, glyphs: Sequence[Bytes], pictures: Sequence[Planes]) -> None:
    assert len(pictures) == len(glyphs)
    for number, (picture, one) in enumerate(zip(pictures, glyphs, strict=True)):
        for name, shown, wanted in zip("yuv", picture, expected(encoder, one), strict=True):
            assert np.array_equal(shown, wanted), f"frame {number}, {name}: {np.argwhere(shown != wanted)[0]}"


def scene(kind: str, rows: int, columns: int, glyphs: int, frames: int, *, seed: int = 0) -> list[Bytes]:
    """Grids that stand still, move, change here and there, or are noise."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, glyphs, (rows, columns)).astype(np.uint8)
    steps: dict[str, Callable[[Bytes, int], NDArray[Any]]] = {
        "still": lambda last, _: last,
        "moving": lambda last, number: np.roll(last, (number % 3 - 1, 1 + number % 2), (0, 1)),
        "sparse": lambda last, _: np.where(rng.random(last.shape) < 0.1, rng.integers(0, glyphs, last.shape), last),
        "swapping": lambda last, _: np.where(rng.random(last.shape) < 0.5, last[:, ::-1], last),
        "noise": lambda last, _: rng.integers(0, glyphs, last.shape),
    }
    grids = [first]
    for number in range(1, frames):
        grids.append(steps[kind](grids[-1], number).astype(np.uint8))
    return grids


def _planes(picture: av.VideoFrame) -> Planes:
    sizes = ((picture.height, picture.width), *[(picture.height // 2, picture.width // 2)] * 2)
    luma, blue, red = (
        np.frombuffer(bytes(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]
        for plane, (height, width) in zip(picture.planes, sizes, strict=True)
    )
    return luma, blue, red
