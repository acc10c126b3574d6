"""Small videos for tests, encoded with PyAV in memory: no file is in the repository, no program must be installed."""

import functools
import io
import itertools
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width) grey, (height, width, 3) RGB, or (height, width, 4) RGBA."""

CLOCK: Final = 90_000
"""Units of time in a second of a video whose times are given; divides by all usual rates."""
_SOUND_RATE: Final = 48_000
_BITEXACT: Final[Any] = av.container.Flags.bitexact.value
_FORMATS: Final = {2: "gray", 3: "rgb24", 4: "rgba"}
# One thread and no version in the file: the same bytes at every run.
_ALWAYS: Final[dict[str, dict[str, str]]] = {
    "libx264": {"preset": "ultrafast", "threads": "1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "threads": "1"},
}


@dataclass(frozen=True, kw_only=True)
class Track:
    """One stream of pictures. `rotation`: degrees clockwise by which players turn it. `times`: seconds, one each."""

    pictures: Iterable[Picture]
    codec: str = "libx264"
    pixel_format: str | None = None
    rate: int | Fraction = 25
    times: Sequence[float | Fraction] | None = None
    pixel_aspect: Fraction | None = None
    rotation: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    is_cover: bool = False
    coded: bytes | None = None
    """A picture of the codec, encoded already; the one in `pictures` then only tells the size."""


def moving_square(frames: int = 10, *, width: int = 64, height: int = 48) -> Iterator[Picture]:
    """A bright square that wanders over a dark slope of grey."""
    slope = np.linspace(0, 90, width, dtype=np.uint8)
    side = max(1, min(width, height) // 3)
    for number in range(frames):
        picture = np.repeat(np.broadcast_to(slope, (height, width))[:, :, None], 3, axis=2)
        left, top = (number * 3) % max(1, width - side), (number * 2) % max(1, height - side)
        picture[top : top + side, left : left + side] = 240
        yield picture


def noise(frames: int = 10, *, width: int = 64, height: int = 48, seed: int = 1) -> Iterator[Picture]:
    """Pictures that have nothing in common: the hardest to encode."""
    random = np.random.default_rng(seed)
    for _ in range(frames):
        yield random.integers(0, 256, (height, width, 3), dtype=np.uint8)


def plain(level: int | tuple[int, int, int], frames: int = 1, *, width: int = 64, height: int = 48) -> list[Picture]:
    """Pictures of one grey or one colour."""
    return [np.full((height, width, 3), level, np.uint8)] * frames


def disc(*, width: int = 192, height: int = 192, radius: float = 60) -> Picture:
    """A white disc in the middle of black."""
    y, x = np.mgrid[0:height, 0:width]
    inside = (x - (width - 1) / 2) ** 2 + (y - (height - 1) / 2) ** 2 <= radius**2
    return np.repeat((inside * 255).astype(np.uint8)[:, :, None], 3, axis=2)


def quarters(*, width: int = 64, height: int = 48) -> Picture:
    """Four greys: 40 above left, 100 above right, 160 below left, 220 below right."""
    picture = np.empty((height, width, 3), np.uint8)
    middle, centre = height // 2, width // 2
    picture[:middle, :centre], picture[:middle, centre:] = 40, 100
    picture[middle:, :centre], picture[middle:, centre:] = 160, 220
    return picture


def video(
    pictures: Iterable[Picture],
    *,
    container: str = "mp4",
    codec: str = "libx264",
    pixel_format: str | None = None,
    rate: int | Fraction = 25,
    times: Sequence[float | Fraction] | None = None,
    pixel_aspect: Fraction | None = None,
    rotation: int = 0,
    options: Mapping[str, str] | None = None,
    sound: str | None = None,
    sound_seconds: float = 0.5,
) -> bytes:
    """One stream of pictures, and sound where a codec for it is named (`aac`, `libopus`, `pcm_s16le` ...)."""
    track = Track(
        pictures=pictures,
        codec=codec,
        pixel_format=pixel_format,
        rate=rate,
        times=times,
        pixel_aspect=pixel_aspect,
        rotation=rotation,
        options=options or {},
    )
    return mux([track], container=container, sound=sound, sound_seconds=sound_seconds)


def mux(
    tracks: Sequence[Track],
    *,
    container: str = "mp4",
    sound: str | None = None,
    sound_seconds: float = 0.5,
    moov_first: bool = False,
) -> bytes:
    """Any number of streams of pictures in one file. `moov_first`: an MP4 whose beginning says where everything is."""
    options = {"movflags": "faststart"} if moov_first else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        with av.open(str(path), "w", format=container, options=options) as output:
            output.flags = output.flags | _BITEXACT
            pictures = [_Pictures(output, track) for track in tracks]
            heard = output.add_stream(sound, rate=_SOUND_RATE, layout="mono") if sound else None
            # The header is written with the first packet: by then, all must be known of each stream.
            if heard is not None:
                output.mux(_sound_packets(heard, sound_seconds))
            for one in pictures:
                for packet in one.packets():
                    output.mux(packet)
        return path.read_bytes()


def sound_only(*, container: str = "mp4", codec: str = "aac", seconds: float = 0.5) -> bytes:
    """A file without pictures."""
    return mux([], container=container, sound=codec, sound_seconds=seconds)


def variable_rate(steps: Sequence[float | Fraction], *, container: str = "mp4") -> tuple[bytes, list[Fraction]]:
    """A video whose frames last as long as `steps` says; returns it and when its frames are shown."""
    times = [Fraction(0)]
    for step in steps:
        times.append(times[-1] + Fraction(round(Fraction(step) * CLOCK), CLOCK))
    return video(moving_square(len(times)), times=times, container=container), times


def raw_h264(frames: int = 10, *, width: int = 64, height: int = 48) -> bytes:
    """A bare stream: no container, no times, no number of frames."""
    return video(moving_square(frames, width=width, height=height), container="h264")


def png(picture: Picture) -> bytes:
    """A still image."""
    context: Any = av.CodecContext.create("png", "w")
    frame = av.VideoFrame.from_ndarray(
        picture, format=_FORMATS[picture.ndim if picture.ndim == 2 else picture.shape[2]]
    )
    context.width, context.height, context.pix_fmt = frame.width, frame.height, frame.format.name
    context.time_base = Fraction(1, 25)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def gif(pictures: Iterable[Picture], *, rate: int = 10) -> bytes:
    """An animated GIF of grey pictures."""
    return video(pictures, container="gif", codec="gif", pixel_format="gray", rate=rate)


def truncated(data: bytes, share: float = 0.5) -> bytes:
    """The beginning of a file."""
    return data[: int(len(data) * share)]


def damaged(data: bytes, *, flips: int = 400, spare: int = 2000, seed: int = 1) -> bytes:
    """A file with flipped bytes everywhere but in its first and last `spare` bytes, where containers keep their map."""
    random = np.random.default_rng(seed)
    content = bytearray(data)
    for place in random.integers(spare, len(content) - spare, flips):
        content[place] ^= int(random.integers(1, 256))
    return bytes(content)


def png_bomb(side: int = 16_000) -> bytes:
    """A picture of hundreds of megapixels in a few hundred kilobytes."""
    compressor = isal_zlib.compressobj(1)
    rows = [compressor.compress(bytes((side + 1) * 100)) for _ in range(side // 100)]
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", b"".join([*rows, compressor.flush()])), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def png_bomb_in_a_film(side: int = 16_000, *, after: Sequence[Track] = ()) -> bytes:
    """The same as the one frame of a MOV, which may have other streams before it."""
    size = np.broadcast_to(np.uint8(0), (side, side))
    bomb = Track(pictures=[size], codec="png", pixel_format="gray", coded=png_bomb(side))
    return mux([*after, bomb], container="mov")


@functools.cache
def h264_bomb(side: int = 8192, *, container: str = "mp4") -> bytes:
    """An H.264 stream of tens of megapixels."""
    if container == "h264":
        return video([np.zeros((side, side), np.uint8)], container=container, options={"threads": "2"})
    return remuxed(h264_bomb(side, container="h264"), container)


def remuxed(data: bytes, container: str) -> bytes:
    """The same packets in another container."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        with av.open(io.BytesIO(data), "r") as source, av.open(str(path), "w", format=container) as output:
            output.flags = output.flags | _BITEXACT
            stream = output.add_stream_from_template(source.streams.video[0])
            for number, packet in enumerate(source.demux(source.streams.video[0])):
                if packet.size:
                    packet.stream, packet.time_base = stream, Fraction(1, 25)
                    packet.pts, packet.dts, packet.duration = number, number, 1
                    output.mux(packet)
        return path.read_bytes()


