"""The pixels of a decoded frame: as the decoder left them where that can be read, converted once where not."""

from dataclasses import dataclass
from typing import Any, Final

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from gpu_worker.pictures.grid import Bytes

_HALVINGS: Final = {
    "yuv420p": (1, 1),
    "yuvj420p": (1, 1),
    "yuv422p": (1, 0),
    "yuvj422p": (1, 0),
    "yuv444p": (0, 0),
    "yuvj444p": (0, 0),
    "yuv440p": (0, 1),
    "yuvj440p": (0, 1),
    "yuv411p": (2, 0),
    "yuvj411p": (2, 0),
    "yuv410p": (2, 2),
    "nv12": (1, 1),
    "nv21": (1, 1),
    "gray": (0, 0),
}
"""What is read as it is, and how often its colour is halved, across and down."""
_INTERLEAVED: Final = {"nv12": (0, 1), "nv21": (1, 0)}
"""Where blue and red lie between each other: the place of each."""
_FULL, _LIMITED, _NOT_SAID = 2, 1, 0
_BT709, _BT601 = 1, 6
_KNOWN_MATRICES: Final = {1: 1, 5: 6, 6: 6, 4: 6, 9: 9, 10: 9}
"""FFmpeg's numbers of a matrix: those that are as good as the same."""
_HIGH_DEFINITION: Final = (1280, 577)
"""What is so wide or high has BT.709's colours, if it says nothing."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Flat bytes, whose lines begin `stride` apart."""

    data: Bytes
    stride: int


@dataclass(frozen=True, slots=True)
class Planes:
    """A frame to be read."""

    width: int
    height: int
    light: Plane
    blue: Plane | None
    red: Plane | None
    """None: it has no colour."""
    halvings: tuple[int, int]
    """How often colour is halved, across and down."""
    is_full_range: bool
    matrix: int
    """1: BT.709, 6: BT.601, 9: BT.2020."""

    @property
    def colour_size(self) -> tuple[int, int]:
        """Width and height of the planes of colour."""
        across, down = self.halvings
        return -(-self.width >> across), -(-self.height >> down)


def planes_of(frame: av.VideoFrame, *, empty_is_white: bool) -> Planes:
    """Read a frame. What is transparent in it becomes what is drawn with nothing: black, or white."""
    has_alpha = frame.format.name == "pal8" or any(one.is_alpha for one in frame.format.components)
    readable = _readable(frame, has_alpha=has_alpha)
    name = readable.format.name
    light = _plane(readable.planes[0])
    is_full_range = _is_full_range(readable)
    if has_alpha:
        light = _on_ground(light, _plane(readable.planes[3]), _ground(is_full_range, empty_is_white))
    blue, red = _colours(readable)
    return Planes(
        width=readable.width,
        height=readable.height,
        light=light,
        blue=blue,
        red=red,
        halvings=(0, 0) if has_alpha else _HALVINGS[name],
        is_full_range=is_full_range,
        matrix=_matrix(readable),
    )


def _readable(frame: av.VideoFrame, *, has_alpha: bool) -> av.VideoFrame:
    name = frame.format.name
    if name in _HALVINGS and all(plane.line_size > 0 for plane in frame.planes):
        return frame
    target = "yuva444p" if has_alpha else "yuv444p"
    if frame.format.is_rgb or frame.format.has_palette:
        converted = frame.reformat(format=target, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.JPEG)
        converted.color_range, converted.colorspace = _FULL, _BT709
        return converted
    said = frame.color_range or (_FULL if name.startswith(("gray", "ya", "yuvj")) else _LIMITED)
    matrix = frame.colorspace
    converted = frame.reformat(format=target, src_color_range=said, dst_color_range=said)
    converted.color_range, converted.colorspace = said, matrix
    return converted


def _plane(plane: Any) -> Plane:
    return Plane(np.frombuffer(plane, np.uint8), plane.line_size)


def _colours(frame: av.VideoFrame) -> tuple[Plane | None, Plane | None]:
    name = frame.format.name
    if name == "gray":
        return None, None
    if name not in _INTERLEAVED:
        return _plane(frame.planes[1]), _plane(frame.planes[2])
    both = _plane(frame.planes[1])
    blue, red = (Plane(np.ascontiguousarray(both.data[place::2]), both.stride // 2) for place in _INTERLEAVED[name])
    return blue, red


def _on_ground(light: Plane, alpha: Plane, ground: int) -> Plane:
    opaque = alpha.data.astype(np.int32)
    mixed = (light.data * opaque + ground * (255 - opaque) + 127) // 255
    return Plane(mixed.astype(np.uint8), light.stride)


def _ground(is_full_range: bool, empty_is_white: bool) -> int:  # noqa: FBT001 - two facts of one module
    if empty_is_white:
        return 255 if is_full_range else 235
    return 0 if is_full_range else 16


def _is_full_range(frame: av.VideoFrame) -> bool:
    if frame.color_range != _NOT_SAID:
        return frame.color_range == _FULL
    return frame.format.name.startswith(("gray", "yuvj"))


def _matrix(frame: av.VideoFrame) -> int:
    guessed = _BT709 if frame.width >= _HIGH_DEFINITION[0] or frame.height >= _HIGH_DEFINITION[1] else _BT601
    return _KNOWN_MATRICES.get(frame.colorspace, guessed)
