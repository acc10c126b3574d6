"""One pass through a file: pictures decoded and with exact times, sound as it lies in the file."""

import errno
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import av.error

from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.opening import BAD_BYTES, Opened, too_large, too_long, too_much
from gpu_worker.pictures.timeline import Timeline

TakeSound = Callable[[Any], None]
"""Takes a compressed packet whose times are those of the pictures."""

_MOST_BREAKS: Final = 10
"""How often reading goes on after the container itself was broken."""
_FEWEST_TO_JUDGE: Final = 1000
"""Packets, before a video is given up for damage."""
_MOST_WAITING_SOUND: Final = 32 * 1024 * 1024
_TOLERATED_SHARE: Final = 0.01
_TOLERATED_SECONDS: Final = 0.5
_ENCODER_DELAY: Final = Fraction(1, 10)
"""Seconds; sound that begins so much before the first picture is the warming up of a codec."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture and when it is shown: seconds after the first."""

    frame: av.VideoFrame
    time: Fraction


class Decoding:
    """The pictures of a video, to be read once. What is counted is final when the reading has ended."""

    def __init__(self, facts: Opened, limits: Limits) -> None:
        self._facts = facts
        self._limits = limits
        # AVI has only the order of decoding; what FFmpeg takes for the times of B-frames there is wrong.
        self._counts_decoding = facts.container.format.name == "avi"
        self._first_decoding: int | None = None
        self._timeline = Timeline()
        self._sound = _Sound(self._timeline)
        self._pixels = 0
        self._packets = 0
        self._bad_packets = 0
        self._bad_before = 0
        self._breaks = 0
        self._refused_for_size = False
        self.decoded = 0
        self.corrupt_frames = 0
        """Frames that are shown although a part of them could not be read."""

    @property
    def end(self) -> Fraction:
        """When the last frame ends."""
        return self._timeline.end

    def listen(self, take: TakeSound) -> None:
        """Hand every packet of sound to `take`, also those that came before the first picture."""
        self._sound.listen(take)

    def frames(self) -> Iterator[Shown]:
        """Decode every frame.

        Raises:
            NotRenderable: nothing can be decoded, most of it is broken, or there is more than is allowed.
        """
        for packet in self._all_packets():
            if packet.stream is self._facts.sound:
                self._sound.take(packet)
                continue
            for frame in self._decoded(packet):
                shown = self._shown(frame)
                if shown is not None:
                    yield shown
        self._give_up_if_broken(at_least=1)
        if self.decoded == 0:
            raise self._nothing()

    def warnings(self) -> tuple[str, ...]:
        """Return sentences for people on what is not there or not as it was."""
        return tuple(filter(None, [self._missing_end(), self._damage(), self._left_out(), self._sound.warning()]))

    def _all_packets(self) -> Iterator[Any]:
        streams = [stream for stream in (self._facts.video, self._facts.sound) if stream is not None]
        while self._breaks <= _MOST_BREAKS:
            try:
                yield from self._facts.container.demux(streams)
            except av.error.FFmpegError:
                self._breaks += 1
            else:
                return
        # Only what reads to the end tells the decoder to give what it holds back.
        last = av.Packet()
        last.stream = self._facts.video
        yield last

    def _decoded(self, packet: Any) -> list[av.VideoFrame]:
        self._packets += 1
        try:
            frames: list[av.VideoFrame] = packet.decode()
        except BAD_BYTES as error:
            self._note(error)
            self._give_up_if_broken(at_least=_FEWEST_TO_JUDGE)
            return []
        return frames

    def _note(self, error: Exception) -> None:
        if getattr(error, "errno", None) == errno.ENOMEM:
            raise error
        self._bad_packets += 1
        self._bad_before += self.decoded == 0
        # A size that is refused is taken back by FFmpeg, and told as a wrong argument.
        has_size = self._facts.video.codec_context.width
        if isinstance(error, av.error.ArgumentError) and not has_size:
            self._refused_for_size = True

    def _shown(self, frame: av.VideoFrame) -> Shown | None:
        self.decoded += 1
        self.corrupt_frames += frame.is_corrupt
        unit = frame.time_base or self._facts.video.time_base
        lasts = frame.duration * unit if frame.duration > 0 and unit else 1 / (self._facts.rate or Fraction(25))
        stamp = self._stamp(frame)
        time = self._timeline.place(stamp * unit if stamp is not None and unit else None, lasts)
        self._sound.begin()
        if time is None:
            return None
        self._pixels += frame.width * frame.height
        if time > self._limits.longest_seconds:
            raise too_long(self._limits)
        if self._pixels > self._limits.most_pixels_in_all:
            raise too_much(frame.width, frame.height)
        return Shown(frame, time)

    def _stamp(self, frame: av.VideoFrame) -> int | None:
        if not self._counts_decoding or frame.dts is None:
            return None if self._counts_decoding else frame.pts
        if self._first_decoding is None:
            self._first_decoding = frame.dts
        return frame.dts - self._first_decoding

    def _give_up_if_broken(self, *, at_least: int) -> None:
        # What is cut out of a broadcast begins with frames that lean on what is not there.
        broken = self._bad_packets - self._bad_before + self.corrupt_frames
        count = self._packets - self._bad_before
        share = broken / max(1, count)
        if self.decoded and count >= at_least and share > self._limits.most_damage:
            raise NotRenderable(
                "too-damaged", f"So much of this file is damaged ({share:.0%}) that there is little left to show."
            )

    def _nothing(self) -> NotRenderable:
        if self._refused_for_size:
            return too_large(self._limits)
        return NotRenderable("unreadable-media", "No picture of this video can be decoded: it is empty, or damaged.")

    def _missing_end(self) -> str | None:
        # A duration that is said counts the jumps of the clock.
        stated = None if self._timeline.jumps else self._facts.binding_duration
        end = float(self.end)
        if stated is not None and end < stated * (1 - _TOLERATED_SHARE) - _TOLERATED_SECONDS:
            return f"The file ends early: of {stated:.1f} seconds, {end:.1f} are there."
        if self._breaks:
            return f"The file ends early or is broken inside: {end:.1f} seconds of it could be read."
        return None

    def _damage(self) -> str | None:
        if not self._bad_packets and not self.corrupt_frames:
            return None
        parts = [
            f"{self._bad_packets} of its frames could not be read" if self._bad_packets else "",
            f"{self.corrupt_frames} only in part" if self.corrupt_frames else "",
        ]
        return f"The file is damaged: {', '.join(filter(None, parts))}."

    def _left_out(self) -> str | None:
        if self._timeline.jumps:
            return "The clock of the video jumps: what follows a jump is shown without a pause."
        if self._timeline.dropped:
            return f"Frames that would be shown when another one is were left out: {self._timeline.dropped}."
        return None


