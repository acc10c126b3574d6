"""Whatever happens to recordings, in whatever order the index hears of it: it finds what is said, and nothing else."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.search.building import build
from functions.core.search.manifest import Manifests
from functions.core.search.matching import WINDOW
from functions.core.search.pack import TERM, TEXT, Written, entries_of
from functions.core.search.shelf import Shelf
from functions.core.search.tiers import Tiers
from functions.core.table import Write
from tests.builders import a_recording
from tests.fakes.media import FakeMedia
from tests.fakes.table import FakeTable
from tests.search_library import Library, a_conversation

WORDS = [
    "договор",
    "договора",
    "договоры",
    "бюджет",
    "бюджета",
    "люди",
    "человек",
    "run",
    "running",
    "runs",
    "ran",
    "plan",
    "planned",
    "the",
    "and",
    "цена",
]
NUMBERS = st.integers(0, 5)
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), max_size=50)
STEPS = st.one_of(
    st.tuples(st.just("say"), NUMBERS, TEXTS),
    st.tuples(st.just("say unheard"), NUMBERS, TEXTS),
    st.tuples(st.just("move"), NUMBERS, st.sampled_from(["loc_1", "loc_2"])),
    st.tuples(st.just("delete"), NUMBERS, st.booleans()),
    st.tuples(st.just("hear"), NUMBERS, st.none()),
)
QUERIES = st.lists(st.sampled_from([*WORDS, '"договор бюджет"', '"the plan"', "run-the"]), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


class History:
    def __init__(self, library: Library) -> None:
        library.begin()
        self.library = library
        self.ids: dict[int, str] = {}
        self.deleted: list[str] = []

    def take(self, step: str, number: int, detail: Any) -> None:
        recording_id = self.ids.get(number) or self.begin(number)
        match step:
            case "say":
                self.library.say(recording_id, *detail)
                self.library.reconcile(recording_id)
            case "say unheard":
                self.library.say(recording_id, *detail)
            case "move":
                self.library.move(recording_id, location_id=detail)
            case "delete":
                deleted = self.library.delete(self.ids.pop(number))
                self.deleted.append(deleted.id)
                if detail:
                    self.library.index.remove_of(deleted)
            case "hear":
                self.library.reconcile(recording_id)

    def begin(self, number: int) -> str:
        self.ids[number] = self.library.recordings.add(a_recording(owner_id=self.library.owner)).id
        return self.ids[number]

    def hear_all(self) -> None:
        for recording_id in (*self.ids.values(), *self.deleted):
            self.library.reconcile(recording_id)


@settings(max_examples=50)
@given(st.lists(STEPS, max_size=12), st.lists(QUERIES.map(" ".join), min_size=1, max_size=3))
def test_what_is_found_is_what_a_search_through_all_texts_finds(
    library: Library, steps: list[tuple[str, int, Any]], queries: list[str]
) -> None:
    history = History(library)
    for step in steps:
        history.take(*step)
    history.hear_all()

    for query in queries:
        library.check(query)
    library.check_bucket()
    places = {
        entry.recording_id: entry.location_id for pack in library.manifest().packs for entry in pack.entries if entry
    }
    assert places == {one: library.recordings.get(one).location_id for one, texts in library.said.items() if any(texts)}


@settings(max_examples=40)
@given(st.integers(1, 2 * WINDOW), st.booleans())
def test_words_are_met_within_a_window(library: Library, gap: int, is_swapped: bool) -> None:
    library.begin()
    first, last = ("план", "budget") if is_swapped else ("budget", "план")
    library.add(first, "и " * (gap - 1), last)

    assert library.find("budgets плана").total == (gap <= WINDOW)
    library.check("budgets плана")


def test_a_delete_leaves_no_byte_neither_in_the_table_nor_in_the_bucket(library: Library) -> None:
    library.begin()
    recordings = [library.add(f"common secret{number}", "word " * 30) for number in range(9)]
    library.say(recordings[3].id, "common hidden3")
    library.reconcile(recordings[3].id)
    assert any(len(pack.entries) > 1 for pack in library.manifest().packs)

    library.index.remove_of(library.delete(recordings[3].id))

    left = "".join(spelt_out(library))
    assert "secret4" in left
    assert not [trace for trace in ("secret3", "hidden3", recordings[3].id) if trace in left]
    library.check_bucket()
    library.check("common")


def test_an_owner_who_is_forgotten_leaves_nothing_and_others_stay() -> None:
    table, media = FakeTable(), FakeMedia()
    anna, bert = (Library(table=table, media=media, tiers=Tiers(fan=1000)) for _ in range(2))
    for number in range(120):
        anna.add(f"said{number}")
    kept = bert.add("kept")

    for _ in range(2):
        anna.index.forget_owner(anna.owner)

    assert not [key for key in media.kept if key.startswith("search/") and anna.owner in key]
    assert not [pk for pk in table.documents if pk.startswith(("SEARCH#", "PACK#")) and anna.owner in pk]
    assert [hit.recording for hit in bert.find("kept").hits] == [kept]


def test_what_a_writer_left_that_died_goes_with_its_recording(library: Library) -> None:
    library.begin()
    recording = library.add("common")
    left = f"search/{library.owner}/{recording.id}/01JD/pack"
    library.media.write(left, b"common", content_type="")

    library.index.remove_of(library.delete(recording.id))

    assert library.media.find(left) is None
    library.check_bucket()


def test_what_is_merged_while_one_of_them_is_deleted_is_removed_whenever_it_comes(library: Library) -> None:
    library.begin()
    recording = library.add("common")
    shelf = Shelf(library.table, library.media, Manifests(library.table), clock=library.clock, wait=lambda _: None)
    merged = shelf.draft(library.owner, "merged/1", build(a_conversation(["common"])).pack, ()).record

    library.index.remove_of(library.delete(recording.id))
    assert library.media.find(merged.key) is None
    library.media.write(merged.key, b"common", content_type="")
    library.index.tend(library.owner, may_merge=lambda: True)
    assert library.media.find(merged.key) is None

    library.clean_up_later()
    library.check_bucket()


def test_a_recording_that_is_not_deleted_is_left_to_the_end_of_its_owner(library: Library) -> None:
    library.begin()
    recording = library.add("common")

    library.index.remove_of(recording)

    library.check("common")


def spelt_out(library: Library) -> list[str]:
    """All that the index holds, unpacked."""
    assert isinstance(library.media, FakeMedia)
    assert library.media.kept >= set(library.media.objects)
    packs = {pack.key: pack.contents_at for pack in library.manifest().packs}
    texts = [repr(library.manifest())]
    for key in library.media.kept:
        if key in packs:
            pack = Written(library.media.read(key), packs[key])
            texts += [
                (name + value).decode(errors="ignore")
                for kind in (TERM, TEXT)
                for name, value in entries_of(pack, kind)
            ]
    return texts


class Crash(BaseException):
    """The machine is gone."""


class Fuse:
    """Lets so many calls through, breaks the next one before or after its effect, and all that follow."""

    def __init__(self, calls: int, *, is_late: bool) -> None:
        self.left = calls
        self.is_late = is_late
        self.is_blown = False

    def burn(self) -> bool:
        if self.is_blown:
            raise Crash
        self.left -= 1
        self.is_blown = self.left < 0
        if self.is_blown and not self.is_late:
            raise Crash
        return self.is_blown


class BreakingTable(FakeTable):
    def __init__(self) -> None:
        super().__init__()
        self.fuse = Fuse(1_000_000, is_late=False)

    def write(self, *writes: Write) -> None:
        breaks = self.fuse.burn()
        super().write(*writes)
        if breaks:
            raise Crash


class BreakingMedia(FakeMedia):
    def __init__(self, table: BreakingTable) -> None:
        super().__init__()
        self.table = table

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        breaks = self.table.fuse.burn()
        if key.startswith("search/"):
            _, owner_id, *name, _ = key.split("/")
            assert "/".join(name) in self.table.documents[f"SEARCH#{owner_id}"]["making"]
        super().write(key, body, content_type=content_type)
        if breaks:
            raise Crash

    def remove_all(self, prefix: str) -> int:
        breaks = self.table.fuse.burn()
        removed = super().remove_all(prefix)
        if breaks:
            raise Crash
        return removed


def hear(library: Library, recording_id: str, *, is_removal: bool) -> None:
    if is_removal:
        library.index.remove(library.owner, recording_id)
    else:
        library.reconcile(recording_id)


@pytest.mark.parametrize("is_removal", [False, True])
@pytest.mark.parametrize("is_late", [False, True], ids=["before it took place", "after it took place"])
def test_a_crash_at_any_moment_is_made_good_when_the_event_comes_again(is_late: bool, is_removal: bool) -> None:
    table, calls = BreakingTable(), 0
    library = Library(table=table, media=BreakingMedia(table))
    while True:
        library.begin()
        known = [library.add(f"common word{number}", "word " * 25) for number in range(8)]
        if is_removal:
            library.delete(known[1].id)
        else:
            library.say(known[1].id, "common other")
        table.fuse = Fuse(calls, is_late=is_late)
        with suppress(Crash):
            hear(library, known[1].id, is_removal=is_removal)
        was_blown, table.fuse = table.fuse.is_blown, Fuse(1_000_000, is_late=False)

        assert {hit.recording.id for hit in library.find("common").hits} == set(library.said)
        hear(library, known[1].id, is_removal=is_removal)
        library.check("common")
        library.check("word1")
        if is_removal:
            assert "word1" not in "".join(spelt_out(library))
        library.clean_up_later()
        library.check_bucket()
        if not was_blown:
            break
        calls += 1

    assert calls > 5
