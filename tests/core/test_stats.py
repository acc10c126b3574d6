from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from functions.core.jobs.model import Failure
from functions.core.recordings.model import Recording, Work
from functions.core.stats.model import Contribution, Counts, Sheet, blank, contribution, report
from tests.builders import NOON, a_recording


def counts_of(recording: Recording) -> Counts:
    one = contribution(recording)
    assert one is not None
    return one.counts


def uploaded(**changes: Any) -> Recording:
    recording = a_recording(**changes)
    return recording.received(size=1000, media_type="audio/mp4", now=NOON, job_ids=("job_1",))


def test_a_promise_counts_as_a_recording_without_bytes() -> None:
    assert counts_of(a_recording()) == Counts(recordings=1, awaiting_upload=1, without_work=1)


def test_a_refused_upload_has_no_bytes() -> None:
    refused = a_recording().refused(Failure("empty-file", "It is empty."))

    assert counts_of(refused) == Counts(recordings=1, refused=1, without_work=1)


def test_an_upload_counts_with_its_bytes_and_its_work() -> None:
    assert counts_of(uploaded()) == Counts(recordings=1, uploaded=1, size=1000, working=1)


def test_a_transcribed_recording_counts_with_what_was_heard() -> None:
    heard = replace(uploaded(), work=Work.DONE).heard(duration=60.0004, language="ru", words=90, listening_seconds=1.5)

    counts = counts_of(heard)

    assert (counts.milliseconds, counts.words, counts.transcribed, counts.done) == (60_000, 90, 1, 1)
    assert counts.realtime_factor == 40


def test_sound_that_nobody_timed_says_nothing_of_speed() -> None:
    counts = counts_of(replace(uploaded(), duration=60.0))

    assert (counts.milliseconds, counts.transcribed, counts.realtime_factor) == (60_000, 1, None)


def test_a_deleted_recording_adds_nothing() -> None:
    assert contribution(uploaded().deleted(NOON)) is None
    assert contribution(None) is None


@pytest.mark.parametrize(
    ("recorded_at", "day"),
    [
        (None, "2026-11-21"),
        (datetime(2026, 11, 20, 1, 0, tzinfo=timezone(timedelta(hours=3))), "2026-11-19"),
        (datetime(2026, 11, 20, 23, 0, tzinfo=timezone(-timedelta(hours=3))), "2026-11-21"),
        (datetime(2026, 11, 20, 1, 0), "2026-11-20"),  # noqa: DTZ001 - as a recorder without a zone says it
        (datetime(9999, 12, 31, 23, 0, tzinfo=timezone(-timedelta(hours=3))), "9999-12-31"),
        (datetime(1, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=3))), "0001-01-01"),
    ],
    ids=str,
)
def test_a_recording_counts_on_the_utc_day_of_its_conversation(recorded_at: datetime | None, day: str) -> None:
    one = contribution(a_recording(recorded_at=recorded_at, created_at=datetime(2026, 11, 21, tzinfo=UTC)))

    assert one is not None
    assert one.day == day


def on(day: str, owner: str = "usr_anna", location: str | None = None, **counts: int) -> Contribution:
    return Contribution(owner_id=owner, location_id=location, day=day, counts=Counts(recordings=1, **counts))


def sheets(*contributions: Contribution) -> list[Sheet]:
    return [blank(one).changed([one], []) for one in contributions]


def test_a_report_has_each_day_and_nothing_of_other_days() -> None:
    counted = sheets(on("2026-10-30"), on("2026-10-31"), on("2026-11-02"), on("2026-11-03"))

    found = report(counted, first=date(2026, 10, 31), last=date(2026, 11, 2))

    assert {day: counts.recordings for day, counts in found.by_day.items()} == {
        "2026-10-31": 1,
        "2026-11-01": 0,
        "2026-11-02": 1,
    }
    assert found.total.recordings == 2


def test_locations_and_sellers_stand_by_hours_and_then_by_recordings() -> None:
    counted = sheets(
        on("2026-11-01", "usr_1", "loc_1", milliseconds=1),
        on("2026-11-01", "usr_2", "loc_1", milliseconds=3),
        on("2026-11-01", "usr_3"),
        on("2026-11-02", "usr_3"),
        on("2026-11-02", "usr_4", "loc_2"),
    )

    found = report(counted, first=date(2026, 11, 1), last=date(2026, 11, 2))

    assert list(found.by_seller) == ["usr_2", "usr_1", "usr_3", "usr_4"]
    assert list(found.by_location) == ["loc_1", None, "loc_2"]
    assert found.by_location["loc_1"] == Counts(recordings=2, milliseconds=4)


def test_nothing_is_taken_away_of_what_was_never_counted() -> None:
    sheet = blank(on("2026-11-01")).changed([], [on("2026-11-01", words=7)])

    assert sheet.is_empty


def test_a_row_that_an_earlier_version_wrote_is_read() -> None:
    sheet = replace(blank(on("2026-11-01")), rows='{"2026-11-01":[1,2000]}')

    assert report([sheet], first=date(2026, 11, 1), last=date(2026, 11, 1)).total == Counts(1, 2000)
