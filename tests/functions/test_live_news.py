from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.core.accounts.model import User
from tests.builders import NOON, a_job, a_recording
from tests.fakes.clock import FakeClock
from tests.house import House
from tests.realtime_builders import a_caller, connect


@pytest.fixture
def house() -> House:
    return House(clock=FakeClock())


@pytest.fixture
def anna(house: House) -> User:
    anna = house.a_known_user()
    connect(house, a_caller(house, anna), "one")
    return anna


def told(house: House, kind: str) -> list[dict[str, Any]]:
    house.settle()
    return [event for _, event in house.posts.posts if event["type"] == kind]


def test_the_progress_of_a_job_reaches_its_owner_as_the_api_shows_it(house: House, anna: User) -> None:
    job = a_job(owner_id=anna.id)
    house.library_table.write(house.jobs.put(job))
    held = house.jobs.claim(job.id, by="test", lease=timedelta(seconds=30))
    house.settle()
    house.posts.posts.clear()
    house.library_table.write(house.jobs.put(held.report(attempt=1, stage="transcribing", progress=0.5)))
    (event,) = told(house, "job")
    assert event["job"] == house.client(anna).get(f"/v1/jobs/{job.id}").json()
    assert event["job"]["progress"] == 0.5


def test_a_lease_that_is_renewed_is_no_news(house: House, anna: User) -> None:
    job = a_job(owner_id=anna.id)
    house.library_table.write(house.jobs.put(job))
    held = house.jobs.claim(job.id, by="test", lease=timedelta(seconds=30))
    house.settle()
    house.posts.posts.clear()
    renewed = held.renew(attempt=1, now=NOON, lease=timedelta(minutes=1))
    house.library_table.write(house.jobs.put(renewed))
    assert told(house, "job") == []


def test_many_changes_of_one_job_are_told_once_as_the_last_one(house: House, anna: User) -> None:
    job = a_job(owner_id=anna.id)
    house.library_table.write(house.jobs.put(job))
    held = house.jobs.claim(job.id, by="test", lease=timedelta(seconds=30))
    for progress in (0.1, 0.2, 0.3):
        held = replace(held.report(attempt=1, stage="transcribing", progress=progress), version=held.version)
        house.library_table.write(house.jobs.put(held))
        held = house.jobs.get(job.id)
    assert [event["job"]["progress"] for event in told(house, "job")] == [0.3]


def test_a_recording_is_told_when_it_changes_and_when_it_goes(house: House, anna: User) -> None:
    recording = house.recordings.add(a_recording(owner_id=anna.id, title="Разговор"))
    (event,) = told(house, "recording")
    assert event["recording"]["id"] == recording.id
    assert event["recording"]["title"] == "Разговор"
    assert event["recording"]["status"] == "awaiting_upload"
    house.client(anna).delete(f"/v1/recordings/{recording.id}")
    assert told(house, "recording.deleted") == [{"type": "recording.deleted", "id": recording.id}]


def test_nobody_hears_of_what_is_somebody_elses(house: House, anna: User) -> None:
    house.recordings.add(a_recording(owner_id=house.a_known_user().id))
    house.settle()
    assert house.posts.posts == []


def test_with_nobody_connected_all_changes_cost_one_read(house: House) -> None:
    owner = house.a_known_user()
    for _ in range(10):
        house.recordings.add(a_recording(owner_id=owner.id))
    changes, house.library_table.changes = house.library_table.changes, []
    house.reactions[0].react(changes)
    assert house.presence_table.calls == {"get_many": 1}


def test_a_push_that_breaks_stops_nothing_that_follows(house: House, anna: User) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    house.presence_table.get_many = broken  # type: ignore[method-assign, assignment]
    house.recordings.add(a_recording(owner_id=anna.id))
    house.settle()
    assert house.posts.posts == []
