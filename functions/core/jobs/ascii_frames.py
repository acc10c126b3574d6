"""Frames of characters for whoever watches a video being drawn: one event each, which needs no other to be read.

`data` is base64 of raw deflate (RFC 1951) of UTF-8: the very lines that the text files of the job have. Frames that say
only what changed are no smaller: a render runs ahead of its film, so of ten frames in a second hardly a character stays
where it was (moving picture, 120 characters: 1.3 KB whole, 1.5 KB as changes). So any may be lost, and a browser needs
nothing but DecompressionStream.
"""

import base64
import codecs
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from functions.core.realtime.model import FRAME_LIMIT

MOST_CHARACTERS: Final = 240 * 240
"""In a frame: a reader allocates no more for strangers."""
MOST_TEXT: Final = MOST_CHARACTERS * 3 + 240
"""Bytes of its text: no style has a character of more than three."""
MOST_DATA: Final = FRAME_LIMIT - 512
"""Characters of `data`; what is said beside it is shorter than the rest."""

_RAW: Final = -15
_LEVEL: Final = 6
"""A third of a millisecond for the usual frame, and the largest is a quarter smaller than at level 1."""


class BadFrame(ValueError):
    """No frame, or none that is shown."""


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A frame as it is drawn."""

    number: int
    """Counts from 0."""
    milliseconds: int
    """When the video shows it."""
    columns: int
    rows: int
    glyphs: bytes
    """Numbers of characters of the style, row by row."""

    @property
    def halved(self) -> "LiveFrame":
        """Every other character of every other row."""
        rows = [self.glyphs[start : start + self.columns : 2] for start in range(0, len(self.glyphs), 2 * self.columns)]
        return replace(self, columns=(self.columns + 1) // 2, rows=len(rows), glyphs=b"".join(rows))


@dataclass(frozen=True, slots=True)
class ReadFrame:
    """A frame as it is shown."""

    number: int
    milliseconds: int
    text: str


def event_of(job_id: str, frame: LiveFrame, characters: str) -> dict[str, Any]:
    """Return a frame as an event of `parley.v1`.

    One that is too large for a message is halved: of what is drawn in practice only noise in braille is.
    """
    data = _packed(frame, characters)
    while len(data) > MOST_DATA:
        frame = frame.halved
        data = _packed(frame, characters)
    return {
        "type": "ascii.frame",
        "job_id": job_id,
        "frame_number": frame.number,
        "milliseconds": frame.milliseconds,
        "columns": frame.columns,
        "rows": frame.rows,
        "data": data,
    }


def read_event(event: Mapping[str, Any]) -> ReadFrame:
    """Read such an event; raises BadFrame."""
    number, milliseconds, columns, rows = (
        _count(event, name) for name in ("frame_number", "milliseconds", "columns", "rows")
    )
    text = _unpacked(event.get("data"))
    lines = text.split("\n")
    if lines.pop() or not rows or len(lines) != rows or any(not line or len(line) != columns for line in lines):
        raise BadFrame("a frame has as many characters as it says")
    return ReadFrame(number, milliseconds, text)


def text_of(frame: LiveFrame, characters: str) -> str:
    """Return the rows of a frame, each ended by a line break; raises ValueError: a number is none of a character."""
    text, _ = codecs.charmap_decode(frame.glyphs, "strict", characters)
    starts = range(0, frame.columns * frame.rows, frame.columns)
    return "".join(f"{text[start : start + frame.columns]}\n" for start in starts)


def _packed(frame: LiveFrame, characters: str) -> str:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
    packed = packer.compress(text_of(frame, characters).encode()) + packer.flush()
    return base64.b64encode(packed).decode()


def _unpacked(data: object) -> str:
    if not isinstance(data, str):
        raise BadFrame("a frame has data")
    unpacker = zlib.decompressobj(_RAW)
    try:
        text = unpacker.decompress(base64.b64decode(data, validate=True), MOST_TEXT + 1)
    except (ValueError, zlib.error) as error:
        raise BadFrame("nothing that was packed") from error
    if len(text) > MOST_TEXT:
        raise BadFrame("larger than a frame may be")
    if not unpacker.eof or unpacker.unused_data:
        raise BadFrame("a frame ends with its data")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise BadFrame("no text") from error


def _count(event: Mapping[str, Any], name: str) -> int:
    value = event.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadFrame(f"{name} is a number that counts")
    return value
