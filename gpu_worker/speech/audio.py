"""Streaming decode of whatever FFmpeg reads into 16 kHz float32 blocks. Files come from strangers."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.stream import Discard
from numpy.typing import NDArray

from functions.core.errors import Invalid
from gpu_worker.for_ffmpeg import ForFFmpeg
from gpu_worker.speech import stated_length

Samples = NDArray[np.float32]

SAMPLE_RATE: Final = 16_000
BLOCK_SECONDS: Final = 10.0
MOST_TRACKS: Final = 8
"""More voices than this in channels of their own are no conversation; the rest is left out."""

# Playlists (HLS, ffconcat, SDP ...) name other files and hosts, and FFmpeg opens them even when it was given a file
# object and an `io_open` hook. A whitelist that no protocol is on closes every way but the one file that we hold.
_NO_OTHER_SOURCES: Final = {"protocol_whitelist": "none"}

# Players read the streams of a file in step. So many blocks of ten seconds are 58 MB a track.
_MOST_BLOCKS_AHEAD: Final = 90

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
    """What a file says about itself. `duration` is its own claim in seconds; `codec` is that of its sound.

    `channels` are those of all its audio streams, one after the other.
    """

    duration: float | None
    has_audio: bool
    container: str
    codec: str | None
    channels: int = 1


@dataclass(frozen=True, slots=True)
class TrackBlock:
    """The next stretch of one track."""

    track: int
    samples: Samples


class AudioFile:
    """One file's sound, to be read once. `damage` and `decoded_seconds` are final when the reading has ended."""

    def __init__(self, file: BinaryIO) -> None:
        """Read from an open file that can seek; the caller closes it.

        Raises:
            NotMedia: FFmpeg cannot read it, or it has no sound.
        """
        self._file = file
        self._container = _open(file)
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
        """Let go of the decoder. Closing twice is fine."""
        self._container.close()

    def blocks(self) -> Iterator[Samples]:
        """Decode the first audio stream as mono, in blocks of `BLOCK_SECONDS`; the last is shorter.

        What cannot be decoded is left out.

        Raises:
            NotMedia: nothing at all could be decoded.
        """
        stream = _Stream(self._container.streams.audio[0], layout="mono")
        for block in self._decoded([stream]):
            yield block.samples

    def tracks(self) -> Iterator[TrackBlock]:
        """Decode every channel of every audio stream as a track of its own, the blocks of all interleaved.

        Raises:
            NotMedia: as for `blocks`.
        """
        streams: list[_Stream] = []
        for stream in self._container.streams.audio:
            if len(streams) < MOST_TRACKS:
                first = sum(one.width for one in streams)
                streams.append(_Stream(stream, layout=None, first_track=first))
        yield from self._decoded(streams)

    def side_by_side(self) -> Iterator[list[Samples]]:
        """Decode every channel of every audio stream, the blocks of all tracks for the same time together.

        Tracks that have ended are silent. A stream that lies a quarter of an hour behind the others in the file is not
        waited for any longer; what is missing of it is told by `damage`.

        Raises:
            NotMedia: as for `blocks`.
        """
        waiting: list[deque[Samples]] = [deque() for _ in range(self.facts.channels)]
        missed = [0] * len(waiting)
        for block in self.tracks():
            if missed[block.track]:
                missed[block.track] -= 1
                self._bad_packets += _TOLERATED_PACKETS + 1
                continue
            waiting[block.track].append(block.samples)
            while all(waiting) or max(map(len, waiting)) > _MOST_BLOCKS_AHEAD:
                missed = [count + (not blocks) for count, blocks in zip(missed, waiting, strict=True)]
                yield _together(waiting)
        while any(waiting):
            yield _together(waiting)

    def mixed(self) -> Iterator[Samples]:
        """Decode as one sound: all tracks together, and not just the first stream as `blocks` does."""
        for blocks in self.side_by_side():
            mixed: Samples = np.mean(blocks, axis=0, dtype=np.float32)
            yield mixed

    def _decoded(self, streams: "list[_Stream]") -> Iterator[TrackBlock]:
        by_index = {stream.index: stream for stream in streams}
        for other in self._container.streams:
            if other.index not in by_index:
                # The picture of a film is most of it, and need not even be fetched where the container has an index.
                other.discard = Discard.all
        for packet in self._packets(sorted(by_index)):
            yield from self._blocks_of(by_index[packet.stream.index], packet)
        for stream in streams:
            yield from stream.finish()
        self.decoded_seconds = max(stream.seconds for stream in streams)
        self._bad_packets += sum(stream.bad_packets for stream in streams)
        if not self.decoded_seconds:
            raise NotMedia("The sound in this file cannot be decoded.")
        self._broke_off = self._broke_off or self._ended_early()

    def _blocks_of(self, stream: "_Stream", packet: Any) -> Iterator[TrackBlock]:
        try:
            for frame in packet.decode():
                yield from stream.add(frame)
                self.decoded_seconds = max(self.decoded_seconds, stream.seconds)
        except _BAD_BYTES:
            self._bad_packets += 1

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

    def _packets(self, streams: list[int]) -> Iterator[Any]:
        try:
            yield from self._container.demux([self._container.streams[index] for index in streams])
        except av.error.FFmpegError:
            self._broke_off = True


