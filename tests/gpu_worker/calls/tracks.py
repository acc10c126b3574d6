"""Tracks as recorders write them."""

import io
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE: Final = 48_000
WEBM: Final = ("webm", "libopus")
OGG: Final = ("ogg", "libopus")
MP4: Final = ("mp4", "aac")


class Pipe(io.RawIOBase):
    """What cannot be gone back in: so a recorder writes, which does not know the length at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.body = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.body += bytes(data)
        return len(bytes(data))


def recorded(
    sound: Samples, form: tuple[str, str] = WEBM, *, hole: tuple[float, float] | None = None, rate: int = RATE
) -> bytes:
    """Encode mono sound as MediaRecorder does: as a stream, without a duration.

    `hole`: the clock jumps, at a second, by so many seconds.
    """
    container_name, codec = form
    options = {"movflags": "frag_keyframe+empty_moov"} if container_name == "mp4" else {}
    pipe = Pipe()
    with av.open(pipe, "w", format=container_name, options=options) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="mono")
        step = rate // 50
        for begins in range(0, len(sound), step):
            piece = np.ascontiguousarray(sound[begins : begins + step], np.float32).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(piece, format="flt", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), begins
            for packet in stream.encode(frame):
                container.mux(_moved(packet, hole))
        for packet in stream.encode(None):
            container.mux(_moved(packet, hole))
    return bytes(pipe.body)


def _moved(packet: Any, hole: tuple[float, float] | None) -> Any:
    if hole is not None and packet.pts * packet.time_base >= hole[0]:
        packet.pts += round(hole[1] / packet.time_base)
        packet.dts = packet.pts
    return packet


def tone(seconds: float, pitch: float = 440.0, *, rate: int = RATE) -> Samples:
    """A tone at half of what is loudest."""
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def quiet(seconds: float, *, rate: int = RATE) -> Samples:
    return np.zeros(int(seconds * rate), np.float32)


def loud_seconds(sound: Samples, *, rate: int = RATE, window: float = 0.02) -> list[tuple[float, float]]:
    """Return from when to when something is heard."""
    step = int(rate * window)
    frames = sound[: len(sound) // step * step].reshape(-1, step)
    is_loud = np.sqrt(np.mean(np.square(frames), axis=1)) > 0.05
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_loud.astype(int), [0]])))
    return [(float(a) * window, float(b) * window) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def decoded(body: bytes) -> Samples:
    """Decode a file, one row for each channel."""
    with av.open(io.BytesIO(body), mode="r") as container:
        resampler = av.AudioResampler(format="fltp", rate=RATE)
        frames = [one for frame in container.decode(audio=0) for one in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray() for frame in [*frames, *resampler.resample(None)]], axis=1)
