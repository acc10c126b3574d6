"""H.264 by libx264: for all that the direct encoder cannot write."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.codec.context import Flags
from av.video.frame import PictureType

from gpu_worker.pictures.atlas import Atlas
from gpu_worker.pictures.grid import Bytes, Grid
from gpu_worker.pictures.h264.frame import EncodedFrame
from gpu_worker.pictures.layout import Layout
from gpu_worker.pictures.palette import RGB
from gpu_worker.pictures.sinks.clock import TICK, TICKS, ticks
from gpu_worker.pictures.sinks.planes import Planes, YuvPainter, even

_BEST_CRF: Final = 1
"""Less is lossless, which is a profile (High 4:4:4 Predictive) that hardly a player reads."""
_BT709: Final = 1
_LIMITED: Final = 1


class X264Encoder:
    """Encodes grids at their own times, with a key frame every `key_seconds` at least.

    H.264 with 4:2:0 codes an even number of pixels and can crop an even number only. Where the canvas is odd, a line of
    background is added on the right or at the bottom, so that nothing of the picture is cut and nothing is stretched.

    libx264 copies a picture before `encode` returns, so one frame is drawn over again and again.
    """

    def __init__(  # noqa: PLR0913 - as the direct encoder, and the quality
        self, layout: Layout, atlas: Atlas, *, text: RGB, background: RGB, crf: int, key_seconds: float = 10
    ) -> None:
        self._painter = YuvPainter(layout, atlas, text=text, background=background)
        self._codec = _opened(even(layout.width), even(layout.height), max(_BEST_CRF, crf))
        self._frame = av.VideoFrame(even(layout.width), even(layout.height), "yuv420p")
        self._planes = _planes(self._frame)
        self._painter.clear(self._planes)
        self._key_seconds = Fraction(key_seconds)
        self._last_key: Fraction | None = None
        self._last_tick = -1
        self._times: dict[int, Fraction] = {}

    @property
    def headers(self) -> bytes:
        """Sequence and picture parameter sets (Annex B), which go before the first frame."""
        return self._codec.extradata or b""

    def encode(self, grid: Grid) -> EncodedFrame | None:
        """Take the next frame; gives the one that is ready by then, in the order of decoding."""
        self._painter.draw(grid, self._planes)
        self._last_tick = max(ticks(grid.time), self._last_tick + 1)
        self._times[self._last_tick] = grid.time
        self._frame.pts, self._frame.time_base = self._last_tick, TICK
        self._frame.pict_type = PictureType.I if self._is_key_due(grid.time) else PictureType.NONE
        return next(self._encoded(self._frame), None)

    def finish(self) -> Iterator[EncodedFrame]:
        """Give what is left."""
        yield from self._encoded(None)

    def _is_key_due(self, time: Fraction) -> bool:
        is_due = self._last_key is None or time - self._last_key >= self._key_seconds
        if is_due:
            self._last_key = time
        return is_due

    def _encoded(self, frame: av.VideoFrame | None) -> Iterator[EncodedFrame]:
        for packet in self._codec.encode(frame):
            assert packet.pts is not None
            assert packet.dts is not None
            time = self._times.pop(packet.pts)
            yield EncodedFrame(bytes(packet), time, Fraction(packet.dts, TICKS), packet.is_keyframe)


def _opened(width: int, height: int, crf: int) -> Any:
    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base = TICK
    codec.framerate = Fraction(30)  # a guess that only the first decisions on quality rest on
    codec.color_primaries = codec.color_trc = codec.colorspace = _BT709
    codec.color_range = _LIMITED
    codec.thread_count = 0  # as many as there are processors
    codec.flags |= Flags.global_header
    # mbtree looks how long a block stays, and is off: characters do not, and of small pictures no two runs are alike.
    params = "keyint=infinite:annexb=1:no-mbtree=1"
    codec.options = {"preset": "veryfast", "crf": str(crf), "profile": "high", "forced-idr": "1", "x264-params": params}
    codec.open()
    return codec


def _planes(frame: av.VideoFrame) -> Planes:
    luma, blue, red = (_plane(plane) for plane in frame.planes)
    return luma, blue, red


def _plane(plane: Any) -> Bytes:
    lines: Bytes = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]
