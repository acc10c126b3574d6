from datetime import timedelta
from typing import Any

import pytest

from functions.core.jobs.worker_report import LIVES_FOR, Gpu, LastError, WorkerReport, WorkerReports
from functions.core.table import Put
from tests.builders import NOON
from tests.fakes.table import FakeTable


def a_report(**changes: Any) -> WorkerReport:
    return WorkerReport(**{"worker": "w", "started_at": NOON, "summary_engine": "extractive"} | changes)


@pytest.fixture
def reports() -> WorkerReports:
    return WorkerReports(FakeTable())


def test_a_report_is_read_as_it_was_written(reports: WorkerReports) -> None:
    report = a_report(
        seen_at=NOON,
        gpu=Gpu(name="H200", memory_mb=140_000),
        models_on_disk=("demo",),
        lanes=("speech",),
        versions={"python": "3.13"},
        last_error=LastError(code="attempt-failed", detail="Сломалось", at=NOON, kind="transcribe"),
        jobs_done=3,
    )

    reports.write(report)

    assert reports.newest() == WorkerReport(
        **{name: getattr(report, name) for name in report.__slots__} | {"version": 1}
    )


def test_a_report_of_an_older_worker_is_still_readable() -> None:
    table = FakeTable()
    old = {
        "id": "newest",
        "worker": "w",
        "started_at": "2026-11-21T12:00:00Z",
        "model": "demo",
        "model_notes": [],
        "device": "cpu",
        "compute_type": "int8",
        "summary_engine": "extractive",
        "versions": {},
    }
    table.write(Put(pk="WORKER_REPORT#newest", document=old))

    report = WorkerReports(table).newest()

    assert report is not None
    assert (report.last_seen, report.gpu, report.models_on_disk, report.last_error) == (NOON, None, None, None)


def test_a_report_of_a_newer_worker_is_readable_too() -> None:
    table = FakeTable()
    WorkerReports(table).write(a_report())
    table.documents["WORKER_REPORT#newest"] |= {"colour": "green"}

    assert WorkerReports(table).newest() is not None


def test_the_worker_that_started_later_has_the_last_word_while_it_lives(reports: WorkerReports) -> None:
    reports.write(a_report(worker="new", started_at=NOON + timedelta(hours=1)))

    reports.write(a_report(worker="old", seen_at=NOON + timedelta(hours=1, minutes=1)))
    meanwhile = reports.newest()
    reports.write(a_report(worker="old", seen_at=NOON + timedelta(hours=1) + LIVES_FOR))
    at_last = reports.newest()

    assert meanwhile is not None
    assert at_last is not None
    assert (meanwhile.worker, at_last.worker) == ("new", "old")


def test_a_worker_lives_until_it_has_been_silent_for_long() -> None:
    report = a_report(seen_at=NOON + timedelta(hours=1))

    assert report.lives(NOON + timedelta(hours=1) + LIVES_FOR - timedelta(seconds=1))
    assert not report.lives(NOON + timedelta(hours=1) + LIVES_FOR)


def test_a_worker_that_cannot_start_takes_the_word_from_no_living_one(reports: WorkerReports) -> None:
    reports.write(a_report(worker="old"))
    error = LastError(code="model-unavailable", detail="It is not there.", at=NOON)
    failed = a_report(worker="new", started_at=NOON + timedelta(minutes=1), ended_at=NOON, last_error=error)
    reports.write(failed)
    newest = reports.newest()

    assert newest is not None
    assert newest.worker == "old"
    assert failed.could_not_start
    assert {one.worker for one in reports.all(NOON)} == {"old", "new"}


def test_a_worker_without_speech_does_not_speak_for_the_house(reports: WorkerReports) -> None:
    reports.write(a_report(lanes=("language",)))

    assert reports.newest() is None
    assert [one.worker for one in reports.all(NOON)] == ["w"]


def test_all_workers_are_listed_for_a_day_by_when_they_spoke_last(reports: WorkerReports) -> None:
    for hours, name in ((0, "a"), (1, "b"), (0, "c"), (2, "a")):
        reports.write(a_report(worker=name, seen_at=NOON + timedelta(hours=hours)))

    assert [one.worker for one in reports.all(NOON + timedelta(hours=2))] == ["a", "b", "c"]
    assert [one.worker for one in reports.all(NOON + timedelta(hours=25))] == ["a", "b"]


def test_a_worker_that_has_ended_does_not_live() -> None:
    assert not a_report(seen_at=NOON, ended_at=NOON).lives(NOON)