class _Sound:
    """Hands on packets of sound; those before the first picture wait, since only it says when the video begins."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._take: TakeSound | None = None
        self._has_begun = False
        self._waiting: deque[Any] = deque()
        self._waiting_bytes = 0
        self._lost = 0
        self._next: int | None = None

    def listen(self, take: TakeSound) -> None:
        self._take = take
        self._flush()

    def begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._flush()

    def take(self, packet: Any) -> None:
        if not packet.size:
            return
        self._waiting.append(packet)
        self._waiting_bytes += packet.size
        while self._waiting_bytes > _MOST_WAITING_SOUND:
            self._waiting_bytes -= self._waiting.popleft().size
            self._lost += 1
        self._flush()

    def warning(self) -> str | None:
        return (
            "A part of the sound lies too far from its pictures in the file, and is left out." if self._lost else None
        )

    def _flush(self) -> None:
        if self._take is None or not self._has_begun:
            return
        while self._waiting:
            packet = self._waiting.popleft()
            self._waiting_bytes -= packet.size
            if self._is_placed(packet):
                self._take(packet)

    def _is_placed(self, packet: Any) -> bool:
        """Set the packet's times to those of the pictures; they rise. What is before the first picture is not heard."""
        if packet.pts is not None:
            time = self._timeline.shifted(packet.pts * packet.time_base)
            if time < -_ENCODER_DELAY:
                return False
            start = round(time / packet.time_base)
        elif self._next is not None:
            start = self._next
        else:
            return False
        if self._next is not None and start < self._next - (packet.duration or 1):
            return False
        packet.pts = packet.dts = start
        self._next = start + max(1, packet.duration or 1)
        return True
