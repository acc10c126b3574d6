"""The MP4: pictures by an encoder, sound as in the source."""

import io
import shutil
from collections import deque
from collections.abc import Iterable
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.error
from av.container import OutputContainer

from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.grid import Grid
from gpu_worker.pictures.h264.frame import EncodedFrame, VideoEncoder
from gpu_worker.pictures.sinks.clock import TICK, TICKS, ticks
from gpu_worker.pictures.sinks.sink import Scene
from gpu_worker.pictures.sinks.sound import SoundTrack, sound_track

_BLOCK: Final = 1024 * 1024
_BAD_PACKET: Final = (av.error.InvalidDataError, av.error.ArgumentError)
_DAMAGED: Final = "Parts of the sound are damaged, and left out."
_OPTIONS: Final = {
    # The index before the pictures, so that playing begins before all is there. For that it is written in a second
    # pass, and the file needs a place where one can go back.
    "movflags": "+faststart",
    "movie_timescale": str(TICKS),
}


class Mp4Sink:
    """Muxes what an encoder makes of grids with the packets of a sound.

    Every frame is shown exactly as long as in the source (`clock.TICKS` says how exactly), the last until the end.
    Sound keeps its place beside the pictures, also where it begins later or ends later than they do.
    """

    def __init__(self, scene: Scene, encoder: VideoEncoder, sound: av.AudioStream | None) -> None:
        self._scene = scene
        self._encoder = encoder
        self._sound = sound
        self._scratch = scene.scratch / "muxed.mp4"
        self._muxer: _Muxer | None = None
        self._encoded: deque[EncodedFrame] = deque()
        self._packets: deque[Any] = deque()
        self._ends: dict[Fraction, Fraction] = {}
        self._last: Fraction | None = None

    def take(self, grid: Grid) -> None:
        """Take the next frame."""
        self._end_last(grid.time)
        self._last = grid.time
        encoded = self._encoder.encode(grid)
        if encoded is not None:
            self._encoded.append(encoded)
        self._mux()

    def take_sound(self, packet: Any) -> None:
        """Take a compressed packet of the sound, whose times are those of the grids; it belongs to the sink then."""
        self._packets.append(packet)
        self._mux()

    def finish(self, end: Fraction) -> tuple[str, ...]:
        """Write what is left, and then all of it to the output."""
        self._end_last(end)
        self._encoded.extend(self._encoder.finish())
        self._mux()
        assert self._muxer is not None, "a video has a frame"
        warnings = self._muxer.finish(end)
        with self._scratch.open("rb") as written, closing(self._scene.open_output(File.VIDEO)) as output:
            shutil.copyfileobj(written, output, _BLOCK)
        self._scratch.unlink()
        return warnings

    def abort(self) -> None:
        """Leave nothing behind."""
        # A file without a name is closed without its second pass.
        self._scratch.unlink(missing_ok=True)
        if self._muxer is not None:
            self._muxer.abort()

    def _end_last(self, time: Fraction) -> None:
        if self._last is not None:
            self._ends[self._last] = max(time, self._last + TICK)

    def _mux(self) -> None:
        if self._muxer is None and self._encoded:
            self._muxer = _Muxer(self._scratch, self._encoder.headers + self._encoded[0].data, self._sound)
        if self._muxer is None:
            return
        # How long a frame is shown is known when the next one comes.
        while self._encoded and self._encoded[0].time in self._ends:
            frame = self._encoded.popleft()
            self._muxer.add(frame, self._ends.pop(frame.time))
        while self._packets:
            self._muxer.add_sound(self._packets.popleft())


class _Muxer:
    """The file in the scratch folder."""

    def __init__(self, path: Path, first: bytes, sound: av.AudioStream | None) -> None:
        self._container: OutputContainer = av.open(path, "w", format="mp4", options=_OPTIONS)
        with av.open(io.BytesIO(first), format="h264") as described:
            template = described.streams.video[0]
            self._pictures: Any = self._container.add_stream_from_template(template, opaque=True)
        self._pictures.time_base = TICK
        self._sound: SoundTrack = sound_track(self._container, sound)
        self._container.start_encoding()
        self._last_decoded: int | None = None
        self._held: Any = None
        self._bad_packets = 0

    def add(self, frame: EncodedFrame, end: Fraction) -> None:
        packet = av.Packet(frame.data)
        packet.stream, packet.time_base, packet.is_keyframe = self._pictures, TICK, frame.is_key
        decoded = ticks(frame.decode_time)
        self._last_decoded = decoded if self._last_decoded is None else max(decoded, self._last_decoded + 1)
        packet.dts = self._last_decoded
        packet.pts = max(ticks(frame.time), self._last_decoded)
        packet.duration = max(1, ticks(end) - packet.pts)
        self._mux_held()
        self._held = packet

    def add_sound(self, packet: Any) -> None:
        self._mux_sound(self._sound.take(packet))

    def finish(self, end: Fraction) -> tuple[str, ...]:
        # The last to be decoded need not be the last to be shown; but it is what the index ends with.
        self._held.dts = self._held.pts
        self._held.duration = max(1, ticks(end) - self._held.pts)
        self._mux_held()
        self._mux_sound(self._sound.finish())
        self._container.close()
        return (*self._sound.warnings(), *([_DAMAGED] if self._bad_packets else []))

    def abort(self) -> None:
        with suppress(av.error.FFmpegError):
            self._container.close()

    def _mux_held(self) -> None:
        if self._held is not None:
            self._container.mux_one(self._held)

    def _mux_sound(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            try:
                self._container.mux_one(packet)
            except _BAD_PACKET:
                self._bad_packets += 1
