"""Open a file that may be a video. Files come from strangers."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, Final

import av
import av.error
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.stream import Discard, Disposition

from gpu_worker.for_ffmpeg import ForFFmpeg
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.known_formats import CONTAINERS, PICTURES, decoders_of_sound, is_known_sound
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.media_info import MediaInfo

BAD_BYTES: Final = (av.error.FFmpegError, ValueError, AttributeError)
"""What PyAV raises for bad bytes: FFmpeg's own errors, and its own checks of what FFmpeg handed it."""

_NO_SENSE: Final = 366 * 86_400.0
"""Seconds; what says that it is longer says nothing."""
_MOST_ANAMORPHIC: Final = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """A file with a video in it, of which nothing has been decoded yet."""

    container: InputContainer
    video: Any
    """The stream of pictures; PyAV's types say less than is so."""
    sound: av.AudioStream | None
    has_sound: bool
    """Also where it is not wanted, or cannot be read."""
    duration: float | None
    """Seconds, as the file says."""
    binding_duration: float | None
    """Seconds that the pictures themselves last, where a header says so: less means that something is missing."""
    rate: Fraction | None


@contextmanager
def opened(file: BinaryIO, limits: Limits, *, with_sound: bool = True) -> Iterator[Opened]:
    """Open, and close at the end; the file itself stays open. Sound that nobody wants is not even read.

    Raises:
        NotRenderable: it is no video, or larger than is allowed.
    """
    with _container(file, limits) as container:
        video = _video_stream(container)
        _check_size(video.codec_context.width or 0, video.codec_context.height or 0, limits)
        duration = _in_tags(video) or _of_pictures(container, video)
        stated = duration or (container.duration / av.time_base if container.duration else None)
        facts = Opened(
            container=container,
            video=video,
            sound=_sound_stream(container) if with_sound else None,
            has_sound=bool(container.streams.audio),
            duration=_sensible(stated),
            binding_duration=_sensible(duration),
            rate=_rate(video),
        )
        if facts.duration is not None and facts.duration > limits.longest_seconds:
            raise too_long(limits)
        _prepare(facts, limits)
        yield facts


def media_info(facts: Opened, first: av.VideoFrame) -> MediaInfo:
    """Tell what a video is by its first frame; headers are only asked for what no frame knows."""
    aspect = facts.video.codec_context.sample_aspect_ratio or facts.video.sample_aspect_ratio or Fraction(1)
    if not Fraction(1, _MOST_ANAMORPHIC) <= aspect <= _MOST_ANAMORPHIC:
        aspect = Fraction(1)
    return MediaInfo(
        width=first.width,
        height=first.height,
        pixel_aspect=aspect,
        # FFmpeg counts against the clock.
        rotation=round(-first.rotation / 90) % 4 * 90,
        duration=facts.duration,
        rate=facts.rate,
        has_audio=facts.has_sound,
    )


def too_large(limits: Limits, width: int = 0, height: int = 0) -> NotRenderable:
    """Return the failure of a video with too many pixels."""
    size = f" ({width}×{height})" if width and height else ""
    most = limits.most_pixels / 1e6
    return NotRenderable(
        "resolution-too-large", f"The pictures of this video are too large{size}: {most:.1f} megapixels are the most."
    )


def too_much(width: int, height: int) -> NotRenderable:
    """Return the failure of a video that is too much work, though it is neither too large nor too long."""
    return NotRenderable(
        "duration-too-long", f"This video is too long for pictures of {width}×{height}: fewer pixels might be taken."
    )


def check_amount(info: MediaInfo, limits: Limits) -> None:
    """Raise NotRenderable for a video that itself says that it is too much, and not after hours of work."""
    if info.duration is None or info.rate is None:
        return
    if info.duration * float(info.rate) * info.width * info.height > limits.most_pixels_in_all:
        raise too_much(info.width, info.height)


def too_long(limits: Limits) -> NotRenderable:
    """Return the failure of a video that lasts too long."""
    return NotRenderable("duration-too-long", f"This video is too long: {_words(limits.longest_seconds)} are the most.")


def _container(file: BinaryIO, limits: Limits) -> InputContainer:
    options = {
        "protocol_whitelist": "none",
        "format_whitelist": CONTAINERS,
        # FFmpeg decodes pictures to learn of them, before anybody can say how large they may be: never here. For the
        # streams that it knows from the header, the limit is told as well.
        "codec_whitelist": decoders_of_sound(),
        "max_pixels": str(limits.most_pixels),
    }
    accelerated = _accelerator() if limits.hardware else None
    try:
        return av.open(ForFFmpeg(file), mode="r", metadata_errors="ignore", options=options, hwaccel=accelerated)
    except BAD_BYTES as error:
        raise NotRenderable(
            "unreadable-media", "This file cannot be read as a video: it is something else, or damaged."
        ) from error


def _accelerator() -> HWAccel | None:
    """Return the GPU's decoder; None: this machine has none. A codec that it does not know is decoded by the CPU."""
    accelerator = HWAccel("cuda", allow_software_fallback=True)
    try:
        accelerator.create(av.Codec("h264", "r"))
    except (av.error.FFmpegError, NotImplementedError):
        return None
    return accelerator


def _video_stream(container: InputContainer) -> Any:
    streams: list[Any] = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not streams:
        what = ", only sound" if container.streams.audio else ""
        raise NotRenderable("no-video", f"There is no video in this file{what}.")
    known = [stream for stream in streams if stream.codec_context and _name(stream.codec_context) in PICTURES]
    if not known:
        raise NotRenderable("unreadable-media", "The pictures of this video are in a format that is not known here.")
    return known[0]


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))


def _sound_stream(container: InputContainer) -> av.AudioStream | None:
    streams: list[Any] = list(container.streams.audio)
    return next((stream for stream in streams if _can_be_read(stream.codec_context)), None)


def _can_be_read(codec: Any) -> bool:
    return bool(codec) and is_known_sound(_name(codec)) and codec.sample_rate > 0 and codec.layout.nb_channels > 0


def _name(codec: Any) -> str:
    return str(codec.codec.canonical_name)


def _prepare(facts: Opened, limits: Limits) -> None:
    for stream in facts.container.streams:
        if stream is not facts.video and stream is not facts.sound:
            stream.discard = Discard.all
    context = facts.video.codec_context
    context.options = {"max_pixels": str(limits.most_pixels)}
    context.thread_type = "AUTO"
    context.thread_count = limits.threads


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.most_pixels:
        raise too_large(limits, width, height)


def _rate(video: Any) -> Fraction | None:
    rate = video.average_rate or video.guessed_rate
    return rate if rate is not None and Fraction(1, 1000) <= rate <= 1000 else None


def _of_pictures(container: InputContainer, video: Any) -> float | None:
    """Tell how long the pictures last, where that is not how long their sound does."""
    is_said_of_each = container.format.name.startswith("mov") or len(container.streams) == 1
    if not is_said_of_each or video.duration is None or video.time_base is None:
        return None
    return float(video.duration * video.time_base)


def _in_tags(stream: Any) -> float | None:
    """Read Matroska's `01:02:03.456000000`."""
    try:
        hours, minutes, seconds = map(float, stream.metadata.get("DURATION", "").split(":"))
    except ValueError:
        return None
    return hours * 3600 + minutes * 60 + seconds


def _sensible(seconds: float | None) -> float | None:
    return seconds if seconds is not None and math.isfinite(seconds) and 0 < seconds < _NO_SENSE else None


def _words(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} seconds"
    return f"{seconds / 60:g} minutes" if seconds < 7200 else f"{seconds / 3600:g} hours"
