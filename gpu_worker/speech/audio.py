"""Streaming decode of whatever FFmpeg reads into 16 kHz mono float32 blocks. Files come from strangers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import av
import av.error
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from functions.core.errors import Invalid
from gpu_worker.speech import stated_length

Samples = NDArray[np.float32]

SAMPLE_RATE: Final = 16_000
BLOCK_SECONDS: Final = 10.0

# Playlists (HLS, ffconcat, SDP ...) name other files and hosts, and FFmpeg opens them even when it was given a file
# object and an `io_open` hook. A whitelist that no protocol is on closes every way but the one file that we hold.
_NO_OTHER_SOURCES: Final = {"protocol_whitelist": "none"}

# Encoder delay, and a lone bad packet at the start of a stream that was cut out of another, are no damage.
_TOLERATED_SECONDS: Final = 0.5
_TOLERATED_SHARE: Final = 0.01
_TOLERATED_PACKETS: Final = 2

# A hole in the timestamps is filled with silence, so that later words keep their times. A longer jump is a clock
# that was set anew, as in recordings glued together.
_SHORTEST_HOLE: Final = 0.2
_LONGEST_HOLE: Final = 60.0

# What PyAV raises for bad bytes: FFmpeg's own errors, and its own checks of what FFmpeg handed it.
_BAD_BYTES: Final = (av.error.FFmpegError, ValueError, AttributeError)


class NotMedia(Invalid):
    """FFmpeg finds no sound in this file."""

    code = "not-media"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What a file says about itself. `duration` is its own claim in seconds; `codec` is that of its sound."""

    duration: float | None
    has_audio: bool
    container: str
    codec: str | None


class AudioFile:
    """One file's sound, to be read once. `damage` and `decoded_seconds` are final when `blocks` has ended."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            NotMedia: FFmpeg cannot read it, or it has no sound.
        """
        self._file = path.open("rb")
        try:
            self._container = _open(self._file)
        except BaseException:
            self._file.close()
            raise
        self.facts = _facts(self._container)
        self.decoded_seconds = 0.0
        self._bad_packets = 0
        self._broke_off = False
        if not self.facts.has_audio:
            self.close()
            raise NotMedia("This file has no sound in it.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Closing twice is fine."""
        self._container.close()
        self._file.close()

    def blocks(self) -> Iterator[Samples]:
        """Decode in blocks of `BLOCK_SECONDS`; the last is shorter. What cannot be decoded is left out.

        Raises:
            NotMedia: nothing at all could be decoded.
        """
        for block in _rechunk(self._pieces(), int(BLOCK_SECONDS * SAMPLE_RATE)):
            self.decoded_seconds += len(block) / SAMPLE_RATE
            yield block
        if not self.decoded_seconds:
            raise NotMedia("The sound in this file cannot be decoded.")
        self._broke_off = self._broke_off or self._ended_early()

    @property
    def damage(self) -> str | None:
        """A sentence for people when the file is cut short or partly unreadable."""
        if self._broke_off:
            return f"The file ends early or is damaged: transcribed up to {self.decoded_seconds:.1f} s."
        if self._bad_packets > _TOLERATED_PACKETS:
            return "Parts of the file are damaged or missing, and what was said there too."
        return None

    def _ended_early(self) -> bool:
        if stated_length.is_cut_wav(self._file, self.facts.container):
            return True
        if self.facts.duration is None or not stated_length.is_binding(self._file, self.facts.container):
            return False
        return self.decoded_seconds < self.facts.duration * (1 - _TOLERATED_SHARE) - _TOLERATED_SECONDS

    def _pieces(self) -> Iterator[Samples]:
        timeline = _Timeline()
        resampling = _Resampling()
        for frame in self._frames():
            if hole := timeline.hole_before(frame):
                self._bad_packets += _TOLERATED_PACKETS + 1
                yield np.zeros(int(hole * SAMPLE_RATE), np.float32)
            try:
                yield from resampling.add(frame)
            except _BAD_BYTES:
                self._bad_packets += 1
        yield from resampling.flush()

    def _frames(self) -> Iterator[av.AudioFrame]:
        for packet in self._packets():
            try:
                yield from packet.decode()
            except _BAD_BYTES:
                self._bad_packets += 1

    def _packets(self) -> Iterator[Any]:
        try:
            yield from self._container.demux(audio=0)
        except av.error.FFmpegError:
            self._broke_off = True


def probe(path: Path) -> MediaFacts:
    """Say what a file is, without decoding it.

    Raises:
        NotMedia: FFmpeg cannot read it.
    """
    with path.open("rb") as file, _open(file) as container:
        return _facts(container)


class _Timeline:
    """Notices where a frame starts later than the last one ended."""

    def __init__(self) -> None:
        self._expected: float | None = None

    def hole_before(self, frame: av.AudioFrame) -> float:
        """Seconds that are missing before this frame, or 0."""
        start = frame.time
        if start is None or not frame.sample_rate:
            return 0.0
        missing = start - self._expected if self._expected is not None else 0.0
        self._expected = start + frame.samples / frame.sample_rate
        return missing if _SHORTEST_HOLE < missing < _LONGEST_HOLE else 0.0


class _Resampling:
    """A resampler is made for one layout; broadcast streams change theirs on the way."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._made_for: tuple[str, str, int] | None = None

    def add(self, frame: av.AudioFrame) -> Iterator[Samples]:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._made_for != shape:
            yield from self.flush()
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
            self._made_for = shape
        # With its timestamps kept, the resampler would refuse frames after a gap.
        frame.pts = None
        yield from self._run(frame)

    def flush(self) -> Iterator[Samples]:
        yield from self._run(None)
        self._resampler = None

    def _run(self, frame: av.AudioFrame | None) -> Iterator[Samples]:
        if self._resampler is None:
            return
        for converted in self._resampler.resample(frame):
            # Float formats can carry NaN, which would spread through everything after it.
            yield np.nan_to_num(converted.to_ndarray().reshape(-1), copy=False)


class _ForFFmpeg:
    """A file without its name, which FFmpeg would take as a hint, and whose impossible seeks are its own affair."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.tell = file.tell
        self._seek = file.seek

    def seek(self, offset: int, whence: int) -> int:
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError):
            return -1


def _open(file: BinaryIO) -> InputContainer:
    try:
        return av.open(_ForFFmpeg(file), mode="r", metadata_errors="ignore", options=_NO_OTHER_SOURCES)
    except (av.error.FFmpegError, ValueError) as error:
        raise NotMedia("This file cannot be read as audio or video: it is something else, or damaged.") from error


def _facts(container: InputContainer) -> MediaFacts:
    stream = container.streams.audio[0] if container.streams.audio else None
    # PyAV leaves the codec context out when FFmpeg does not know the codec, though its types deny it.
    codec: Any = stream.codec_context if stream else None
    return MediaFacts(
        duration=stated_length.stated_duration(container, stream),
        has_audio=stream is not None,
        container=container.format.name,
        codec=codec.name if codec else None,
    )


def _rechunk(pieces: Iterator[Samples], size: int) -> Iterator[Samples]:
    kept: list[Samples] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length >= size:
            joined = np.concatenate(kept)
            whole = length - length % size
            yield from np.split(joined[:whole], whole // size)
            kept, length = [joined[whole:]], length - whole
    if length:
        yield np.concatenate(kept)
