"""A pack: one immutable file of keys in order with their values, in compressed blocks of which one can be read alone.

    t + term                  -> places: how many recordings, which, how often in each, and at which words; all u32
    x + recording + word      -> texts: JSON of segments, each [first word, id, start, end, speaker, text]

A recording is meant by its ordinal in the pack's entry of the manifest, a word by its number in its recording; in keys
as big-endian u32, so that they sort; in values little-endian, as every machine of Lambda's has them. The blocks come
first, then the table of contents; where that lies stands in the manifest. Whoever wants to know about a term reads the
contents once, and then one block of about 12 KB.
"""

import json
import struct
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

TERM: Final = b"t"
TEXT: Final = b"x"
BLOCK_BYTES: Final = 32 << 10
"""Of a block before compression; a longer value has a block of its own."""

_ENTRY: Final = struct.Struct("<HI")
_LINE: Final = struct.Struct("<HII")
_WORD: Final = struct.Struct(">II")

Numbers = Sequence[int]


@dataclass(frozen=True, slots=True)
class Written:
    """A pack's bytes, and where in them its contents stand."""

    body: bytes
    contents_at: int

    @property
    def contents(self) -> "Contents":
        """What stands where."""
        return read_contents(self.body[self.contents_at :])


@dataclass(frozen=True, slots=True)
class Contents:
    """The first key of each block, and where the block lies."""

    first_keys: list[bytes]
    spans: list[tuple[int, int]]

    def block_of(self, key: bytes) -> int:
        """Return the number of the block that holds a key, if any does."""
        return max(0, bisect_right(self.first_keys, key) - 1)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a term was said: in which recordings, how often in each, and at which words of all of them in turn."""

    recordings: Numbers
    counts: Numbers
    words: Numbers

    def by_recording(self) -> Iterator[tuple[int, Numbers]]:
        """Yield each recording's ordinal and the words in it."""
        at = 0
        for recording, count in zip(self.recordings, self.counts, strict=True):
            yield recording, self.words[at : at + count]
            at += count


def term_key(term: str) -> bytes:
    """Return the key of a term's places."""
    return TERM + term.encode()


def text_key(recording: int, word: int) -> bytes:
    """Return the key of the texts that begin with a word."""
    return TEXT + _WORD.pack(recording, word)


def recording_and_word(key: bytes) -> tuple[int, int]:
    """Read a key of texts."""
    recording, word = _WORD.unpack(key[len(TEXT) :])
    return recording, word


def places_to_bytes(parts: Sequence[tuple[int, Numbers]]) -> bytes:
    """Write a term's places, given for each recording in order of ordinals."""
    words = array("I")
    for _, positions in parts:
        words.extend(positions)
    recordings, counts = array("I", [one for one, _ in parts]), array("I", [len(found) for _, found in parts])
    return struct.pack("<I", len(parts)) + recordings.tobytes() + counts.tobytes() + words.tobytes()


def places_from_bytes(value: bytes) -> Places:
    """Read a term's places."""
    (number,) = struct.unpack_from("<I", value)
    numbers = array("I", value[4:])
    return Places(numbers[:number], numbers[number : 2 * number], numbers[2 * number :])


def texts_to_bytes(rows: Sequence[Sequence[Any]]) -> bytes:
    """Write segments."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def write_pack(entries: Iterable[tuple[bytes, bytes]]) -> Written:
    """Write keys and values, which come in order of keys."""
    body, lines = bytearray(), list[bytes]()
    for first_key, raw in _blocks(entries):
        compressed = zlib.compress(raw, 3)
        lines.append(_LINE.pack(len(first_key), len(body), len(compressed)) + first_key)
        body += compressed
    contents_at = len(body)
    return Written(bytes(body + zlib.compress(b"".join(lines))), contents_at)


def read_contents(compressed: bytes) -> Contents:
    """Read what `write_pack` put at the end."""
    raw, at = zlib.decompress(compressed), 0
    contents = Contents([], [])
    while at < len(raw):
        length, start, size = _LINE.unpack_from(raw, at)
        at += _LINE.size + length
        contents.first_keys.append(raw[at - length : at])
        contents.spans.append((start, start + size))
    return contents


def read_block(compressed: bytes) -> dict[bytes, bytes]:
    """Read a block; its keys keep their order."""
    return dict(_entries(zlib.decompress(compressed)))


def entries_of(pack: Written, kind: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the entries of a kind in order, a block of them in memory at a time."""
    contents = pack.contents
    for start, end in contents.spans[contents.block_of(kind) :]:
        for key, value in _entries(zlib.decompress(pack.body[start:end])):
            if key.startswith(kind):
                yield key, value
            elif key > kind:
                return


def _blocks(entries: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    first_key, raw = b"", bytearray()
    for key, value in entries:
        if raw and len(raw) + len(value) > BLOCK_BYTES:
            yield first_key, bytes(raw)
            raw.clear()
        if not raw:
            first_key = key
        raw += _ENTRY.pack(len(key), len(value)) + key + value
    if raw:
        yield first_key, bytes(raw)


def _entries(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(raw):
        key_length, value_length = _ENTRY.unpack_from(raw, at)
        middle = at + _ENTRY.size + key_length
        yield raw[at + _ENTRY.size : middle], raw[middle : middle + value_length]
        at = middle + value_length
