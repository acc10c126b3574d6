"""Ten seconds of video each, with sound, made the same way on every machine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.video_making import Picture, video

RATE: Final = 30
SECONDS: Final = 10
SIZES: Final = {"720p": (1280, 720), "1080p": (1920, 1080)}
COLUMNS: Final = {"720p": 80, "1080p": 120}
"""Cells of 16 by 32 pixels in both: the same work for each pixel."""
LOOP: Final = 400
"""Pixels that the camera pans before it turns back."""
_LIKE_A_CAMERA: Final = {"preset": "veryfast", "crf": "23"}


@dataclass(frozen=True, slots=True)
class Clip:
    """A video in memory."""

    name: str
    data: bytes
    frames: int
    columns: int


def clips() -> Iterator[Clip]:
    """Make the clips one by one: a still picture, a moving one, and noise."""
    for size in SIZES:
        for subject in SUBJECTS:
            yield one_clip(subject, size)


def one_clip(subject: str, size: str, *, seconds: int = SECONDS) -> Clip:
    """Make a clip."""
    width, height = SIZES[size]
    frames = RATE * seconds
    data = video(
        SUBJECTS[subject](width, height, frames),
        rate=RATE,
        sound="aac",
        sound_seconds=seconds,
        pixel_format="yuv420p",
        options=_LIKE_A_CAMERA,
    )
    return Clip(f"{subject} {size}", data, frames, COLUMNS[size])


def _still(width: int, height: int, frames: int) -> Iterator[Picture]:
    picture = _coloured(_landscape(width, height))
    yield from (picture for _ in range(frames))


def _moving(width: int, height: int, frames: int) -> Iterator[Picture]:
    """A camera that pans over a landscape, with the grain of its sensor."""
    land = _landscape(width + LOOP, height + LOOP)
    random = np.random.default_rng(2)
    grain = random.normal(0, 4, (height, width)).astype(np.int16)
    for number in range(frames):
        # There and back, however long it takes.
        down, across = (LOOP - abs(step * number % (2 * LOOP) - LOOP) for step in (1, 3))
        seen = land[down : down + height, across : across + width].astype(np.int16)
        yield _coloured(np.clip(seen + np.roll(grain, int(random.integers(grain.size))), 0, 255).astype(np.uint8))


def _noise(width: int, height: int, frames: int) -> Iterator[Picture]:
    """Nothing stays as it was: every cell changes with every frame."""
    random = np.random.default_rng(3)
    for _ in range(frames):
        coarse = random.integers(0, 256, (-(-height // 8), -(-width // 8)), dtype=np.uint8)
        yield _coloured(np.kron(coarse, np.ones((8, 8), np.uint8))[:height, :width])


def _landscape(width: int, height: int) -> Picture:
    """A picture with the statistics of natural ones: detail falls with its frequency (1/f)."""
    random = np.random.default_rng(1)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    amplitude: NDArray[np.float64] = 1 / np.maximum(np.hypot(down, across), 1 / max(width, height)) ** 1.3
    waves = amplitude * np.exp(2j * np.pi * random.random(amplitude.shape))
    picture = np.fft.irfft2(waves, (height, width))
    low, high = np.percentile(picture, (1, 99))
    return np.clip((picture - low) / (high - low) * 255, 0, 255).astype(np.uint8)


def _coloured(grey: Picture) -> Picture:
    return np.repeat(grey[:, :, None], 3, axis=2)


SUBJECTS: Final[dict[str, Callable[[int, int, int], Iterator[Picture]]]] = {
    "still": _still,
    "moving": _moving,
    "noise": _noise,
}
