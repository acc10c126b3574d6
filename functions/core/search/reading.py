"""Packs read by ranges, many at a time; they never change, so what was read once is kept while there is room."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from functions.core.recordings.media import Media
from functions.core.search.cache import Cache
from functions.core.search.manifest import PackRecord
from functions.core.search.pack import Contents, Places, places_from_bytes, read_block, read_contents, term_key

THREADS: Final = 32
MOST_CACHED: Final = 300 << 20
READ_WHOLE: Final = 192 << 10
"""So small a pack is read in one request."""

_PER_ENTRY: Final = 150
"""Bytes that Python takes for a key and a value."""

Item = TypeVar("Item")
Read = TypeVar("Read")


class PackReader:
    """Reads packs; raises NotFound for one that was merged away meanwhile."""

    def __init__(self, media: Media, *, threads: int = THREADS, most_cached: int = MOST_CACHED) -> None:
        self._media = media
        self._cache = Cache(most_cached)
        self._pool = ThreadPoolExecutor(threads)

    def side_by_side(self, read: Callable[[Item], Read], items: Iterable[Item]) -> list[Read]:
        """Read items at the same time; returns them in their order."""
        return list(self._pool.map(read, items))

    def places(self, packs: Sequence[PackRecord], terms: Iterable[str]) -> list[dict[str, Places]]:
        """Read from each pack where terms were said; twice as long as the bucket takes for one read."""
        keys = {term: term_key(term) for term in terms}
        contents = self.side_by_side(self.contents, packs)
        wanted = [
            (number, block)
            for number, one in enumerate(contents)
            for block in sorted({one.block_of(key) for key in keys.values()} if one.spans else ())
        ]
        found: list[dict[bytes, bytes]] = [{} for _ in packs]
        blocks = self.side_by_side(lambda one: self.block(packs[one[0]], one[1]), wanted)
        for (number, _), block in zip(wanted, blocks, strict=True):
            found[number] |= {key: block[key] for key in keys.values() if key in block}
        return [
            {term: places_from_bytes(values[key]) for term, key in keys.items() if key in values} for values in found
        ]

    def contents(self, pack: PackRecord) -> Contents:
        """Read what stands where in a pack."""
        return self._cache.get(
            (pack.key, "contents"),
            lambda: read_contents(self._bytes(pack, pack.contents_at, pack.size)),
            lambda contents: sum(map(len, contents.first_keys)) + _PER_ENTRY * len(contents.spans),
        )

    def block(self, pack: PackRecord, number: int) -> dict[bytes, bytes]:
        """Read a block of a pack."""
        start, end = self.contents(pack).spans[number]
        return self._cache.get(
            (pack.key, start),
            lambda: read_block(self._bytes(pack, start, end)),
            lambda block: sum(map(len, block.values())) + _PER_ENTRY * len(block),
        )

    def _bytes(self, pack: PackRecord, start: int, end: int) -> bytes:
        if pack.size > READ_WHOLE:
            return self._media.read_range(pack.key, start, end)
        return self._cache.get((pack.key, "whole"), lambda: self._media.read(pack.key), len)[start:end]
