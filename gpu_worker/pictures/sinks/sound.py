"""The sound of a video on its way into an MP4: as it is where MP4 can hold it, else as AAC."""

import io
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any, Final, Protocol

import av
import av.error
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray

# Of what MP4 could hold, the sorts that players of MP4 can be expected to know.
_HELD: Final = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"})
_AAC_RATES: Final = frozenset({96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000})
_OTHER_RATE: Final = 48000
_AAC_LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
_BITS_PER_CHANNEL: Final = 96_000
_SHORTEST_HOLE: Final = Fraction(1, 20)
_LONGEST_HOLE: Final = 600
_LONGEST_JUMP: Final = 3600
"""Seconds; a muxer refuses more than half a day."""
_BAD_BYTES: Final = (av.error.FFmpegError, ValueError, AttributeError)

Samples = NDArray[np.float32]


class SoundTrack(Protocol):
    """Turns packets of the source into packets of the MP4."""

    def take(self, packet: Any) -> Iterator[Any]:
        """Give what the packet becomes; it is not used by others any more."""
        ...

    def finish(self) -> Iterator[Any]:
        """Give what is left."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """Sentences for people on what is not as in the source."""
        ...


def sound_track(container: OutputContainer, source: av.AudioStream | None) -> SoundTrack:
    """Add a track for the sound of a source, if there is any that can be read."""
    if source is None:
        return NoSound(())
    # PyAV leaves the codec context out when FFmpeg does not know the codec, though its types deny it.
    codec: Any = source.codec_context
    if codec is None or not codec.sample_rate or not codec.layout.nb_channels:
        return NoSound(("The sound is of a sort that cannot be read: the MP4 has none.",))
    return CopiedSound(container, source) if _can_hold(source) else AacSound(container, source)


def _can_hold(source: av.AudioStream) -> bool:
    if source.codec_context.codec.canonical_name not in _HELD:
        return False
    try:
        with av.open(io.BytesIO(), "w", format="mp4") as trial:
            trial.add_stream_from_template(source)
            trial.start_encoding()
    except _BAD_BYTES:
        return False
    return True


class NoSound:
    """No track."""

    def __init__(self, why: tuple[str, ...]) -> None:
        self._why = why

    def take(self, packet: Any) -> Iterator[Any]:  # noqa: ARG002 - as every track's
        """Drop it."""
        yield from ()

    def finish(self) -> Iterator[Any]:
        """Give nothing."""
        yield from ()

    def warnings(self) -> tuple[str, ...]:
        """Say why there is none."""
        return self._why


class CopiedSound:
    """The bytes of the source, at their times."""

    def __init__(self, container: OutputContainer, source: av.AudioStream) -> None:
        self._stream = container.add_stream_from_template(source)
        self._last: int | None = None
        self._lost = False

    def take(self, packet: Any) -> Iterator[Any]:
        """Give the packet itself."""
        unit = self._stream.time_base
        if packet.pts is None or packet.time_base is None or unit is None:
            return
        scale = packet.time_base / unit
        start = round(packet.pts * scale)
        if self._last is not None and (start - self._last) * unit > _LONGEST_JUMP:
            self._lost = True
            return
        # A muxer refuses what does not rise, be it by the rounding to another clock.
        self._last = start if self._last is None else max(start, self._last + 1)
        duration = round((packet.duration or 0) * scale)
        packet.stream, packet.time_base = self._stream, unit
        packet.pts = packet.dts = self._last
        packet.duration = duration
        yield packet

    def finish(self) -> Iterator[Any]:
        """Give nothing: nothing was held back."""
        yield from ()

    def warnings(self) -> tuple[str, ...]:
        """Say whether something is missing."""
        return ("The clock of the sound jumps; what follows is left out.",) if self._lost else ()


class AacSound:
    """Decoded and encoded again, with holes filled by silence, so that later sound keeps its time."""

    def __init__(self, container: OutputContainer, source: av.AudioStream) -> None:
        codec = self._codec = source.codec_context
        self._was = codec.codec.canonical_name
        self._rate = codec.sample_rate if codec.sample_rate in _AAC_RATES else _OTHER_RATE
        self._layout = _AAC_LAYOUTS.get(codec.layout.nb_channels, "stereo")
        stream: Any = container.add_stream("aac", rate=self._rate, layout=self._layout)
        stream.bit_rate = _BITS_PER_CHANNEL * av.AudioLayout(self._layout).nb_channels
        self._stream = stream
        self._resampler: Any = None
        self._made_for: tuple[str, str, int] | None = None
        self._next: int | None = None

    def take(self, packet: Any) -> Iterator[Any]:
        """Give what is ready; what cannot be decoded becomes silence."""
        try:
            frames: list[av.AudioFrame] = packet.decode()
        except _BAD_BYTES:
            return
        yield from self._added(frames)

    def finish(self) -> Iterator[Any]:
        """Give the rest."""
        with suppress(*_BAD_BYTES):
            yield from self._added(self._codec.decode(None))
        yield from self._resampled(None)
        if self._next is not None:
            yield from self._stream.encode(None)

    def warnings(self) -> tuple[str, ...]:
        """Say that it is not the sound of the source to the bit."""
        return (f"The sound is {self._was} in the source and was converted to AAC, as MP4 asks for.",)

    def _added(self, frames: list[av.AudioFrame]) -> Iterator[Any]:
        for frame in frames:
            with suppress(*_BAD_BYTES):
                yield from self._add(frame)

    def _add(self, frame: av.AudioFrame) -> Iterator[Any]:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._made_for != shape:
            yield from self._resampled(None)
            self._resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=self._rate)
            self._made_for = shape
        yield from self._placed(frame)
        # With its time stamps kept, the resampler would refuse frames after a hole.
        frame.pts = None
        yield from self._resampled(frame)

    def _placed(self, frame: av.AudioFrame) -> Iterator[Any]:
        if frame.pts is None or frame.time_base is None:
            return
        start = frame.pts * frame.time_base * self._rate
        if self._next is None:
            self._next = round(start)
        missing = (start - self._next) / self._rate
        if _SHORTEST_HOLE < missing < _LONGEST_HOLE:
            yield from self._silent(round(start) - self._next)

    def _silent(self, count: int) -> Iterator[Any]:
        channels = av.AudioLayout(self._layout).nb_channels
        for begins in range(0, count, self._rate):
            yield from self._encoded(np.zeros((channels, min(self._rate, count - begins)), np.float32))

    def _resampled(self, frame: av.AudioFrame | None) -> Iterator[Any]:
        if self._resampler is None:
            return
        for piece in self._resampler.resample(frame):
            # Formats of floating point can hold what is no number or far too loud, and an encoder refuses it.
            yield from self._encoded(np.clip(np.nan_to_num(piece.to_ndarray()), -1, 1))
        if frame is None:
            self._resampler = None

    def _encoded(self, samples: Samples) -> Iterator[Any]:
        if not samples.size:
            return
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=self._layout)
        self._next = self._next or 0
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._next, Fraction(1, self._rate)
        self._next += frame.samples
        yield from self._stream.encode(frame)
