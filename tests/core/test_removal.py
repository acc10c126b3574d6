"""What is deleted is gone: nothing of it is anywhere, and nothing of another one is missing."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.core.changes import Change
from functions.core.ids import new_id
from functions.core.jobs.store import Jobs
from functions.core.recordings.arrivals import Arrivals
from functions.core.recordings.deletions import AnnouncingDeletions
from functions.core.recordings.duplicates import Duplicates
from functions.core.recordings.media import checkpoint_key, result_key, results_of, source_key
from functions.core.recordings.model import Recording
from functions.core.recordings.removal import Removal
from functions.core.recordings.store import Recordings
from functions.core.shares.model import Part, Share
from functions.core.shares.store import Shares
from tests.builders import NOON, a_recording
from tests.fakes.breaking import BreakingMedia, BreakingTable, Broken, Fuse
from tests.fakes.clock import FakeClock
from tests.fakes.deletions import FakeDeletions
from tests.fakes.media import FakeMedia
from tests.fakes.queues import FakeQueues
from tests.fakes.table import FakeTable

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 100
DAY = timedelta(days=1)


class Library:
    """Recordings and all that is theirs, over fakes."""

    def __init__(self, clock: FakeClock, table: FakeTable | None = None, media: FakeMedia | None = None) -> None:
        self.clock = clock
        self.table = table or FakeTable()
        self.media = media or FakeMedia()
        self.queues = FakeQueues(clock)
        self.recordings = Recordings(self.table, clock=clock)
        self.jobs = Jobs(self.table, clock=clock)
        self.shares = Shares(self.table, clock=clock)
        self.removal = self.removal_of(self.recordings)

    def removal_of(self, recordings: Recordings, *, media: FakeMedia | None = None) -> Removal:
        belongings = (Duplicates(self.table), self.shares)
        return Removal(recordings=recordings, jobs=self.jobs, media=media or self.media, belongings=belongings)

    def arrive(self, recording: Recording, body: bytes = WAV) -> None:
        key = source_key(recording)
        self.media.write(key, body, content_type=recording.content_type)
        Arrivals(
            recordings=self.recordings, jobs=self.jobs, media=self.media, queues=self.queues, clock=self.clock
        ).take_in(key)

    def a_full_one(self, **changes: Any) -> Recording:
        """Return a recording with everything that one can have."""
        wanted: dict[str, Any] = {"size": len(WAV), "sha256": "a" * 64, "keep_until": NOON + 30 * DAY} | changes
        recording = self.recordings.add(a_recording(**wanted))
        self.arrive(recording)
        self.media.write(source_key(recording), WAV, content_type="audio/wav")
        recording = self.recordings.get(recording.id)
        for job_id in recording.job_ids:
            for key in (result_key(job_id, 1, "transcript.json"), checkpoint_key(job_id, "1")):
                self.media.write(key, b"{}", content_type="application/json")
            held = self.jobs.claim(job_id, by="w", lease=timedelta(minutes=1))
            self.jobs.finish(held, result_key=result_key(job_id, 1, "transcript.json"), timings={})
            self.media.remove(checkpoint_key(job_id, "1"))
        shown: dict[str, Any] = {"parts": (Part.AUDIO,), "created_at": NOON, "expires_at": NOON + DAY}
        share = Share(
            id=new_id("share"), recording_id=recording.id, owner_id=recording.owner_id, made_by="usr_admin", **shown
        )
        self.shares.add(share, once=None)
        return recording

    def in_parts(self, **changes: Any) -> Recording:
        """Return a recording whose upload in parts goes on."""
        recording = self.recordings.add(a_recording(**changes))
        upload_id = self.media.begin_parts(source_key(recording), content_type="audio/mp4", checked=False)
        self.media.uploads[upload_id].parts[1] = WAV
        until = NOON + 2 * DAY
        begun = recording.in_parts(upload_id, part_size=len(WAV), checked=False, now=NOON, until=until)
        return self.recordings.change(recording, lambda _: begun)

    def everything(self) -> tuple[object, ...]:
        return copy.deepcopy((self.table.documents, self.media.objects, self.media.kept, self.media.uploads))


@pytest.fixture
def library(clock: FakeClock) -> Library:
    return Library(clock)


def test_nothing_of_what_is_removed_is_left_and_the_others_have_everything(library: Library) -> None:
    library.a_full_one(owner_id="usr_boris")
    library.in_parts()
    before = library.everything()
    full, in_parts = library.a_full_one(), library.in_parts()
    expired = library.recordings.add(a_recording(upload_until=NOON - DAY))
    doomed = [full, in_parts, expired]
    for recording in doomed:
        library.recordings.delete(library.recordings.get(recording.id))

    assert all(library.removal.remove(recording.id) for recording in doomed)

    assert library.everything() == before


def test_only_what_is_deleted_is_removed(library: Library) -> None:
    recording = library.a_full_one()
    before = library.everything()

    assert not library.removal.remove(recording.id)
    assert not library.removal.remove("rec_none")

    assert library.everything() == before


@pytest.mark.parametrize("is_late", [False, True], ids=["before it took place", "after it took place"])
def test_a_removal_that_is_interrupted_anywhere_ends_alike(library: Library, clock: FakeClock, is_late: bool) -> None:
    library.a_full_one(owner_id="usr_boris")
    rest = library.everything()
    full, in_parts = library.a_full_one(), library.in_parts()
    for recording in (full, in_parts):
        library.recordings.delete(library.recordings.get(recording.id))
    ends, calls = list[tuple[object, ...]](), 0
    while True:
        fuse = Fuse(calls, is_late)
        table = BreakingTable(fuse, copy.deepcopy(library.table.documents))
        again = Library(clock, table, BreakingMedia(fuse, library.media))
        for recording in (full, in_parts):
            try:
                again.removal.remove(recording.id)
            except Broken:
                again.removal.remove(recording.id)
        ends.append(again.everything())
        if not fuse.is_blown:
            break
        calls += 1

    assert calls > 10
    assert all(end == rest for end in ends)


def test_a_result_that_a_worker_finishes_meanwhile_is_removed_too(library: Library) -> None:
    recording = library.recordings.add(a_recording(size=len(WAV)))
    library.arrive(recording)
    deleted = library.recordings.delete(library.recordings.get(recording.id))
    held = library.jobs.claim(deleted.job_ids[0], by="w", lease=timedelta(minutes=1))

    class Overtaken(FakeMedia):
        is_overtaken = False

        def remove_all(self, prefix: str) -> int:
            removed = library.media.remove_all(prefix)
            if prefix == results_of(held.id) and not self.is_overtaken:
                self.is_overtaken = True
                key = result_key(held.id, 1, "transcript.json")
                library.media.write(key, b"{}", content_type="application/json")
                library.jobs.finish(held, result_key=key, timings={})
            return removed

    overtaken = Overtaken()
    library.removal_of(library.recordings, media=overtaken).remove(recording.id)

    assert overtaken.is_overtaken
    assert (library.table.documents, library.media.kept) == ({}, set())


def test_an_upload_that_arrives_as_its_recording_is_deleted_is_removed_for_good(library: Library) -> None:
    recording = library.recordings.add(a_recording(size=len(WAV)))

    class Overtaken(Recordings):
        def find(self, recording_id: str) -> Recording | None:
            found = super().find(recording_id)
            if found is not None:
                self.delete(found)
            return found

    library.recordings = Overtaken(library.table, clock=library.clock)
    library.arrive(recording)

    assert library.media.kept == set()
    assert library.queues.waiting() == []
    assert library.jobs.of_owner(recording.owner_id, before=None, limit=1) == []


@pytest.mark.parametrize("is_removed", [False, True], ids=["deleted", "removed already"])
def test_an_upload_for_a_deleted_recording_is_removed_for_good(library: Library, is_removed: bool) -> None:
    recording = library.recordings.add(a_recording(size=len(WAV)))
    library.recordings.delete(recording)
    if is_removed:
        library.removal.remove(recording.id)

    library.arrive(recording)

    assert library.media.kept == set()
    assert library.queues.waiting() == []


def test_who_leaves_takes_along_what_is_deleted_and_not_gone_yet(library: Library) -> None:
    others = library.recordings.delete(library.a_full_one(owner_id="usr_boris"))
    before = library.everything()
    library.recordings.delete(library.a_full_one())
    library.in_parts()

    library.removal.remove_all_of("usr_anna")

    assert library.everything() == before
    assert library.recordings.find_deleted(others.id) is not None


def test_more_than_a_page_of_deleted_recordings_is_listed_for_each_owner(library: Library) -> None:
    made = [library.recordings.add(a_recording(owner_id=f"usr_{number % 2}")) for number in range(205)]
    for recording in made:
        library.recordings.delete(recording)

    assert [one.id for one in library.recordings.deleted()] == [one.id for one in made][::-1]
    assert [one.id for one in library.recordings.deleted(owner_id="usr_1")] == [one.id for one in made[1::2]][::-1]


def test_a_deletion_is_handed_over_once_however_often_it_is_done(library: Library) -> None:
    recording = library.a_full_one()
    deletions = FakeDeletions(library.removal)
    library.table.changes.clear()

    for _ in range(2):
        library.recordings.delete(recording)
    changes: Sequence[Change] = library.table.changes
    for _ in range(2):
        AnnouncingDeletions(deletions).react(changes)

    assert deletions.announced == [recording.id] * 2
    assert (library.table.documents, library.media.kept) == ({}, set())


# How long recordings are kept


def test_the_note_of_the_end_goes_with_the_recording(library: Library) -> None:
    recording = library.recordings.add(a_recording(keep_until=NOON + DAY))

    def notes() -> list[str]:
        return [pk for pk in library.table.documents if pk.startswith("RETENTION#")]

    def keep(until: Any) -> None:
        nonlocal recording
        recording = library.recordings.change(recording, lambda fresh: replace(fresh, keep_until=until))

    assert notes() == [f"RETENTION#2026-11-22T12:00:00#{recording.id}"]
    for until in (NOON + 2 * DAY, NOON + 2 * DAY + timedelta(microseconds=1), NOON + DAY):
        keep(until)
        assert len(notes()) == 1
    keep(None)
    assert notes() == []
