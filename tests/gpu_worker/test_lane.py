"""The life of a job in a worker, over fakes and a clock that stands still."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from functions.core.jobs.dead_letters import DeadLetters
from functions.core.jobs.model import Job, JobClaimedElsewhere, Kind, Lane, Status
from functions.core.jobs.store import Jobs
from functions.core.jobs.worker_report import WorkerReport, WorkerReports
from functions.core.recordings.arrivals import Arrivals
from functions.core.recordings.media import checkpoint_key, result_key, source_key
from functions.core.recordings.store import Recordings
from gpu_worker.claim import Hopeless
from gpu_worker.heartbeat import Heartbeat
from gpu_worker.lane import House, LaneWorker
from gpu_worker.report import Reporter
from gpu_worker.retries import MAX_DELIVERIES, MAX_TRIES
from gpu_worker.tasks.task import Outcome, Work
from tests.builders import a_recording
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.queues import FakeInbox, FakeQueues
from tests.fakes.table import FakeTable

LEASE = timedelta(seconds=30)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 100


class FakeTask:
    """Does what a test says, and counts."""

    def __init__(self) -> None:
        self.runs = 0
        self.act: Callable[[Work], object] = lambda work: None

    def run(self, work: Work) -> Outcome:
        self.runs += 1
        self.act(work)
        return Outcome(f"results/{work.claim.job.id}/{work.claim.job.attempts}", {"total": 1.0})


class Workplace:
    """A house with one uploaded recording and a worker for each lane."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        table = FakeTable()
        self.table = table
        self.jobs = Jobs(table, clock=clock)
        self.recordings = Recordings(table, clock=clock)
        self.queues = FakeQueues(clock)
        self.stopping = threading.Event()
        self.task = FakeTask()
        self.heartbeat = Heartbeat(LEASE)
        self.reports = WorkerReports(FakeTable())
        facts = WorkerReport(worker="one", started_at=clock(), summary_engine="extractive")
        self.reporter = Reporter(self.reports, clock=clock, facts=facts)
        self.media = media = FakeMedia()
        self.arrivals = Arrivals(
            recordings=self.recordings, jobs=self.jobs, media=media, queues=self.queues, clock=clock
        )
        self.another_recording()

    def another_recording(self) -> None:
        recording = self.recordings.add(a_recording(size=len(WAV)))
        self.media.write(source_key(recording), WAV, content_type="audio/wav")
        self.arrivals.take_in(source_key(recording))
        self.transcribe_id, self.summarise_id = self.recordings.get(recording.id).job_ids

    @property
    def inbox(self) -> FakeInbox:
        return self.queues.inboxes[Lane.SPEECH]

    def worker(self, lane: Lane = Lane.SPEECH, name: str = "one") -> LaneWorker:
        house = House(
            jobs=self.jobs,
            recordings=self.recordings,
            media=self.media,
            queues=self.queues,
            heartbeat=self.heartbeat,
            reporter=self.reporter,
            lease=LEASE,
            worker=name,
        )
        tasks = {Kind.TRANSCRIBE: self.task, Kind.SUMMARISE: self.task}
        return LaneWorker(self.queues.inboxes[lane], tasks, house=house, stopping=self.stopping)

    def transcribe(self) -> Job:
        return self.jobs.get(self.transcribe_id)

    def summarise(self) -> Job:
        return self.jobs.get(self.summarise_id)

    def report(self) -> WorkerReport:
        """Return what the worker says of itself."""
        self.reporter.started(model="demo", device="cpu", compute_type="int8")
        self.reporter.finish()
        report = self.reports.newest()
        assert report is not None
        return report

    def left_behind(self) -> list[str]:
        return sorted(key for key in self.media.kept if key.startswith("results/"))

    def bury_the_dead(self) -> None:
        letters = DeadLetters(jobs=self.jobs, recordings=self.recordings, queues=self.queues)
        for body in self.inbox.dead:
            letters.bury(body, {"job_id": self.transcribe_id})


@pytest.fixture
def place(clock: FakeClock) -> Workplace:
    return Workplace(clock)


