"""Sound in and out of a call: 20 ms of mono at a time, 48 kHz, as Opus has it (RFC 6716).

Needs PyAV, which comes with aiortc.
"""

import sys
from array import array
from collections import deque
from collections.abc import Iterator
from math import log10, sqrt
from pathlib import Path
from typing import Final, Protocol

import av
from av import AudioFrame, AudioResampler
from av.audio.stream import AudioStream

from parley.errors import Failure

RATE: Final = 48_000
SAMPLES: Final = 960
"""20 ms."""
SILENCE: Final = bytes(2 * SAMPLES)
FULL_SCALE: Final = 32_768.0
LONGEST_GAP: Final = 10 * RATE
"""Silence that is filled in for what was lost; a longer jump is no loss."""
MOST_ECHOED: Final = 100
BIT_RATE: Final = 32_000
CONTAINERS: Final = {".wav": ("wav", "pcm_s16le"), ".ogg": ("ogg", "libopus"), ".opus": ("ogg", "libopus")}


class Playing(Protocol):
    """Something to be heard on the other side."""

    def next(self) -> bytes:
        """Return the next 20 ms."""
        ...

    @property
    def is_played(self) -> bool:
        """Whether only silence is left."""
        ...


class Silence:
    """Nothing."""

    is_played = False

    def next(self) -> bytes:
        """Return the next 20 ms."""
        return SILENCE


class Echo:
    """What was heard, back to whoever said it."""

    is_played = False

    def __init__(self) -> None:
        self._heard: deque[bytes] = deque(maxlen=MOST_ECHOED)

    def feed(self, pcm: bytes) -> None:
        """Take what was heard, in pieces of 20 ms."""
        self._heard.append(pcm)

    def next(self) -> bytes:
        """Return the next 20 ms."""
        return self._heard.popleft() if self._heard else SILENCE


class Played:
    """A file, then silence."""

    def __init__(self, path: Path) -> None:
        """Raises Failure where there is no sound in it."""
        self.is_played = False
        self._path = path
        self._pieces = self._decoded()
        # The first piece now: a file that cannot be played is told of before anybody's telephone rings.
        self._ahead: bytes | None = next(self._pieces, None)
        if self._ahead is None:
            raise Failure(f"There is no sound in {path}.")

    def next(self) -> bytes:
        """Return the next 20 ms."""
        piece = self._ahead
        if piece is None:
            self.is_played = True
            return SILENCE
        self._ahead = next(self._pieces, None)
        return piece

    def _decoded(self) -> Iterator[bytes]:
        try:
            with av.open(str(self._path)) as container:
                if not container.streams.audio:
                    return
                resampler = AudioResampler(format="s16", layout="mono", rate=RATE, frame_size=SAMPLES)
                for frame in container.decode(container.streams.audio[0]):
                    yield from (pcm_of(one) for one in resampler.resample(frame))
                yield from (pcm_of(one).ljust(len(SILENCE), b"\0") for one in resampler.resample(None))
        except (av.FFmpegError, OSError) as error:
            raise Failure(f"Cannot play {self._path}: {error.strerror or error}.") from error


class Meter:
    """How loud something was."""

    def __init__(self) -> None:
        self.samples = 0
        self._squares = 0.0

    def add(self, pcm: bytes) -> None:
        """Take in a piece."""
        values = array("h", pcm)
        if sys.byteorder == "big":
            values.byteswap()
        self.samples += len(values)
        self._squares += sum(value * value for value in values)

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.samples / RATE

    @property
    def level(self) -> float | None:
        """The mean level in dB below full scale; None: all of it was silence."""
        if not self._squares:
            return None
        return 20 * log10(sqrt(self._squares / self.samples) / FULL_SCALE)


class SoundFile:
    """A WAV or Ogg file that is being written."""

    def __init__(self, path: Path) -> None:
        """Raises Failure."""
        container_format, codec = container_of(path)
        try:
            self._container = av.open(str(path), "w", format=container_format)
        except (av.FFmpegError, OSError) as error:
            raise Failure(f"Cannot write {path}: {error.strerror or error}.") from error
        stream = self._container.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, AudioStream)
        self._stream = stream
        if codec == "libopus":
            self._stream.bit_rate = BIT_RATE
        self._written = 0

    def write(self, pcm: bytes) -> None:
        """Add a piece."""
        frame = frame_of(pcm, self._written)
        self._written += frame.samples
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        self._container.mux(self._stream.encode(None))
        self._container.close()


def container_of(path: Path) -> tuple[str, str]:
    """Return how a file is written, by its name; raises Failure."""
    found = CONTAINERS.get(path.suffix.lower())
    if found is None:
        raise Failure(f"{path.name}: sound is saved as .wav or .ogg.")
    return found


def frame_of(pcm: bytes, pts: int) -> AudioFrame:
    """Wrap a piece for PyAV."""
    frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    frame.planes[0].update(pcm)
    frame.sample_rate = RATE
    frame.pts = pts
    return frame


def stereo_frame_of(pcm: bytes, pts: int) -> AudioFrame:
    """Wrap a piece with both channels alike: libswresample takes 3 dB off what it makes stereo by itself."""
    mono = array("h", pcm)
    both = array("h", bytes(2 * len(pcm)))
    both[0::2] = both[1::2] = mono
    frame = AudioFrame(format="s16", layout="stereo", samples=len(mono))
    frame.planes[0].update(both.tobytes())
    frame.sample_rate = RATE
    frame.pts = pts
    return frame


def pcm_of(frame: AudioFrame) -> bytes:
    """Return a mono frame's samples, without what pads its plane."""
    return bytes(frame.planes[0])[: 2 * frame.samples]
