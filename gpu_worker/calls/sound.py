"""The sound of one track, as browsers and telephones record it, bit by bit. Files come from strangers."""

from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.stream import Discard

from gpu_worker.calls.timeline import LONGEST, SAMPLE_RATE, Samples
from gpu_worker.for_ffmpeg import ForFFmpeg
from gpu_worker.pictures.known_formats import decoders_of_sound

# MediaRecorder writes WebM (Chromium, Firefox), Ogg (older Firefox) and MP4 (Safari); programs write the others. No
# protocol is on the whitelist and no playlist among the formats: nothing but the one file that we hold is ever opened.
_ALLOWED: Final = {
    "protocol_whitelist": "none",
    "format_whitelist": "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,ogg,wav,w64,flac,mp3,aac,aiff,caf,amr",
}
_BAD_BYTES: Final = (av.error.FFmpegError, ValueError, AttributeError)

_SHORTEST_HOLE: Final = SAMPLE_RATE // 10
"""Samples. Less than that is how a container rounds its times."""
_LONGEST_HOLE: Final = 600 * SAMPLE_RATE
"""A longer jump is a clock that was set anew: a call in which nothing is heard for so long was over before."""
_BLOCK_OF_SILENCE: Final = SAMPLE_RATE


class NoSound(Exception):
    """There is no sound in this file that can be read."""


class TrackSound:
    """The first sound in a file as one channel, to be read once. `is_damaged` is final when the reading has ended."""

    def __init__(self, file: BinaryIO) -> None:
        """Read from an open file that can seek; the caller closes it. Raises NoSound."""
        self._container = _open(file)
        # PyAV leaves the codec context out when FFmpeg does not know the codec, though its types deny it.
        streams: list[Any] = list(self._container.streams.audio)
        known = [stream for stream in streams if stream.codec_context]
        if not known:
            self.close()
            raise NoSound
        self._stream = known[0]
        self._resampler: av.AudioResampler | None = None
        self._made_for: tuple[str, str, int] | None = None
        self._origin: float | None = None
        """Where the clock of the file stood at its first sound, in samples."""
        self._made = 0
        self.is_damaged = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the decoder. Closing twice is fine."""
        self._container.close()

    def blocks(self) -> Iterator[Samples]:
        """Decode to the end, or to the most that a call may have; holes in its clock are filled with silence."""
        for other in self._container.streams:
            if other.index != self._stream.index:
                other.discard = Discard.all
        for frame in self._frames():
            for block in (*self._silence_before(frame), *self._resampled(frame)):
                self._made += len(block)
                yield block
            if self._made >= LONGEST:
                return
        yield from self._resampled(None)

    def _frames(self) -> Iterator[av.AudioFrame]:
        try:
            packet: Any
            for packet in self._container.demux([self._stream]):
                try:
                    yield from packet.decode()
                except _BAD_BYTES:
                    self.is_damaged = True
        except av.error.FFmpegError:
            self.is_damaged = True

    def _silence_before(self, frame: av.AudioFrame) -> Iterator[Samples]:
        """Against the clock of the file as a whole: what is lost here and there adds up."""
        if frame.time is None:
            return
        place = frame.time * SAMPLE_RATE
        if self._origin is None:
            self._origin = place
        missing = round(place - self._origin) - self._made
        if missing > _LONGEST_HOLE or missing < -_LONGEST_HOLE:
            self._origin = place - self._made
        elif missing >= _SHORTEST_HOLE:
            for begins in range(0, missing, _BLOCK_OF_SILENCE):
                yield np.zeros(min(_BLOCK_OF_SILENCE, missing - begins), np.float32)

    def _resampled(self, frame: av.AudioFrame | None) -> Iterator[Samples]:
        with suppress(*_BAD_BYTES):
            yield from self._resample(frame)
            return
        self.is_damaged = True

    def _resample(self, frame: av.AudioFrame | None) -> Iterator[Samples]:
        shape = None if frame is None else (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is not None and self._made_for != shape:
            yield from _arrays(self._resampler.resample(None))
            self._resampler = None
        if frame is None:
            return
        if self._resampler is None:
            self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE)
            self._made_for = shape
        # With its timestamps kept, the resampler would refuse frames after a gap.
        frame.pts = None
        yield from _arrays(self._resampler.resample(frame))


def _arrays(frames: list[av.AudioFrame]) -> Iterator[Samples]:
    for frame in frames:
        found: Any = frame.to_ndarray()
        # Float formats can carry NaN, and what is far too loud; an encoder refuses both.
        yield np.clip(np.nan_to_num(found[0]), -1, 1)


def _open(file: BinaryIO) -> InputContainer:
    options = _ALLOWED | {"codec_whitelist": decoders_of_sound()}
    try:
        return av.open(ForFFmpeg(file), mode="r", metadata_errors="ignore", options=options)
    except _BAD_BYTES as error:
        raise NoSound from error