def test_a_job_that_goes_through_leaves_its_result_and_no_message(place: Workplace) -> None:
    assert place.worker().work_off_one()

    job = place.transcribe()
    assert (job.status, job.attempts, job.result_key) == (Status.SUCCEEDED, 1, f"results/{job.id}/1")
    assert place.inbox.messages == []
    assert not place.worker().work_off_one()


def test_a_finished_transcript_wakes_its_summary(place: Workplace) -> None:
    place.worker().work_off_one()

    assert place.queues.waiting() == [place.summarise_id]
    place.worker(Lane.LANGUAGE).work_off_one()
    assert place.summarise().status is Status.SUCCEEDED


def test_a_worker_that_dies_after_finishing_still_wakes_the_summary(place: Workplace) -> None:
    held = place.jobs.claim(place.transcribe_id, by="dead", lease=LEASE)
    place.jobs.finish(held, result_key="results/x", timings={})

    place.worker().work_off_one()

    assert place.task.runs == 0
    assert place.queues.waiting() == [place.summarise_id]


def test_a_broken_attempt_is_tried_again_after_a_while(place: Workplace) -> None:
    def break_once(work: Work) -> None:
        if work.claim.job.attempts == 1:
            raise OSError("disk full")

    place.task.act = break_once
    place.worker().work_off_one()
    waiting = place.transcribe()
    assert (waiting.status, waiting.error.code) == (Status.QUEUED, "attempt-failed")
    assert not place.worker().work_off_one()

    place.clock.pass_time(timedelta(seconds=5))
    assert place.worker().work_off_one()
    assert (place.transcribe().status, place.transcribe().attempts) == (Status.SUCCEEDED, 2)


def test_a_job_that_breaks_every_time_ends_with_a_reason_and_so_does_its_summary(place: Workplace) -> None:
    def always_break(_: Work) -> None:
        raise OSError("disk full")

    place.task.act = always_break
    for _ in range(20):
        place.worker().work_off_one()
        place.clock.pass_time(timedelta(minutes=15))
    place.bury_the_dead()

    assert place.task.runs == MAX_TRIES
    assert (place.transcribe().status, place.transcribe().error.code) == (Status.FAILED, "attempts-exhausted")
    assert "OSError" in place.transcribe().error.detail
    assert (place.summarise().status, place.summarise().error.code) == (Status.FAILED, "transcript-missing")


def test_a_hopeless_job_fails_at_once_and_so_does_its_summary(place: Workplace) -> None:
    def give_up(_: Work) -> None:
        raise Hopeless("not-media", "There is no sound in it.")

    place.task.act = give_up
    place.worker().work_off_one()

    assert (place.transcribe().status, place.transcribe().error.code) == (Status.FAILED, "not-media")
    assert place.summarise().status is Status.FAILED
    assert place.inbox.messages == []


def test_a_worker_that_is_stopped_gives_the_job_back_at_once(place: Workplace) -> None:
    def stop(work: Work) -> None:
        place.stopping.set()
        work.claim.report("transcribing", 0.5)

    place.task.act = stop
    place.worker().work_off_one()
    assert (place.transcribe().status, place.transcribe().error) == (Status.QUEUED, None)

    place.stopping.clear()
    place.task.act = lambda _: None
    assert place.worker(name="two").work_off_one()
    assert (place.transcribe().status, place.transcribe().attempts) == (Status.SUCCEEDED, 2)


def test_a_job_of_a_worker_that_was_killed_is_done_by_another_once(place: Workplace) -> None:
    delivery = place.inbox.receive(hidden_for=30)
    place.jobs.claim(place.transcribe_id, by="killed", lease=LEASE)
    assert delivery is not None
    assert not place.worker(name="two").work_off_one()

    place.clock.pass_time(LEASE)
    place.worker(name="two").work_off_one()

    assert (place.transcribe().status, place.transcribe().attempts) == (Status.SUCCEEDED, 2)
    assert place.task.runs == 1


