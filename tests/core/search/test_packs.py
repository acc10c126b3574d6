from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.search.building import build
from functions.core.search.cache import Cache
from functions.core.search.manifest import Entry, Manifests, PackRecord
from functions.core.search.pack import BLOCK_BYTES, TERM, TEXT, entries_of, read_block, write_pack
from functions.core.search.reading import READ_WHOLE
from functions.core.search.tiers import Tiers
from tests.fakes.media import FakeMedia
from tests.fakes.table import FakeTable
from tests.search_library import Library, a_conversation

KEYS = st.tuples(st.sampled_from([TERM, TEXT]), st.binary(max_size=70)).map(b"".join)


@settings(max_examples=50)
@given(st.dictionaries(KEYS, st.binary(max_size=200), max_size=60), st.integers(1, 50))
def test_what_was_packed_is_read_back_key_by_key_and_in_order(entries: dict[bytes, bytes], repeated: int) -> None:
    whole = {key: value * repeated for key, value in entries.items()}

    pack = write_pack(sorted(whole.items()))

    contents = pack.contents
    blocks = [read_block(pack.body[start:end]) for start, end in contents.spans]
    assert [*entries_of(pack, TERM), *entries_of(pack, TEXT)] == sorted(whole.items())
    assert all(blocks[contents.block_of(key)][key] == value for key, value in whole.items())
    assert all(sum(map(len, block.values())) <= BLOCK_BYTES or len(block) == 1 for block in blocks)


class CountingMedia(FakeMedia):
    def __init__(self) -> None:
        super().__init__()
        self.read_bytes: list[int] = []

    def read_range(self, key: str, start: int, end: int) -> bytes:
        self.read_bytes.append(end - start)
        return super().read(key)[start:end]

    def read(self, key: str, *, first: int | None = None) -> bytes:
        body = super().read(key, first=first)
        if key.startswith("search/"):
            self.read_bytes.append(len(body))
        return body


def test_of_a_large_pack_three_pieces_are_read_once() -> None:
    media, dice = CountingMedia(), Random(1)
    library = Library(media=media)
    words = ["".join(dice.choices("abcdefghijklmnop", k=7)) for _ in range(15_000)]
    library.add(*(" ".join(words[at : at + 10]) for at in range(0, len(words), 10)))
    media.read_bytes.clear()

    library.check(words[777])
    assert (len(media.objects), len(media.read_bytes)) == (2, 3)
    assert sum(media.read_bytes) < library.manifest().packs[0].size / 3
    assert library.manifest().packs[0].size > READ_WHOLE

    library.check(words[777])
    assert len(media.read_bytes) == 3


def test_a_small_pack_is_read_in_one_piece() -> None:
    media = CountingMedia()
    library = Library(media=media)
    library.add("common", "said")
    media.read_bytes.clear()

    library.check("said common")

    assert len(media.read_bytes) == 1


def test_the_largest_manifest_takes_less_than_half_of_what_a_document_may() -> None:
    dice, tiers = Random(1), Tiers()
    entries = tuple(
        Entry(
            recording_id=f"rec_01JD{''.join(dice.choices('0123456789ABCDEFGHJKMNPQRSTVWXYZ', k=22))}",
            fingerprint=dice.randbytes(8).hex(),
            words=dice.randrange(100_000),
            at=dice.randrange(1_700_000_000, 1_800_000_000),
            location_id=f"loc_{''.join(dice.choices('0123456789ABCDEFGHJKMNPQRSTVWXYZ', k=26))}",
        )
        for _ in range(tiers.most_recordings)
    )
    table = FakeTable()
    manifests = Manifests(table)
    pack = PackRecord(owner_id="usr_1", name="merged/1", contents_at=1, size=2, entries=entries, as_of=1)

    table.write(manifests.put_pack(pack))

    assert len(repr(table.documents)) < 200 * 1024
    (read,) = manifests.packs("usr_1", ("merged/1",))
    assert read.entries == entries


def a_pack(words: int, recordings: int) -> PackRecord:
    entries = [Entry("rec", "", 0, 0)] * (recordings - 1) + [Entry("rec", "", words, 0)]
    return PackRecord(owner_id="usr_1", name="", contents_at=0, size=0, entries=tuple(entries), as_of=0)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 12)), max_size=80))
def test_packs_are_merged_until_there_are_few_of_each_size_and_none_is_too_large(sizes: list[tuple[int, int]]) -> None:
    tiers = Tiers(fan=3, smallest=10, most_words=2000, most_recordings=30)
    packs = [a_pack(*size) for size in sizes]

    while chosen := tiers.due(packs):
        assert len(chosen) >= 2
        packs = [pack for pack in packs if not any(pack is one for one in chosen)]
        merged = a_pack(sum(pack.words for pack in chosen), sum(len(pack.entries) for pack in chosen))
        assert merged.words <= tiers.most_words
        assert len(merged.entries) <= tiers.most_recordings
        packs.append(merged)

    small = [pack for pack in packs if pack.words <= 1000 and len(pack.entries) <= 15]
    assert len(small) <= 2 * 6


@pytest.mark.parametrize("texts", [(), ("",), ("—", "👍🏽"), ("\0",)])
def test_where_nothing_was_said_nothing_is_indexed(texts: tuple[str, ...]) -> None:
    assert build(a_conversation(texts)).words == 0
    library = Library()
    recording = library.add("something")
    library.say(recording.id, *texts)

    library.reconcile(recording.id)

    assert library.manifest().packs == ()
    library.check_bucket()


def test_a_cache_keeps_what_was_asked_for_last_and_no_more_than_it_may() -> None:
    cache, made = Cache(10), list[str]()

    def make(key: str) -> str:
        made.append(key)
        return key

    for key in ("a", "b", "a", "c", "a", "b"):
        assert cache.get(key, partial(make, key), lambda _: 4) == key

    assert made == ["a", "b", "c", "b"]
