"""Frames of characters on the wire of a live view: what changed since the last one, a few hundred bytes each.

A message is a kind, milliseconds, and a body of raw deflate (RFC 1951). The body of a key frame is columns, rows and
the numbers of all characters; that of any other is these numbers XOR those of the last message, so that what did not
change is zero. Bodies from one key to the next are one stream, each flushed to a byte without the four that every
flush ends with (as in RFC 7692): what was sent before need not be said again.

Frames may be left out before they are encoded, never after.
"""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

MOST_CHARACTERS: Final = 240 * 240
"""In a frame: a reader allocates no more for strangers."""

_HEAD: Final = struct.Struct(">BI")
_SIZE: Final = struct.Struct(">HH")
_FLUSHED: Final = b"\0\0\xff\xff"
_WINDOW: Final = -13
"""Eight kilobytes: two frames of the usual size, and a quarter of the memory for each who watches."""
_LEVEL: Final = 1


class MessageKind(IntEnum):
    """What a message is."""

    CHANGE = 0
    KEY = 1


class BadMessage(ValueError):
    """Bytes that no encoder wrote, or not in this place."""


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A frame as it is shown."""

    milliseconds: int
    columns: int
    rows: int
    glyphs: bytes
    """Numbers of characters, row by row."""


class LiveEncoder:
    """Writes the messages for one who watches."""

    def __init__(self, *, key_milliseconds: int = 2000) -> None:
        self._key_milliseconds = key_milliseconds
        self._deflate = _new_deflate()
        self._last: LiveFrame | None = None
        self._key_at = 0

    def encode(self, frame: LiveFrame) -> bytes:
        """Write the next frame."""
        if self._is_key_due(frame):
            self._deflate = _new_deflate()
            self._key_at = frame.milliseconds
            kind, body = MessageKind.KEY, _SIZE.pack(frame.columns, frame.rows) + frame.glyphs
        else:
            assert self._last is not None
            kind, body = MessageKind.CHANGE, _xor(frame.glyphs, self._last.glyphs)
        self._last = frame
        packed = self._deflate.compress(body) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return _HEAD.pack(kind, frame.milliseconds) + packed.removesuffix(_FLUSHED)

    def _is_key_due(self, frame: LiveFrame) -> bool:
        if self._last is None or (frame.columns, frame.rows) != (self._last.columns, self._last.rows):
            return True
        return not 0 <= frame.milliseconds - self._key_at < self._key_milliseconds


class LiveDecoder:
    """Reads the messages of one encoder, from any key frame on."""

    def __init__(self) -> None:
        self._inflate = _new_inflate()
        self._last: LiveFrame | None = None

    def decode(self, message: bytes) -> LiveFrame:
        """Read the next message.

        Raises:
            BadMessage: it is none, or it changes a frame that was not read.
        """
        if len(message) < _HEAD.size:
            raise BadMessage("a message is longer")
        kind, milliseconds = _HEAD.unpack_from(message)
        body = message[_HEAD.size :]
        if kind == MessageKind.KEY:
            self._last = self._key(milliseconds, body)
        elif kind == MessageKind.CHANGE:
            self._last = self._changed(milliseconds, body)
        else:
            raise BadMessage("there is no such kind of message")
        return self._last

    def _key(self, milliseconds: int, body: bytes) -> LiveFrame:
        self._last = None
        self._inflate = _new_inflate()
        content = self._inflated(body, _SIZE.size + MOST_CHARACTERS)
        if len(content) < _SIZE.size:
            raise BadMessage("a key frame says how large it is")
        columns, rows = _SIZE.unpack_from(content)
        if len(content) - _SIZE.size != columns * rows:
            raise BadMessage("a key frame has not as many characters as it says")
        return LiveFrame(milliseconds, columns, rows, content[_SIZE.size :])

    def _changed(self, milliseconds: int, body: bytes) -> LiveFrame:
        last, self._last = self._last, None
        if last is None:
            raise BadMessage("a change needs the frame before it")
        changes = self._inflated(body, len(last.glyphs))
        if len(changes) != len(last.glyphs):
            raise BadMessage("a change is as large as the frame before it")
        return LiveFrame(milliseconds, last.columns, last.rows, _xor(changes, last.glyphs))

    def _inflated(self, body: bytes, most: int) -> bytes:
        try:
            content = self._inflate.decompress(body + _FLUSHED, most + 1)
        except zlib.error as error:
            raise BadMessage("not deflated") from error
        if len(content) > most:
            raise BadMessage("larger than a frame may be")
        return content


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


def _new_deflate() -> "zlib._Compress":
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW)


def _new_inflate() -> "zlib._Decompress":
    return zlib.decompressobj(_WINDOW)