def test_a_worker_that_lost_its_lease_does_not_overwrite_the_other_ones_result(place: Workplace) -> None:
    def be_overtaken(work: Work) -> None:
        if work.claim.job.attempts == 1:
            place.clock.pass_time(LEASE)
            place.worker(name="two").work_off_one()

    place.task.act = be_overtaken
    place.worker(name="one").work_off_one()

    assert place.transcribe().result_key.endswith("/2")
    assert place.task.runs == 2


def test_heartbeats_hold_a_long_job(place: Workplace) -> None:
    def work_long(work: Work) -> None:
        for _ in range(10):
            place.clock.pass_time(timedelta(seconds=20))
            place.heartbeat.beat()
            assert not place.worker(name="two").work_off_one()
            work.claim.report("transcribing", 0.1)

    place.task.act = work_long
    place.worker().work_off_one()

    assert (place.transcribe().status, place.transcribe().attempts) == (Status.SUCCEEDED, 1)


def test_the_work_learns_from_a_heartbeat_that_its_job_is_gone(place: Workplace) -> None:
    def lose(work: Work) -> None:
        place.clock.pass_time(LEASE)
        place.jobs.claim(place.transcribe_id, by="two", lease=LEASE)
        place.heartbeat.beat()
        work.claim.report("transcribing", 0.9)
        pytest.fail("it went on")

    place.task.act = lose
    place.worker().work_off_one()

    assert place.transcribe().claimed_by == "two"


def leave_a_result(place: Workplace, work: Work) -> str:
    key = result_key(work.claim.job.id, work.claim.job.attempts, "transcript.json")
    place.media.write(key, b"{}", content_type="application/json")
    return key


def test_the_work_learns_from_a_heartbeat_that_its_job_was_erased(place: Workplace) -> None:
    def lose(work: Work) -> None:
        place.jobs.erase(place.transcribe())
        place.heartbeat.beat()
        work.claim.report("transcribing", 0.9)
        pytest.fail("it went on")

    place.task.act = lose
    place.worker().work_off_one()

    assert place.jobs.find(place.transcribe_id) is None


@pytest.mark.parametrize("breaks", [False, True], ids=["goes through", "breaks at last"])
def test_what_was_written_for_a_job_that_was_erased_is_removed(place: Workplace, breaks: bool) -> None:
    def be_erased(work: Work) -> None:
        leave_a_result(place, work)
        place.jobs.erase(place.transcribe())
        if breaks:
            raise OSError("the recording is gone, too")

    place.task.act = be_erased
    place.worker().work_off_one()

    assert not any(key.startswith("results/") for key in place.media.kept)
    place.clock.pass_time(timedelta(minutes=15))
    place.worker().work_off_one()
    assert place.inbox.messages == []


def test_what_a_killed_worker_has_written_for_a_job_that_was_erased_is_removed(place: Workplace) -> None:
    place.media.write(result_key(place.transcribe_id, 1, "transcript.json"), b"{}", content_type="application/json")
    place.jobs.erase(place.transcribe())

    place.worker().work_off_one()

    assert not any(key.startswith("results/") for key in place.media.kept)
    assert place.inbox.messages == []


def test_what_a_lost_attempt_has_written_is_removed_and_the_other_ones_result_stays(place: Workplace) -> None:
    keys: list[str] = []

    def be_overtaken(work: Work) -> None:
        keys.append(leave_a_result(place, work))
        if work.claim.job.attempts == 1:
            place.clock.pass_time(LEASE)
            place.worker(name="two").work_off_one()

    place.task.act = be_overtaken
    place.worker(name="one").work_off_one()

    assert [place.media.find(key) is None for key in keys] == [True, False]


def test_a_finish_that_went_through_unheard_keeps_its_result(place: Workplace) -> None:
    keys: list[str] = []

    def finish_unheard(work: Work) -> None:
        keys.append(leave_a_result(place, work))
        place.jobs.finish(work.claim.job, result_key=keys[0], timings={})

    place.task.act = finish_unheard
    place.worker().work_off_one()

    assert place.transcribe().result_key == keys[0]
    assert place.media.find(keys[0]) is not None


