import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.core.jobs.model import Failure, Kind, Lane
from functions.core.jobs.worker_report import InHand, WorkerReport, WorkerReports
from gpu_worker.report import SPEAKS_EVERY, TELLS_OF_WORK_AFTER, Reporter, facts_of_machine
from gpu_worker.settings import WorkerSettings
from tests.builders import NOON, a_job
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

MODEL: dict[str, Any] = {"model": "small", "device": "cpu", "compute_type": "int8"}
BROKEN = Failure("attempt-failed", "Attempt 1 broke (OSError).")


class Speaker:
    """A worker's reporter, and what has been heard of it."""

    def __init__(self, clock: FakeClock) -> None:
        self.table = FakeTable()
        self.reports = WorkerReports(self.table)
        facts = WorkerReport(worker="w", started_at=clock(), summary_engine="extractive")
        self.reporter = Reporter(self.reports, clock=clock, facts=facts)

    def heard(self) -> WorkerReport | None:
        self.reporter.finish()
        return self.reports.newest()


@pytest.fixture
def speaker(clock: FakeClock) -> Speaker:
    return Speaker(clock)


def test_nothing_is_said_before_the_start(speaker: Speaker) -> None:
    speaker.reporter.seen()
    speaker.reporter.done(Kind.SUMMARISE)

    assert speaker.heard() is None


def test_the_start_says_what_runs_and_what_happened_before(speaker: Speaker) -> None:
    speaker.reporter.done(Kind.SUMMARISE)
    speaker.reporter.started(**MODEL, cpu_threads=2, models_on_disk=("small", "demo"))

    report = speaker.heard()

    assert report is not None
    assert (report.model, report.cpu_threads, report.models_on_disk) == ("small", 2, ("small", "demo"))
    assert (report.summary_engine, report.jobs_done) == ("extractive", 1)


def test_a_worker_that_is_seen_all_the_time_says_so_every_five_minutes(speaker: Speaker, clock: FakeClock) -> None:
    speaker.reporter.started(**MODEL)
    speaker.heard()
    written = speaker.table.writes
    for _ in range(10):
        clock.pass_time(SPEAKS_EVERY / 5)
        speaker.reporter.seen()
        speaker.heard()

    report = speaker.heard()

    # Each word is written twice: among all, and as the newest.
    assert speaker.table.writes == written + 4
    assert report is not None
    assert (report.started_at, report.last_seen) == (NOON, NOON + 2 * SPEAKS_EVERY)


def test_what_was_done_and_what_broke_is_counted_and_said_at_once(speaker: Speaker, clock: FakeClock) -> None:
    speaker.reporter.started(**MODEL)
    clock.pass_time(timedelta(seconds=10))
    speaker.reporter.done(Kind.TRANSCRIBE)
    speaker.reporter.broke(Kind.SUMMARISE, BROKEN)

    report = speaker.heard()

    assert report is not None
    assert (report.jobs_done, report.jobs_broken) == (1, 1)
    assert report.last_error is not None
    assert (report.last_error.code, report.last_error.kind, report.last_error.at) == (
        "attempt-failed",
        "summarise",
        NOON + timedelta(seconds=10),
    )


def test_a_worker_without_a_model_says_why(speaker: Speaker) -> None:
    speaker.reporter.could_not_start(Failure("model-unavailable", "It is not there."))

    report = speaker.heard()

    assert report is not None
    assert report.last_error is not None
    assert (report.model, report.last_error.code, report.last_error.kind) == (None, "model-unavailable", None)


def test_a_worker_that_stops_says_so(speaker: Speaker) -> None:
    speaker.reporter.started_without_speech()
    speaker.reporter.ended()

    report = speaker.heard()

    assert report is not None
    assert report.ended_at == NOON
    assert not report.could_not_start


