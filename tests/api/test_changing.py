"""What is said of a recording is changed: just what is given."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.core.accounts.model import Role, User
from functions.core.locations.model import Location
from functions.core.recordings.model import Recording
from tests.builders import NOON, a_job, a_recording
from tests.fakes.clock import FakeClock
from tests.house import House

DAY = timedelta(days=1)
SAID: Final = {"location_id": "loc_1", "language": "ru", "recorded_at": NOON, "keep_until": NOON + 9 * DAY}


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)


@pytest.fixture
def recording(house: House, anna: User) -> Recording:
    house.locations.add(Location(id="loc_2", name="Лавка", created_at=NOON))
    return house.recordings.add(a_recording(owner_id=anna.id, **SAID))


CHANGES: Final[list[dict[str, Any]]] = [
    {"title": "Планёрка 👋"},
    {"location_id": "loc_2"},
    {"location_id": None},
    {"language": "en"},
    {"language": None},
    {"recorded_at": "2026-11-20T09:00:00Z"},
    {"recorded_at": None},
    {"keep_until": "2026-12-01T00:00:00Z"},
    {"keep_until": None},
    {"title": "all", "location_id": None, "language": None, "recorded_at": None, "keep_until": None},
    {},
]


def test_only_what_is_given_changes(house: House, anna: User, recording: Recording) -> None:
    path = f"/v1/recordings/{recording.id}"
    client = house.client(anna)

    for change in CHANGES:
        before = client.get(path).json()
        answer = client.patch(path, json=change)
        assert (answer.status_code, answer.json()) == (200, before | change)
        assert client.get(path).json() == before | change


def test_moments_are_told_in_utc(house: House, anna: User, recording: Recording) -> None:
    said = {"recorded_at": "2026-11-20T12:00:00+03:00", "keep_until": "2026-12-01T12:00:00.7"}

    changed = house.client(anna).patch(f"/v1/recordings/{recording.id}", json=said).json()

    assert (changed["recorded_at"], changed["keep_until"]) == ("2026-11-20T09:00:00Z", "2026-12-01T12:00:00Z")


BAD: Final[list[tuple[dict[str, Any], str]]] = [
    ({"title": ""}, "invalid"),
    ({"title": None}, "invalid"),
    ({"title": "a\nb"}, "invalid"),
    ({"title": "x" * 201}, "invalid"),
    ({"location_id": "loc_none"}, "unknown-location"),
    ({"location_id": ""}, "unknown-location"),
    ({"language": "klingon"}, "invalid"),
    ({"recorded_at": "yesterday"}, "invalid"),
    ({"recorded_at": "0001-01-01T00:00:00+14:00"}, "invalid"),
    ({"keep_until": "2026-11-21T12:00:00Z"}, "keep-until-over"),
    ({"keep_until": "2026-11-21T12:00:00.9Z"}, "keep-until-over"),
]


def test_a_bad_change_is_refused_and_changes_nothing(house: House, anna: User, recording: Recording) -> None:
    path, client = f"/v1/recordings/{recording.id}", house.client(anna)
    before = client.get(path).json()

    answers = [client.patch(path, json={"title": "new"} | bad) for bad, _ in BAD]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(422, code) for _, code in BAD]
    assert client.get(path).json() == before


def test_a_change_of_one_thing_undoes_no_other_one(
    house: House, anna: User, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, path = house.client(anna), f"/v1/recordings/{recording.id}"
    find, stale = house.recordings.find, [recording]
    client.patch(path, json={"title": "first"})

    monkeypatch.setattr(house.recordings, "find", lambda one: stale.pop() if stale else find(one))
    changed = client.patch(path, json={"language": "en", "keep_until": None}).json()

    assert (changed["title"], changed["language"], changed["keep_until"]) == ("first", "en", None)
    assert [pk for pk in house.library_table.documents if pk.startswith("RETENTION#")] == []


def test_others_change_nothing_but_admins_may(house: House, anna: User, recording: Recording) -> None:
    path, change = f"/v1/recordings/{recording.id}", {"title": "mine"}

    assert house.client(house.a_known_user()).patch(path, json=change).status_code == 404
    assert house.client(house.a_known_user(role=Role.ADMIN)).patch(path, json=change).json()["owner_id"] == anna.id


def test_a_change_costs_two_reads_and_a_write(house: House, anna: User, recording: Recording) -> None:
    jobs = [a_job(owner_id=anna.id)]
    house.library_table.write(*map(house.jobs.put, jobs))
    house.recordings.change(recording, lambda fresh: replace(fresh, job_ids=(jobs[0].id,)))
    client = house.client(anna)
    house.library_table.calls.clear()

    change = {"title": "new", "keep_until": "2026-12-24T00:00:00Z"}
    assert client.patch(f"/v1/recordings/{recording.id}", json=change).status_code == 200

    assert house.library_table.calls == {"get": 1, "write": 1, "get_many": 1}