def leave_a_checkpoint(place: Workplace, work: Work, name: str = "1-0.json") -> None:
    place.media.write(checkpoint_key(work.claim.job.id, name), b"{}", content_type="application/json")
    work.claim.leave_checkpoint(name)


@pytest.mark.parametrize("hears_of_it", ["by its next report", "by a heartbeat"])
def test_the_worker_of_a_cancelled_job_stops_at_its_next_report_and_leaves_nothing_behind(
    place: Workplace, hears_of_it: str
) -> None:
    def be_cancelled(work: Work) -> None:
        work.claim.report("transcribing", 0.1)
        leave_a_checkpoint(place, work)
        leave_a_result(place, work)
        place.jobs.cancel(place.transcribe())
        if hears_of_it == "by a heartbeat":
            place.heartbeat.beat()
        work.claim.report("transcribing" if hears_of_it == "by a heartbeat" else "saving", 0.9)
        pytest.fail("it went on")

    place.task.act = be_cancelled
    place.worker().work_off_one()

    job = place.transcribe()
    assert (job.status, job.stage, job.result_key, job.error) == (Status.CANCELLED, "cancelled", None, None)
    assert place.left_behind() == []


def test_a_result_that_comes_after_the_cancelling_is_removed(place: Workplace) -> None:
    def be_cancelled(work: Work) -> None:
        leave_a_checkpoint(place, work)
        place.jobs.cancel(place.transcribe())
        leave_a_result(place, work)

    place.task.act = be_cancelled
    place.worker().work_off_one()

    assert (place.transcribe().status, place.transcribe().result_key) == (Status.CANCELLED, None)
    assert place.left_behind() == []


@pytest.mark.parametrize("breaks_with", [OSError("disk full"), Hopeless("not-media", "There is no sound in it.")])
def test_a_cancelled_job_that_breaks_stays_cancelled_and_is_not_tried_again(
    place: Workplace, breaks_with: Exception
) -> None:
    def be_cancelled(work: Work) -> None:
        leave_a_checkpoint(place, work)
        place.jobs.cancel(place.transcribe())
        raise breaks_with

    place.task.act = be_cancelled
    place.worker().work_off_one()
    place.clock.pass_time(timedelta(minutes=15))
    place.worker().work_off_one()

    assert (place.transcribe().status, place.transcribe().error) == (Status.CANCELLED, None)
    assert place.task.runs == 1
    assert place.left_behind() == []


def test_a_job_that_was_cancelled_while_it_waited_is_not_begun(place: Workplace) -> None:
    place.jobs.cancel(place.transcribe())

    place.worker().work_off_one()

    assert place.task.runs == 0
    assert place.inbox.messages == []
    assert place.summarise().status is Status.CANCELLED


def test_the_message_of_a_cancelled_job_is_dropped(place: Workplace) -> None:
    place.task.act = lambda _: place.jobs.cancel(place.transcribe())
    place.worker().work_off_one()

    place.clock.pass_time(LEASE)
    place.worker().work_off_one()

    assert place.inbox.messages == []
    assert place.task.runs == 1


def test_what_a_killed_worker_has_written_for_a_job_that_was_cancelled_is_removed(place: Workplace) -> None:
    held = place.jobs.claim(place.transcribe_id, by="killed", lease=LEASE)
    place.media.write(result_key(held.id, 1, "transcript.json"), b"{}", content_type="application/json")
    place.media.write(checkpoint_key(held.id, "1-0.json"), b"{}", content_type="application/json")
    place.jobs.cancel(place.transcribe())

    place.worker(name="two").work_off_one()

    assert place.left_behind() == []
    assert place.inbox.messages == []


@pytest.mark.parametrize("fails", [False, True], ids=["goes through", "fails"])
def test_a_job_that_has_ended_keeps_no_checkpoints(place: Workplace, fails: bool) -> None:
    keys: list[str] = []

    def work_long(work: Work) -> None:
        leave_a_checkpoint(place, work)
        leave_a_checkpoint(place, work, "1-1.json")
        keys.append(leave_a_result(place, work))
        if fails:
            raise Hopeless("not-media", "There is no sound in it.")

    place.task.act = work_long
    place.worker().work_off_one()

    assert place.transcribe().is_finished
    assert place.left_behind() == keys


