"""At any moment somebody else may do anything: nothing is lost or doubled, and nothing comes back."""

import copy
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from functions.core.errors import NotFound
from functions.core.recordings.model import Recording
from functions.core.search.index import SearchIndex
from functions.core.search.reconciling import Reconciler
from functions.core.search.tiers import Tiers
from functions.core.table import Document, Write
from tests.builders import a_recording
from tests.fakes.media import FakeMedia
from tests.fakes.table import FakeTable
from tests.search_library import Library


class Interruption:
    """Lets somebody else do something before one of all calls."""

    def __init__(self) -> None:
        self.left = -1
        self.other: Callable[[], object] = lambda: None

    def come(self) -> None:
        self.left -= 1
        if self.left == -1:
            self.other()


class BusyTable(FakeTable):
    def __init__(self, interruption: Interruption) -> None:
        super().__init__()
        self._interruption = interruption

    def get(self, pk: str) -> Document | None:
        self._interruption.come()
        return super().get(pk)

    def get_many(self, pks: Any) -> dict[str, Document]:
        self._interruption.come()
        return super().get_many(pks)

    def write(self, *writes: Write) -> None:
        self._interruption.come()
        super().write(*writes)


class BusyMedia(FakeMedia):
    def __init__(self, interruption: Interruption) -> None:
        super().__init__()
        self._interruption = interruption

    def read(self, key: str, *, first: int | None = None) -> bytes:
        self._interruption.come()
        return super().read(key, first=first)

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        self._interruption.come()
        super().write(key, body, content_type=content_type)

    def remove_all(self, prefix: str) -> int:
        self._interruption.come()
        return super().remove_all(prefix)


class HastyIndex(SearchIndex):
    def tend(self, owner_id: str, *, may_merge: Callable[[], bool]) -> None:
        pass


class Scene:
    """Eight recordings, most of them merged; nobody has heard of a new transcript of the second one, nor of a ninth."""

    def __init__(self) -> None:
        self.interruption = Interruption()
        self.table, self.media = BusyTable(self.interruption), BusyMedia(self.interruption)
        self.library = Library(table=self.table, media=self.media, tiers=Tiers(fan=3, smallest=6))
        self.known: list[Recording] = [self.library.add("common", f"said{number} " * 3) for number in range(8)]
        self.library.say(self.known[1].id, "common", "corrected")
        self.new = self.library.recordings.add(a_recording(owner_id=self.library.owner))
        self.library.say(self.new.id, "common", "new")
        self._kept = copy.deepcopy((self.table.documents, self.media.objects, self.media.kept, self.library.said))

    def begin(self) -> None:
        kept = copy.deepcopy(self._kept)
        self.table.changes = []
        self.table.documents, self.media.objects, self.media.kept, self.library.said = kept

    def be_interrupted(self, calls: int, act: str) -> None:
        """Let something happen before the next call but so many."""

        self.interruption.left, self.interruption.other = calls, getattr(self, act)

    def hear(self) -> None:
        self.library.reconcile(self.known[1].id)

    def hear_new(self) -> None:
        self.library.reconcile(self.new.id)

    def delete_new(self) -> None:
        self.library.delete(self.new.id)
        self.library.index.remove(self.library.owner, self.new.id)

    def hear_hastily(self) -> None:
        """As if whoever heard had not come to tidy up yet."""
        hasty = HastyIndex(self.table, self.media, clock=self.library.clock, wait=lambda _: None)
        Reconciler(index=hasty, recordings=self.library.recordings, jobs=self.library.jobs, media=self.media).reconcile(
            self.library.owner, self.known[1].id
        )

    def say_more(self) -> None:
        with suppress(NotFound):
            self.library.say(self.known[1].id, "common", "corrected again")
        self.hear()

    def delete(self) -> None:
        with suppress(NotFound):
            self.library.delete(self.known[1].id)
        self.library.index.remove(self.library.owner, self.known[1].id)

    def delete_neighbour(self) -> None:
        self.library.index.remove_of(self.library.delete(self.known[0].id))

    def move(self) -> None:
        with suppress(NotFound):
            self.library.move(self.known[1].id, location_id="loc_1")
        self.hear()

    def add(self) -> None:
        self.library.add("common", "added")

    def check_deleted(self) -> None:
        """Whoever is deleted is nowhere, whatever else is still to be heard of."""
        for deleted in {one.id for one in (*self.known, self.new)} - self.library.said.keys():
            assert self.library.manifest().entry_of(deleted) is None
            assert not [key for key in self.media.kept if key.startswith("search/") and deleted in key]

    def look(self) -> None:
        before = set(self.library.said)
        found = {hit.recording.id for hit in self.library.find("common").hits}
        after = set(self.library.said)
        assert (before & after) - {self.new.id} <= found <= before | after


RACES = [
    *(("hear", other) for other in ("hear", "say_more", "delete", "delete_neighbour", "move", "add", "look")),
    *(("delete", other) for other in ("hear", "delete_neighbour", "add", "look")),
    *(("look", other) for other in ("say_more", "hear_hastily", "delete_neighbour", "add")),
    *(("hear_new", other) for other in ("hear_new", "delete_new")),
    ("delete_new", "hear_new"),
]


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize(("act", "other"), RACES)
def test_whoever_comes_between_changes_nothing_about_the_end(scene: Scene, act: str, other: str) -> None:
    calls, is_over = 0, False
    while not is_over:
        scene.begin()
        scene.be_interrupted(calls, other)

        getattr(scene, act)()

        is_over, scene.interruption.left = scene.interruption.left >= 0, -1
        scene.look()
        scene.check_deleted()
        scene.hear()
        scene.hear_new()
        scene.library.check("common")
        scene.library.check("corrected")
        scene.library.clean_up_later()
        scene.library.check_bucket()
        calls += 1

    assert calls > 3


class SharedMedia(FakeMedia):
    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        with self._lock:
            super().write(key, body, content_type=content_type)

    def remove_all(self, prefix: str) -> int:
        with self._lock:
            return super().remove_all(prefix)


def test_many_threads_at_once_lose_nothing() -> None:
    library = Library(media=SharedMedia(), tiers=Tiers(fan=3, smallest=6))
    failures: list[BaseException] = []

    def live(number: int) -> None:
        try:
            for step in range(6):
                recording = library.add("common", f"thread{number} step{step}")
                library.say(recording.id, "common", f"thread{number} later{step}")
                library.reconcile(recording.id)
                if step % 2:
                    library.index.remove_of(library.delete(recording.id))
        except BaseException as failure:  # noqa: BLE001 (told to the test)
            failures.append(failure)

    threads = [threading.Thread(target=live, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    library.check("common")
    library.check("later2")
    library.clean_up_later()
    library.check_bucket()
