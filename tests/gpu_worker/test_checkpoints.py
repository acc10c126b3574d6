import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.model import ClaimLost, Job
from functions.core.jobs.results import Segment, Word
from functions.core.jobs.store import Jobs
from functions.core.recordings.media import checkpoint_key, checkpoints_of
from gpu_worker.checkpoints import SAVE_SECONDS, SavedCheckpoint
from gpu_worker.claim import Claim
from gpu_worker.inbox import Delivery
from gpu_worker.speech.excerpt import Language
from gpu_worker.speech.front_end import Place
from gpu_worker.speech.whisper import HeardWindow
from tests.builders import a_job
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.queues import FakeInbox
from tests.fakes.table import FakeTable

LEASE = timedelta(seconds=30)
ENGLISH, RUSSIAN = Language(code="en", probability=0.93), Language(code="ru", probability=1.0)


class Desk:
    """One job, and its attempts one after another."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.media = FakeMedia()
        table = FakeTable()
        self.jobs = Jobs(table, clock=self.clock)
        self._job = a_job()
        table.write(self.jobs.put(self._job))

    def claim(self) -> Claim:
        """Start the next attempt; the one before has lost its lease."""
        self.clock.pass_time(LEASE)
        held = self.jobs.claim(self._job.id, by="test", lease=LEASE)
        inbox = FakeInbox(self.clock)
        return Claim(held, Delivery("r", "b", 1), jobs=self.jobs, inbox=inbox, stopping=threading.Event())

    def checkpoint(self, claim: Claim | None = None, *, fingerprint: str = "v1") -> SavedCheckpoint:
        return SavedCheckpoint(claim or self.claim(), self.media, fingerprint=fingerprint)

    @property
    def job(self) -> Job:
        return self.jobs.get(self._job.id)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def a_window(number: int = 0, text: str = "Счёт отправлен.", **changes: Any) -> HeardWindow:
    word = Word(word=text, start=number + 0.1, end=number + 0.9, probability=0.87)
    segment = Segment(id=0, start=number + 0.1, end=number + 0.9, text=text, avg_logprob=-0.1234, words=(word,))
    defaults: dict[str, Any] = {
        "start": float(number),
        "end": number + 1.0,
        "language": ENGLISH,
        "segments": (segment,),
        "likelihood": -0.123456789,
    }
    return HeardWindow(**defaults | changes)


def test_a_first_attempt_has_nothing_to_recall(desk: Desk) -> None:
    checkpoint = desk.checkpoint()

    assert checkpoint.recall(Place(0, 0)) is None
    assert (checkpoint.language, checkpoint.recalled) == (None, 0)


def test_what_was_kept_is_recalled_by_the_next_attempt(desk: Desk) -> None:
    first = desk.checkpoint()
    first.language = ENGLISH
    first.keep(Place(0, 0), a_window(0))
    first.keep(Place(1, 3), a_window(7, segments=(), likelihood=None, language=RUSSIAN))
    first.save()

    second = desk.checkpoint()

    assert second.language == ENGLISH
    assert second.recall(Place(0, 0)) == a_window(0)
    assert second.recall(Place(1, 3)) == a_window(7, segments=(), likelihood=None, language=RUSSIAN)
    assert second.recall(Place(0, 3)) is None
    assert second.recalled == 2


times = st.floats(0, 1e6, allow_nan=False)
words = st.builds(Word, word=st.text(), start=times, end=times, probability=st.floats(0, 1))
languages = st.builds(Language, code=st.sampled_from(["en", "ru", "yue"]), probability=st.floats(0, 1))
heard = st.builds(
    HeardWindow,
    start=times,
    end=times,
    language=languages,
    segments=st.lists(
        st.builds(
            Segment,
            id=st.integers(0, 1000),
            start=times,
            end=times,
            text=st.text(),
            speaker=st.none() | st.text(),
            language=st.none() | st.sampled_from(["en", "ru"]),
            avg_logprob=st.none() | st.floats(-20, 0),
            no_speech_prob=st.none() | st.floats(0, 1),
            words=st.lists(words, max_size=3).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    likelihood=st.none() | st.floats(-20, 0),
)
places = st.builds(Place, st.integers(0, 7), st.integers(0, 10_000))


@given(st.dictionaries(places, heard, max_size=6), st.none() | languages)
def test_whatever_was_heard_is_recalled_exactly(windows: dict[Place, HeardWindow], language: Language | None) -> None:
    desk = Desk()
    first = desk.checkpoint()
    first.language = language
    for place, window in windows.items():
        first.keep(place, window)
    first.save()

    second = desk.checkpoint()

    assert {place: second.recall(place) for place in windows} == windows
    assert second.language == (language if windows else None)


def test_every_attempt_adds_its_part_and_they_are_named_in_the_order_they_were_left(desk: Desk) -> None:
    for attempt in (1, 2):
        checkpoint = desk.checkpoint()
        for number in (2 * attempt, 2 * attempt + 1):
            checkpoint.keep(Place(0, number), a_window(number))
            checkpoint.save()

    assert desk.job.checkpoints == ("1-0.json", "1-1.json", "2-2.json", "2-3.json")
    third = desk.checkpoint()
    assert [third.recall(Place(0, number)) for number in range(2, 6)] == [a_window(number) for number in range(2, 6)]


def test_where_two_parts_tell_of_one_place_the_later_counts(desk: Desk) -> None:
    for text in ("first", "second"):
        checkpoint = desk.checkpoint()
        checkpoint.keep(Place(0, 0), a_window(text=text))
        checkpoint.save()

    assert desk.checkpoint().recall(Place(0, 0)) == a_window(text="second")


def test_a_part_with_another_fingerprint_is_ignored(desk: Desk) -> None:
    for fingerprint, number in (("v1", 0), ("v2", 1)):
        checkpoint = desk.checkpoint(fingerprint=fingerprint)
        checkpoint.language = ENGLISH if fingerprint == "v1" else RUSSIAN
        checkpoint.keep(Place(0, number), a_window(number))
        checkpoint.save()

    found = desk.checkpoint(fingerprint="v1")

    assert (found.recall(Place(0, 0)), found.recall(Place(0, 1))) == (a_window(0), None)
    assert found.language == ENGLISH


def test_a_part_of_another_format_is_ignored_whatever_it_looks_like(desk: Desk) -> None:
    claim = desk.claim()
    key = checkpoint_key(claim.job.id, "1-0.json")
    desk.media.write(key, json.dumps({"format": 2, "parts": 7}).encode(), content_type="application/json")
    claim.leave_checkpoint("1-0.json")

    assert desk.checkpoint().recall(Place(0, 0)) is None


def test_a_part_that_is_gone_is_no_error_and_the_others_count(desk: Desk) -> None:
    first = desk.checkpoint()
    for number in (0, 1):
        first.keep(Place(0, number), a_window(number))
        first.save()
    desk.media.remove(checkpoint_key(desk.job.id, "1-0.json"))

    second = desk.checkpoint()

    assert (second.recall(Place(0, 0)), second.recall(Place(0, 1))) == (None, a_window(1))
    second.keep(Place(0, 0), a_window(0))
    second.save()
    assert desk.checkpoint().recall(Place(0, 0)) == a_window(0)


def test_a_lost_claim_cannot_add_a_part(desk: Desk) -> None:
    lost = desk.checkpoint()
    lost.keep(Place(0, 0), a_window(text="by the lost one"))
    holder = desk.checkpoint()
    holder.keep(Place(0, 0), a_window(text="by the holder"))
    holder.save()

    with pytest.raises(ClaimLost):
        lost.save()

    assert desk.job.checkpoints == ("2-0.json",)
    assert desk.checkpoint().recall(Place(0, 0)) == a_window(text="by the holder")


def test_without_anything_new_nothing_is_written(desk: Desk) -> None:
    checkpoint = desk.checkpoint()
    checkpoint.save()
    checkpoint.keep(Place(0, 0), a_window())
    checkpoint.save()
    checkpoint.save()

    assert desk.job.checkpoints == ("1-0.json",)
    assert [key for key in desk.media.kept if key.startswith(checkpoints_of(desk.job.id))] == [
        checkpoint_key(desk.job.id, "1-0.json")
    ]


def test_every_half_minute_what_is_new_is_saved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("gpu_worker.checkpoints.time.monotonic", lambda: now)
    checkpoint = desk.checkpoint()
    for number in range(3):
        now += SAVE_SECONDS / 2
        checkpoint.keep(Place(0, number), a_window(number))
    assert desk.job.checkpoints == ("1-0.json",)

    now += SAVE_SECONDS / 2
    checkpoint.keep(Place(0, 3), a_window(3))
    assert desk.job.checkpoints == ("1-0.json",)

    now += SAVE_SECONDS
    checkpoint.keep(Place(0, 4), a_window(4))
    assert desk.job.checkpoints == ("1-0.json", "1-1.json")
    assert desk.checkpoint().recall(Place(0, 3)) == a_window(3)
