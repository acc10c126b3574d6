"""The tracks of a call arrive: in any order, twice, too late, or as something else."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.errors import Conflict
from functions.core.jobs.model import Failure, Job, Kind
from functions.core.recordings.joining import JOINED_WITHIN, Joining
from functions.core.recordings.media import source_key, track_in, track_key, tracks_of
from functions.core.recordings.model import Recording
from functions.core.recordings.tracks import SAME_TRACK, RecordedCall, told_apart
from tests.core.calls.recorded_calls import ANNA, BORIS, a_call_recording, a_recorded_call, a_track
from tests.fakes.clock import FakeClock
from tests.house import House

SOUND = b"OggS" + bytes(96)


class Calls:
    def __init__(self, house: House) -> None:
        self.house = house
        self.recording = house.recordings.add(a_call_recording(a_track(ANNA), a_track(BORIS)))
        self.joining = Joining(recordings=house.recordings, jobs=house.jobs, queues=house.queues, clock=house.clock)

    def reports(self, by: str, body: bytes | None = SOUND) -> None:
        key = track_key(self.recording, by)
        if body is not None:
            self.house.media.write(key, body, content_type="audio/webm")
        self.house.arrivals.take_in(key)

    def becomes_a_recording(self) -> None:
        key = source_key(self.recording)
        self.house.media.write(key, SOUND, content_type="audio/ogg")
        self.house.arrivals.take_in(key)

    @property
    def fresh(self) -> Recording:
        return self.house.recordings.get(self.recording.id)

    @property
    def call(self) -> RecordedCall:
        assert self.fresh.call is not None
        return self.fresh.call

    @property
    def joins(self) -> list[Job]:
        return [job for job in self.house.jobs.get_many(self.fresh.job_ids) if job.kind is Kind.JOIN]


@pytest.fixture
def calls(clock: FakeClock) -> Calls:
    return Calls(House(clock=clock))


def test_one_track_waits_for_the_other(calls: Calls) -> None:
    calls.reports(BORIS)

    assert [track.by for track in calls.call.here] == [BORIS]
    assert calls.joins == []


def test_both_tracks_become_one_job_for_the_lane_that_hears(calls: Calls) -> None:
    calls.reports(BORIS)
    calls.reports(ANNA)

    [job] = calls.joins
    assert calls.house.queues.waiting() == [job.id]
    assert (job.lane, job.owner_id) == ("speech", calls.recording.owner_id)
    assert calls.fresh.upload_until >= calls.house.clock() + JOINED_WITHIN


@given(st.lists(st.sampled_from([ANNA, BORIS, "source"]), min_size=1, max_size=12))
def test_whatever_is_reported_and_how_often_there_is_one_job_and_one_recording(reports: Sequence[str]) -> None:
    calls = Calls(House())
    for what in reports:
        if what == "source":
            if calls.joins:
                calls.becomes_a_recording()
        else:
            calls.reports(what, SOUND if calls.call.track_of(what).is_here is False else None)  # type: ignore[union-attr]

    is_complete = {ANNA, BORIS} <= set(reports)
    kinds = [job.kind for job in calls.house.jobs.get_many(calls.fresh.job_ids)]
    assert kinds.count(Kind.JOIN) == is_complete
    assert kinds.count(Kind.TRANSCRIBE) == (calls.fresh.stored_status == "uploaded")
    if calls.fresh.stored_status == "uploaded":
        assert not any(key.startswith(tracks_of(calls.recording)) for key in calls.house.media.objects)


def test_a_report_that_comes_after_the_recording_changes_nothing(calls: Calls) -> None:
    calls.reports(ANNA)
    calls.reports(BORIS)
    calls.becomes_a_recording()
    before = calls.fresh

    calls.reports(ANNA)
    calls.becomes_a_recording()

    assert calls.fresh == before
    assert not any(key.startswith(tracks_of(calls.recording)) for key in calls.house.media.objects)


def test_a_queue_that_was_not_told_is_told_by_the_next_report(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    calls.reports(ANNA)
    with monkeypatch.context() as broken:
        broken.setattr(calls.house.queues, "enqueue", _break)
        with pytest.raises(ConnectionError):
            calls.reports(BORIS)

    calls.reports(BORIS)

    [job] = calls.joins
    assert calls.house.queues.waiting() == [job.id]


def _break(_: Job) -> None:
    raise ConnectionError


def test_what_came_to_nothing_is_begun_again_by_who_asks_and_by_no_report(calls: Calls) -> None:
    calls.reports(ANNA)
    calls.reports(BORIS)
    calls.house.jobs.bury(calls.joins[0].id, Failure("not-media", "There is no sound."))

    calls.reports(BORIS)
    assert len(calls.joins) == 1
    again = calls.joining.join(calls.fresh, request_id="req_2")

    assert [job.id for job in calls.joins][1:] == [again.id]
    assert calls.joining.join(calls.fresh, request_id="req_3").id == again.id


def test_without_a_track_there_is_nothing_to_join(calls: Calls) -> None:
    with pytest.raises(Conflict) as raised:
        calls.joining.join(calls.recording, request_id="req_1")

    assert raised.value.code == "no-tracks"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "empty-file"), (SOUND[:-1], "wrong-size"), (b"Dear Anna, " * 10, "wrong-size"), (b"a" * 100, "not-media")],
)
def test_what_is_no_track_is_refused_removed_and_may_come_again(calls: Calls, body: bytes, code: str) -> None:
    calls.reports(ANNA, body)

    refused = calls.call.track_of(ANNA)
    assert refused is not None
    assert refused.error is not None
    assert (refused.error.code, refused.is_here) == (code, False)
    assert calls.house.media.objects == {}

    calls.reports(ANNA)
    assert [(track.by, track.error) for track in calls.call.here] == [(ANNA, None)]


def test_a_track_that_nobody_announced_is_removed(calls: Calls) -> None:
    stranger = track_key(calls.recording, "33333333")
    calls.house.media.write(stranger, SOUND, content_type="audio/webm")

    calls.house.arrivals.take_in(stranger)

    assert calls.house.media.objects == {}
    assert calls.call == calls.recording.call


def test_a_track_of_an_erased_recording_leaves_nothing(calls: Calls) -> None:
    calls.house.recordings.delete(calls.recording)
    calls.house.settle()

    key = track_key(calls.recording, ANNA)
    calls.house.media.write(key, SOUND, content_type="audio/webm")
    calls.house.arrivals.take_in(key)

    assert calls.house.media.kept == set()


def test_a_recording_that_is_changed_meanwhile_keeps_its_track(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed: list[Recording] = []
    change = calls.house.recordings.change

    def change_late(recording: Recording, transition: object) -> Recording:
        if not renamed:
            renamed.append(change(recording, lambda fresh: replace(fresh, title="Планёрка")))
        return change(recording, transition)  # type: ignore[arg-type]

    monkeypatch.setattr(calls.house.recordings, "change", change_late)
    calls.reports(ANNA)

    assert (calls.fresh.title, [track.by for track in calls.call.here]) == ("Планёрка", [ANNA])


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("media/usr_1/rec_1/tracks/11111111", ("rec_1", "11111111")),
        ("media/usr_1/rec_1/source", None),
        ("media/usr_1/rec_1/tracks/11111111/source", None),
        ("results/usr_1/rec_1/tracks/11111111", None),
    ],
)
def test_a_track_is_known_by_its_key(key: str, found: tuple[str, str] | None) -> None:
    assert track_in(key) == found


def test_the_owner_decides_what_the_other_side_is_called() -> None:
    call = a_recorded_call(names=(ANNA, "Боря"))

    named = call.promised(a_track(ANNA), name="Анна").promised(a_track(BORIS), name="Анна")

    assert named.names == ("Анна", "Боря")


def test_who_is_not_named_names_themselves_and_nobody_passes_for_the_owner() -> None:
    call = a_recorded_call()

    named = call.promised(a_track(BORIS), name="anna").promised(a_track(ANNA), name="Anna")

    assert named.names == ("Anna", f"anna ({BORIS})")
    assert call.promised(a_track(BORIS), name=None).names == (ANNA, BORIS)


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_two_names_are_never_the_same(owner: str, other: str) -> None:
    first, second = told_apart(owner, other, BORIS)

    assert first == owner
    assert first != second


def test_a_track_that_is_here_is_announced_again_only_as_it_is() -> None:
    here = a_recorded_call(a_track(ANNA)).arrived(ANNA, media_type="audio/webm", now=a_track().started_at)

    assert here.promised(a_track(ANNA), name=None) == here
    with pytest.raises(Conflict, match=SAME_TRACK):
        here.promised(a_track(ANNA, size=7), name=None)
