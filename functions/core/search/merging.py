"""Several packs made into one, without those recordings that are gone: nothing of them is left in it."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from functions.core.search.pack import (
    TERM,
    TEXT,
    Numbers,
    Written,
    entries_of,
    places_from_bytes,
    places_to_bytes,
    recording_and_word,
    text_key,
    write_pack,
)


@dataclass(frozen=True, slots=True)
class Source:
    """A pack and the new ordinals of its recordings, rising; None for those that are gone.

    The ordinals of one source are all below those of the next.
    """

    pack: Written
    ordinals: Sequence[int | None]


def merge(sources: Sequence[Source]) -> Written:
    """Make one pack of several."""
    return write_pack(_entries(sources))


def _entries(sources: Sequence[Source]) -> Iterator[tuple[bytes, bytes]]:
    assert TERM < TEXT
    yield from _terms(sources)
    for source in sources:
        yield from _texts(source)


def _terms(sources: Sequence[Source]) -> Iterator[tuple[bytes, bytes]]:
    streams = [_numbered(source, number) for number, source in enumerate(sources)]
    for key, group in groupby(heapq.merge(*streams), key=lambda entry: entry[0]):
        parts: list[tuple[int, Numbers]] = []
        for _, number, value in group:
            parts += _kept(value, sources[number].ordinals)
        if parts:
            yield key, places_to_bytes(parts)


def _numbered(source: Source, number: int) -> Iterator[tuple[bytes, int, bytes]]:
    return ((key, number, value) for key, value in entries_of(source.pack, TERM))


def _kept(value: bytes, ordinals: Sequence[int | None]) -> Iterator[tuple[int, Numbers]]:
    for old, words in places_from_bytes(value).by_recording():
        new = ordinals[old]
        if new is not None:
            yield new, words


def _texts(source: Source) -> Iterator[tuple[bytes, bytes]]:
    for key, value in entries_of(source.pack, TEXT):
        old, word = recording_and_word(key)
        new = source.ordinals[old]
        if new is not None:
            yield text_key(new, word), value