def probe(path: Path) -> MediaFacts:
    """Say what a file is, without decoding it.

    Raises:
        NotMedia: FFmpeg cannot read it.
    """
    with path.open("rb") as file, _open(file) as container:
        return _facts(container)


def _together(waiting: list[deque[Samples]]) -> list[Samples]:
    """Take the next block of each track, as long as the longest."""
    blocks = [one.popleft() if one else np.zeros(0, np.float32) for one in waiting]
    length = max(map(len, blocks))
    return [np.pad(block, (0, length - len(block))) for block in blocks]


class _Stream:
    """One audio stream on its way to blocks of equal length, one track for each of its channels."""

    def __init__(self, stream: Any, *, layout: str | None, first_track: int = 0) -> None:
        self.index: int = stream.index
        self.width = 1 if layout else min(_channels(stream), MOST_TRACKS - first_track)
        self.seconds = 0.0
        self.bad_packets = 0
        self._first_track = first_track
        # Side by side, streams keep their places in time; a stream alone begins where its sound does.
        self._timeline = _Timeline(begins=None if layout else 0.0)
        self._resampling = _Resampling(layout, self.width)
        self._kept: list[Samples] = []
        self._kept_length = 0  # in samples

    def add(self, frame: av.AudioFrame) -> Iterator[TrackBlock]:
        if hole := self._timeline.hole_before(frame):
            self.bad_packets += _TOLERATED_PACKETS + 1
            self._keep(np.zeros((self.width, int(hole * SAMPLE_RATE)), np.float32))
        try:
            for piece in self._resampling.add(frame):
                self._keep(piece)
        except _BAD_BYTES:
            self.bad_packets += 1
        yield from self._full_blocks()

    def finish(self) -> Iterator[TrackBlock]:
        for piece in self._resampling.flush():
            self._keep(piece)
        yield from self._full_blocks()
        rest = np.concatenate(self._kept, axis=1) if self._kept else None
        self._kept, self._kept_length = [], 0
        if rest is not None and rest.shape[1]:
            yield from self._blocks(rest)

    def _keep(self, piece: Samples) -> None:
        self._kept.append(piece)
        self._kept_length += piece.shape[1]
        self.seconds += piece.shape[1] / SAMPLE_RATE

    def _full_blocks(self) -> Iterator[TrackBlock]:
        size = int(BLOCK_SECONDS * SAMPLE_RATE)
        if self._kept_length < size:
            return
        joined = np.concatenate(self._kept, axis=1)
        whole = joined.shape[1] - joined.shape[1] % size
        self._kept, self._kept_length = [joined[:, whole:].copy()], joined.shape[1] - whole
        for start in range(0, whole, size):
            yield from self._blocks(joined[:, start : start + size])

    def _blocks(self, samples: Samples) -> Iterator[TrackBlock]:
        for channel in range(self.width):
            # Float formats can carry NaN, which would spread through everything after it.
            yield TrackBlock(self._first_track + channel, np.nan_to_num(samples[channel]))


class _Timeline:
    """Notices where a frame starts later than the last one ended."""

    def __init__(self, begins: float | None) -> None:
        self._expected = begins

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

    def __init__(self, layout: str | None, width: int) -> None:
        self._layout = layout
        self._width = width
        self._resampler: av.AudioResampler | None = None
        self._made_for: tuple[str, str, int] | None = None

    def add(self, frame: av.AudioFrame) -> Iterator[Samples]:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._made_for != shape:
            yield from self.flush()
            self._resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=SAMPLE_RATE)
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
            samples: Any = converted.to_ndarray()
            yield _of_width(samples, self._width)


def _of_width(samples: Samples, width: int) -> Samples:
    """A stream that changes its layout on the way keeps the tracks that it began with."""
    if samples.shape[0] < width:
        return np.pad(samples, ((0, width - samples.shape[0]), (0, 0)))
    return samples[:width]


def _open(file: BinaryIO) -> InputContainer:
    try:
        return av.open(ForFFmpeg(file), mode="r", metadata_errors="ignore", options=_NO_OTHER_SOURCES)
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
        channels=min(MOST_TRACKS, sum(_channels(one) for one in container.streams.audio)),
    )


def _channels(stream: Any) -> int:
    codec = stream.codec_context
    return max(1, codec.layout.nb_channels) if codec else 1