def playlist(target: str) -> bytes:
    """An HLS playlist that names another file."""
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n".encode()


def concat_script(target: str) -> bytes:
    """FFmpeg's own list of files."""
    return f"ffconcat version 1.0\nfile '{target}'\n".encode()


def with_box_field(data: bytes, box: bytes, offset: int, value: int) -> bytes:
    """Overwrite 32 bits in the first box of an MP4 that has this name, counted from the end of its name."""
    place = data.index(box) + len(box) + offset
    return data[:place] + struct.pack(">I", value) + data[place + 4 :]


class _Pictures:
    """A stream that is being written."""

    def __init__(self, output: Any, track: Track) -> None:
        self._track = track
        pictures = iter(track.pictures)
        first = next(pictures)
        self._pictures = itertools.chain([first], pictures)
        options = _ALWAYS.get(track.codec, {}) | dict(track.options)
        self._stream = output.add_stream(track.codec, rate=track.rate, options=options)
        context = self._stream.codec_context
        context.width, context.height = first.shape[1], first.shape[0]
        context.pix_fmt = track.pixel_format or "yuv420p"
        if track.pixel_aspect is not None:
            context.sample_aspect_ratio = track.pixel_aspect
        if track.times is not None:
            context.time_base = Fraction(1, CLOCK)
        if track.rotation:
            # FFmpeg counts against the clock.
            self._stream.set_display_rotation(-track.rotation)
        if track.is_cover:
            self._stream.disposition = av.stream.Disposition.attached_pic

    def packets(self) -> Iterator[Any]:
        if self._track.coded is not None:
            yield self._coded_packet(self._track.coded)
            return
        for number, picture in enumerate(self._pictures):
            frame = _frame(picture)
            if self._track.times is not None:
                frame.pts, frame.time_base = round(self._track.times[number] * CLOCK), Fraction(1, CLOCK)
            yield from self._stream.encode(frame)
        yield from self._stream.encode(None)

    def _coded_packet(self, coded: bytes) -> Any:
        packet = av.Packet(coded)
        packet.stream, packet.pts, packet.dts, packet.time_base = self._stream, 0, 0, Fraction(1, 25)
        packet.is_keyframe = True
        return packet


def _frame(picture: Picture) -> av.VideoFrame:
    channels = picture.ndim if picture.ndim == 2 else picture.shape[2]
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=_FORMATS[channels])


def _sound_packets(stream: Any, seconds: float) -> list[Any]:
    instants = np.arange(int(seconds * _SOUND_RATE)) / _SOUND_RATE
    tone = (np.sin(instants * 2 * np.pi * 440) * 8000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(tone[None, :], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = _SOUND_RATE, 0, Fraction(1, _SOUND_RATE)
    return [*stream.encode(frame), *stream.encode(None)]
