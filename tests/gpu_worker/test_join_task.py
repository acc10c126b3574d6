"""Tracks of a call become one recording, over fakes and with sound as browsers record it."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from functions.core.jobs.model import ClaimLost, Job, Kind, Status
from functions.core.recordings.joining import Joining
from functions.core.recordings.media import source_key, track_key, tracks_of
from functions.core.recordings.model import Recording
from functions.core.recordings.tracks import Track
from gpu_worker.calls.object_upload import PART
from gpu_worker.claim import Claim, Hopeless, Interrupted
from gpu_worker.inbox import Delivery
from gpu_worker.tasks.join import JoinTask
from gpu_worker.tasks.task import Outcome, Work
from tests.builders import NOON
from tests.core.calls.recorded_calls import ANNA, BORIS, a_call_recording
from tests.fakes.clock import FakeClock
from tests.gpu_worker.calls.tracks import MP4, OGG, WEBM, Samples, decoded, loud_seconds, quiet, recorded, tone
from tests.house import House


class Call:
    """A recorded call whose tracks come in, and whose join is done by hand."""

    def __init__(self, clock: FakeClock) -> None:
        self.house = House(clock=clock)
        self.stopping = threading.Event()
        self.recording = self.house.recordings.add(a_call_recording(names=("Анна", "Борис")))
        self.joining = Joining(
            recordings=self.house.recordings, jobs=self.house.jobs, queues=self.house.queues, clock=clock
        )

    def sends(self, by: str, body: bytes, *, after: float = 0.0) -> None:
        track = Track(
            by=by, started_at=NOON + timedelta(seconds=after), size=len(body), content_type="audio/webm;codecs=opus"
        )
        self.house.recordings.change(
            self.fresh,
            lambda fresh: replace(fresh, call=fresh.call.promised(track, name=None)),  # type: ignore[union-attr]
        )
        key = track_key(self.recording, by)
        self.house.media.write(key, body, content_type=track.content_type)
        self.house.arrivals.take_in(key)

    @property
    def fresh(self) -> Recording:
        return self.house.recordings.get(self.recording.id)

    @property
    def job(self) -> Job:
        [job] = self.house.jobs.get_many(self.fresh.job_ids)
        return job

    def work(self, job: Job | None = None) -> Work:
        held = self.house.jobs.claim((job or self.job).id, by="test", lease=timedelta(hours=1))
        inbox = self.house.queues.inboxes[held.lane]
        claim = Claim(held, Delivery("r", "b", 1), jobs=self.house.jobs, inbox=inbox, stopping=self.stopping)
        return Work(claim, is_last_try=False)

    def joined(self, work: Work | None = None, *, part: int = PART) -> tuple[Outcome, Samples]:
        task = JoinTask(recordings=self.house.recordings, media=self.house.media, part=part)
        outcome = task.run(work or self.work())
        return outcome, decoded(self.house.media.read(source_key(self.recording)))


@pytest.fixture
def call(clock: FakeClock) -> Call:
    return Call(clock)


@pytest.mark.parametrize("form", [WEBM, OGG, MP4], ids=["webm", "ogg", "mp4"])
def test_both_sides_are_heard_in_their_channels_as_they_were_spoken(call: Call, form: tuple[str, str]) -> None:
    call.sends(ANNA, recorded(np.concatenate([quiet(1), tone(1), quiet(1)])), after=2.5)
    call.sends(BORIS, recorded(np.concatenate([tone(1, 300), quiet(2)]), form))

    outcome, sound = call.joined()

    assert loud_seconds(sound[0]) == [pytest.approx((3.5, 4.5), abs=0.06)]
    assert loud_seconds(sound[1]) == [pytest.approx((0, 1), abs=0.06)]
    assert sound.shape[1] / 48_000 == pytest.approx(5.5, abs=0.1)
    facts: dict[str, Any] = json.loads(call.house.media.read(outcome.result_key))
    assert [(one["by"], one["delay_seconds"]) for one in facts["tracks"]] == [(ANNA, 2.5), (BORIS, 0)]
    assert call.fresh.call is not None
    assert call.fresh.call.notes == ()


def test_what_was_joined_is_taken_in_and_worked_on_like_any_recording(call: Call) -> None:
    call.sends(ANNA, recorded(tone(1)))
    call.sends(BORIS, recorded(tone(1)))
    work = call.work()
    outcome, _ = call.joined(work)
    work.claim.finish(result_key=outcome.result_key, timings={})

    call.house.arrivals.take_in(source_key(call.recording))

    taken_in = call.fresh
    jobs = call.house.jobs.get_many(taken_in.job_ids)
    assert (taken_in.stored_status, taken_in.media_type) == ("uploaded", "audio/ogg")
    assert taken_in.size == len(call.house.media.read(source_key(taken_in)))
    assert [job.kind for job in jobs] == [Kind.JOIN, Kind.TRANSCRIBE, Kind.SUMMARISE]
    assert not any(key.startswith(tracks_of(taken_in)) for key in call.house.media.kept)


def test_one_side_alone_is_joined_with_silence_and_a_note(call: Call) -> None:
    call.sends(BORIS, recorded(tone(1)))
    call.joining.join(call.fresh, request_id="req_1")

    _, sound = call.joined()

    assert loud_seconds(sound[0]) == []
    assert loud_seconds(sound[1]) == [pytest.approx((0, 1), abs=0.06)]
    assert call.fresh.call is not None
    assert call.fresh.call.notes == ("The side of Анна never arrived: it is silent.",)


def test_a_side_that_cannot_be_heard_is_silent_and_the_other_one_is_kept(call: Call) -> None:
    call.sends(ANNA, b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 10)
    call.sends(BORIS, recorded(tone(1)))

    _, sound = call.joined()

    assert loud_seconds(sound[0]) == []
    assert loud_seconds(sound[1]) == [pytest.approx((0, 1), abs=0.06)]
    assert call.fresh.call is not None
    assert call.fresh.call.notes == ("What was sent of the side of Анна cannot be heard: it is silent.",)


def test_where_nothing_can_be_heard_there_is_no_recording(call: Call) -> None:
    for person in (ANNA, BORIS):
        call.sends(person, b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 10)

    with pytest.raises(Hopeless) as raised:
        call.joined()

    assert raised.value.failure.code == "not-media"
    assert call.house.media.find(source_key(call.recording)) is None


def test_a_long_call_goes_up_in_parts_while_it_is_made(call: Call) -> None:
    call.sends(ANNA, recorded(tone(10)))
    call.sends(BORIS, recorded(tone(10, 300)))

    _, sound = call.joined(part=8 * 1024)

    assert len(call.house.media.completed) == 1
    assert loud_seconds(sound[0]) == [pytest.approx((0, 10), abs=0.06)]


def test_an_attempt_that_is_interrupted_leaves_nothing_behind(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    call.sends(ANNA, recorded(tone(5)))
    call.sends(BORIS, recorded(tone(5, 300)))
    work, write_part = call.work(), call.house.media.write_part

    def stop_after_one(*args: Any) -> Any:
        call.stopping.set()
        return write_part(*args)

    monkeypatch.setattr(call.house.media, "write_part", stop_after_one)

    with pytest.raises(Interrupted):
        call.joined(work, part=1024)

    assert call.house.media.uploads == {}
    assert call.house.media.find(source_key(call.recording)) is None


def test_a_cancelled_join_makes_nothing(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    call.sends(ANNA, recorded(tone(1)))
    call.sends(BORIS, recorded(tone(1)))
    work = call.work()
    call.house.jobs.cancel(call.job)

    with pytest.raises(ClaimLost):
        call.joined(work)

    assert call.house.media.find(source_key(call.recording)) is None


def test_a_bucket_that_breaks_is_no_silence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    call.sends(ANNA, recorded(tone(1)))
    call.sends(BORIS, recorded(tone(1)))

    def fail(*_: object) -> bytes:
        raise ConnectionError("the line is cut")

    monkeypatch.setattr(call.house.media, "read_range", fail)

    with pytest.raises(ConnectionError):
        call.joined()

    assert call.house.media.find(source_key(call.recording)) is None


def test_a_bucket_that_takes_nothing_is_tried_again(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    call.sends(ANNA, recorded(tone(5)))
    call.sends(BORIS, recorded(tone(5)))

    def fail(*_: object) -> Any:
        raise ConnectionError("the line is cut")

    monkeypatch.setattr(call.house.media, "write_part", fail)

    with pytest.raises(ConnectionError):
        call.joined(part=1024)

    assert call.house.media.uploads == {}


def test_a_recording_that_is_deleted_meanwhile_is_not_made(call: Call) -> None:
    call.sends(ANNA, recorded(tone(1)))
    call.sends(BORIS, recorded(tone(1)))
    work = call.work()
    call.house.recordings.delete(call.fresh)

    with pytest.raises(Hopeless) as raised:
        call.joined(work)

    assert raised.value.failure.code == "recording-gone"
    assert call.house.media.find(source_key(call.recording)) is None


def test_an_attempt_after_one_that_died_at_the_very_end_has_nothing_to_do(call: Call) -> None:
    call.sends(ANNA, recorded(tone(1)))
    call.sends(BORIS, recorded(tone(1)))
    first = call.work()
    call.joined(first)
    call.house.arrivals.take_in(source_key(call.recording))
    before = call.house.media.read(source_key(call.recording))
    first.claim.release()
    [job] = [one for one in call.house.jobs.get_many(call.fresh.job_ids) if one.kind is Kind.JOIN]

    work = call.work(job)
    outcome, _ = call.joined(work)
    finished = work.claim.finish(result_key=outcome.result_key, timings={})

    assert finished.status is Status.SUCCEEDED
    assert call.house.media.read(source_key(call.recording)) == before