def test_what_is_in_hand_is_told_soon_and_not_each_time_that_it_changes(speaker: Speaker, clock: FakeClock) -> None:
    speaker.reporter.started(**MODEL)
    speaker.heard()
    written = speaker.table.calls["write"]
    job = a_job()
    with speaker.reporter.working_on(job):
        speaker.reporter.seen()
        at_once = speaker.heard()
        clock.pass_time(TELLS_OF_WORK_AFTER)
        speaker.reporter.seen()
        later = speaker.heard()
    clock.pass_time(TELLS_OF_WORK_AFTER)
    speaker.reporter.seen()
    after = speaker.heard()

    assert at_once is not None
    assert later is not None
    assert after is not None
    assert (at_once.in_hand, after.in_hand) == ((), ())
    assert later.in_hand == (InHand(job_id=job.id, kind="transcribe", since=NOON),)
    assert speaker.table.calls["write"] == written + 4


def test_an_endless_reason_is_cut(speaker: Speaker) -> None:
    speaker.reporter.could_not_start(Failure("model-unavailable", "ж" * 100_000))

    report = speaker.heard()

    assert report is not None
    assert report.last_error is not None
    assert len(report.last_error.detail) == 500


def test_a_table_that_refuses_disturbs_nobody_and_is_told_the_next_time(speaker: Speaker) -> None:
    write = speaker.table.write

    def refuse(*_: object) -> None:
        raise OSError

    speaker.table.write = refuse  # type: ignore[method-assign]
    speaker.reporter.started(**MODEL)
    before = speaker.heard()
    speaker.table.write = write  # type: ignore[method-assign]
    speaker.reporter.done(Kind.TRANSCRIBE)
    after = speaker.heard()

    assert before is None
    assert after is not None
    assert (after.model, after.jobs_done) == ("small", 1)


def test_a_table_that_hangs_keeps_nobody_waiting(speaker: Speaker) -> None:
    answers = threading.Event()
    write = speaker.table.write

    def hang(*writes: Any) -> None:
        answers.wait()
        write(*writes)

    speaker.table.write = hang  # type: ignore[method-assign]
    speaker.reporter.started(**MODEL)
    for _ in range(100):
        speaker.reporter.done(Kind.TRANSCRIBE)
    speaker.reporter.finish(patience=0)
    answers.set()
    report = speaker.heard()

    assert report is not None
    assert report.jobs_done == 100
    # Two words, each written among all and as the newest.
    assert speaker.table.writes <= 4


def test_lanes_that_speak_at_once_lose_no_count(speaker: Speaker) -> None:
    speaker.reporter.started(**MODEL)

    def many(say: Callable[[], None]) -> threading.Thread:
        return threading.Thread(target=lambda: [say() for _ in range(200)])

    lanes = [
        *(many(lambda: speaker.reporter.done(Kind.TRANSCRIBE)) for _ in range(3)),
        many(lambda: speaker.reporter.broke(Kind.SUMMARISE, BROKEN)),
        many(speaker.reporter.seen),
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    report = speaker.heard()

    assert report is not None
    assert (report.jobs_done, report.jobs_broken) == (600, 200)


def test_the_facts_tell_machine_lanes_and_models(tmp_path: Path, clock: FakeClock) -> None:
    settings = WorkerSettings(
        library_table="t",
        media_bucket="b",
        speech_queue_url="s",
        language_queue_url="l",
        pictures_queue_url="p",
        whisper_model_dir=str(tmp_path),
        worker_lanes=frozenset(Lane),
    )

    facts = facts_of_machine(settings, worker="w", clock=clock, summary_engine="extractive", diarizer="voices-1")

    assert (facts.worker, facts.started_at, facts.lanes) == ("w", NOON, ("language", "pictures", "speech"))
    assert (facts.summary_engine, facts.diarizer) == ("extractive", "voices-1")
    assert facts.models_on_disk == ("demo",)
    assert facts.versions["ctranslate2"]
    assert facts.cpus
    assert facts.memory_mb