def test_a_job_that_is_given_back_keeps_its_checkpoints_until_it_ends(place: Workplace) -> None:
    def stop(work: Work) -> None:
        leave_a_checkpoint(place, work)
        place.stopping.set()
        work.claim.report("transcribing", 0.5)

    place.task.act = stop
    place.worker().work_off_one()
    assert (place.transcribe().status, place.transcribe().checkpoints) == (Status.QUEUED, ("1-0.json",))
    assert place.left_behind() == [checkpoint_key(place.transcribe_id, "1-0.json")]

    place.stopping.clear()
    found: list[tuple[str, ...]] = []
    place.task.act = lambda work: found.append(work.claim.job.checkpoints)
    place.worker(name="two").work_off_one()
    assert found == [("1-0.json",)]
    assert place.left_behind() == []


def test_a_broken_attempt_keeps_its_checkpoints(place: Workplace) -> None:
    def break_down(work: Work) -> None:
        leave_a_checkpoint(place, work)
        raise OSError("disk full")

    place.task.act = break_down
    place.worker().work_off_one()

    assert place.transcribe().checkpoints == ("1-0.json",)
    assert place.left_behind() == [checkpoint_key(place.transcribe_id, "1-0.json")]


def test_a_checkpoint_that_a_killed_worker_could_not_name_goes_with_the_job(place: Workplace) -> None:
    place.jobs.claim(place.transcribe_id, by="killed", lease=LEASE)
    place.media.write(checkpoint_key(place.transcribe_id, "1-0.json"), b"{}", content_type="application/json")
    place.clock.pass_time(LEASE)

    place.worker(name="two").work_off_one()

    assert place.transcribe().status is Status.SUCCEEDED
    assert place.left_behind() == []


def test_a_lost_attempt_leaves_the_checkpoints_to_the_other_one(place: Workplace) -> None:
    def be_overtaken(work: Work) -> None:
        leave_a_checkpoint(place, work)
        place.clock.pass_time(LEASE)
        place.jobs.claim(place.transcribe_id, by="two", lease=LEASE)
        work.claim.report("saving", 0.9)

    place.task.act = be_overtaken
    place.worker().work_off_one()

    assert place.left_behind() == [checkpoint_key(place.transcribe_id, "1-0.json")]


def test_the_worker_tells_what_went_through_and_what_broke(place: Workplace) -> None:
    def break_once(work: Work) -> None:
        if work.claim.job.attempts == 1:
            raise OSError("disk full")

    place.task.act = break_once
    place.worker().work_off_one()
    place.clock.pass_time(timedelta(minutes=15))
    place.worker().work_off_one()
    place.worker(Lane.LANGUAGE).work_off_one()
    place.clock.pass_time(timedelta(minutes=15))
    place.worker(Lane.LANGUAGE).work_off_one()

    report = place.report()
    assert (report.jobs_done, report.jobs_broken) == (2, 2)
    assert report.last_error is not None
    assert (report.last_error.code, report.last_error.kind) == ("attempt-failed", Kind.SUMMARISE)


def test_the_worker_tells_of_what_is_wrong_with_itself_and_not_with_a_file(place: Workplace) -> None:
    failures = [("not-media", "There is no sound in it."), ("model-unavailable", "It is not here.")]

    def give_up(_: Work) -> None:
        raise Hopeless(*failures.pop(0))

    place.task.act = give_up
    place.worker().work_off_one()
    assert (place.report().jobs_done, place.report().jobs_broken) == (1, 0)

    place.another_recording()
    place.worker().work_off_one()
    report = place.report()
    assert (report.jobs_done, report.jobs_broken) == (1, 1)
    assert report.last_error is not None
    assert (report.last_error.code, report.last_error.detail) == ("model-unavailable", "It is not here.")


