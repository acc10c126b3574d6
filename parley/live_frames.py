"""Frames of a video that the server is drawing, as it tells of them (docs/ascii.md, "Watch it live")."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MOST_TEXT: Final = 240 * 240 * 3 + 240
_RAW: Final = -15


class NotAFrame(ValueError):
    """Nothing that could be shown."""


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A frame."""

    number: int
    milliseconds: int
    """When the video shows it."""
    lines: tuple[str, ...]


def read_frame(event: Mapping[str, Any]) -> LiveFrame:
    """Read an `ascii.frame`; raises NotAFrame, also where its text would steer a terminal."""
    number, milliseconds, columns, rows = (
        _count(event, name) for name in ("frame_number", "milliseconds", "columns", "rows")
    )
    *lines, rest = _text(event.get("data")).split("\n")
    if rest or not rows or len(lines) != rows or any(not line or len(line) != columns for line in lines):
        raise NotAFrame("not as many characters as it says")
    if not all(line.isprintable() for line in lines):
        raise NotAFrame("not for a terminal")
    return LiveFrame(number, milliseconds, tuple(lines))


def _text(data: object) -> str:
    unpacker = zlib.decompressobj(_RAW)
    try:
        text = unpacker.decompress(base64.b64decode(str(data), validate=True), MOST_TEXT + 1)
        if len(text) > MOST_TEXT or not unpacker.eof:
            raise NotAFrame("too long, or cut off")
        return text.decode()
    except (ValueError, zlib.error) as error:
        raise NotAFrame("not to be read") from error


def _count(event: Mapping[str, Any], name: str) -> int:
    value = event.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise NotAFrame(f"{name} is none")
    return value