def test_interruptions_are_no_tries(place: Workplace) -> None:
    def stop(work: Work) -> None:
        place.stopping.set()
        work.claim.report("transcribing", 0.5)

    place.task.act = stop
    for _ in range(MAX_TRIES + 3):
        place.stopping.clear()
        place.worker().work_off_one()
    place.stopping.clear()
    place.task.act = lambda _: None
    place.worker().work_off_one()

    assert (place.transcribe().status, place.transcribe().attempts) == (Status.SUCCEEDED, MAX_TRIES + 4)


def test_a_job_that_kills_its_workers_ends_with_a_reason(place: Workplace) -> None:
    for _ in range(MAX_TRIES):
        place.jobs.claim(place.transcribe_id, by="the late", lease=LEASE)
        place.clock.pass_time(LEASE)

    place.worker().work_off_one()

    assert place.task.runs == 0
    assert (place.transcribe().status, place.transcribe().error.code) == (Status.FAILED, "attempts-exhausted")


def test_a_job_that_was_given_back_or_cancelled_counts_for_nothing(place: Workplace) -> None:
    def stop(work: Work) -> None:
        place.stopping.set()
        work.claim.report("transcribing", 0.5)

    place.task.act = stop
    place.worker().work_off_one()
    place.stopping.clear()
    place.task.act = lambda _: place.jobs.cancel(place.transcribe())
    place.worker().work_off_one()

    report = place.report()
    assert (report.jobs_done, report.jobs_broken, report.last_error) == (0, 0, None)


def test_a_kind_that_no_task_here_can_do_fails_with_clear_words(place: Workplace) -> None:
    lane = place.worker()
    lane._tasks = {}

    lane.work_off_one()

    error = place.transcribe().error
    assert error is not None
    assert (error.code, error.detail) == ("unknown-kind", "No worker here can transcribe.")


def test_a_second_message_of_a_job_in_work_starts_nothing(place: Workplace) -> None:
    place.queues.enqueue(place.transcribe())
    place.task.act = lambda _: place.worker(name="two").work_off_one()
    place.worker().work_off_one()

    place.clock.pass_time(LEASE)
    place.worker().work_off_one()

    assert place.task.runs == 1
    assert place.inbox.messages == []


def test_a_message_that_cannot_be_read_goes_to_the_dead_letters_and_its_job_says_so(place: Workplace) -> None:
    place.inbox.messages.clear()
    place.inbox.send("{not json")
    for _ in range(MAX_DELIVERIES + 1):
        place.worker().work_off_one()
    place.bury_the_dead()

    assert place.inbox.dead == ["{not json"]
    assert (place.transcribe().status, place.transcribe().error.code) == (Status.FAILED, "message-unreadable")


def test_a_message_of_a_job_that_is_gone_is_dropped(place: Workplace) -> None:
    place.table.documents.clear()

    place.worker().work_off_one()

    assert place.inbox.messages == []


def test_a_dead_message_does_not_end_a_job_that_a_worker_is_at(place: Workplace) -> None:
    place.jobs.claim(place.transcribe_id, by="alive", lease=LEASE)
    place.inbox.dead.append(place.inbox.messages[0].body)

    with pytest.raises(JobClaimedElsewhere):
        place.bury_the_dead()
    assert place.transcribe().status is Status.RUNNING


def test_a_dead_message_of_a_finished_transcript_still_wakes_its_summary(place: Workplace) -> None:
    held = place.jobs.claim(place.transcribe_id, by="dead", lease=LEASE)
    place.jobs.finish(held, result_key="results/x", timings={})
    place.inbox.dead.append(place.inbox.messages.pop().body)

    place.bury_the_dead()

    assert place.queues.waiting() == [place.summarise_id]


def test_a_lane_outlives_a_queue_that_is_down(place: Workplace) -> None:
    class Broken:
        calls = 0

        def receive(self, *, hidden_for: int) -> None:
            self.calls += 1
            if self.calls == 3:
                place.stopping.set()
            raise OSError("no route")

    lane = place.worker()
    lane._inbox = Broken()
    place.stopping.wait = lambda timeout: None  # type: ignore[method-assign]

    lane.run()

    assert lane._inbox.calls == 3
