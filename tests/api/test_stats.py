"""What recordings add up to, as people ask for it."""

from dataclasses import replace
from typing import Any

import pytest

from functions.core.accounts.model import Role, User
from functions.core.recordings.model import Recording
from functions.recordings.stats_schemas import MOST_SELLERS
from tests.builders import NOON, a_recording
from tests.fakes.clock import FakeClock
from tests.house import House

URL = "/v1/recordings/stats"
BAD: list[tuple[dict[str, str], str]] = [
    ({"scope": "theirs"}, "invalid"),
    ({"from": "yesterday"}, "invalid"),
    ({"from": "2026-02-30"}, "invalid"),
    ({"to": "0"}, "invalid"),
    ({"to": "2026-11-21T00:00:00"}, "invalid"),
    ({"from": "2026-11-22"}, "invalid-range"),
    ({"from": "2026-11-02", "to": "2026-11-01"}, "invalid-range"),
    ({"from": "2025-11-20", "to": "2026-11-21"}, "range-too-long"),
    ({"from": "0001-01-01", "to": "9999-12-31"}, "range-too-long"),
    ({"location_id": "x" * 65}, "invalid"),
]


@pytest.fixture
def house() -> House:
    return House(clock=FakeClock())


@pytest.fixture
def admin(house: House) -> User:
    return house.a_known_user(role=Role.ADMIN)


def heard(house: House, owner: User | str, *, seconds: float = 1800, **changes: Any) -> Recording:
    owner_id = owner if isinstance(owner, str) else owner.id
    recording = house.recordings.add(a_recording(owner_id=owner_id, **changes))
    received = house.recordings.receive(recording, size=1000, media_type="audio/mp4", jobs=[])
    return house.recordings.change(
        received, lambda one: one.heard(duration=seconds, language="en", words=100, listening_seconds=seconds / 60)
    )


def stats(house: House, who: User, **query: Any) -> Any:
    house.settle()
    answer = house.client(who).get(URL, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_my_recordings_are_counted(house: House, anna: User) -> None:
    heard(house, anna, location_id="loc_1")
    heard(house, anna)
    house.recordings.add(a_recording(owner_id=anna.id))
    heard(house, house.a_known_user())

    found = stats(house, anna)

    assert found["totals"] == {
        "recordings": 3,
        "hours": 1.0,
        "seconds": 3600.0,
        "words": 200,
        "bytes": 2000,
        "transcribed": 2,
        "realtime_factor": 60.0,
    }
    assert found["by_status"] == {"awaiting_upload": 1, "uploaded": 2, "refused": 0}
    assert found["by_work"] == {"none": 3, "working": 0, "done": 0, "failed": 0}
    assert found["by_location"] == [
        {"location_id": None, "recordings": 2, "hours": 0.5, "words": 100},
        {"location_id": "loc_1", "recordings": 1, "hours": 0.5, "words": 100},
    ]
    assert (found["from"], found["to"], len(found["by_day"])) == ("2026-10-23", "2026-11-21", 30)
    assert found["by_day"][-1] == {"day": "2026-11-21", "recordings": 3, "hours": 1.0, "words": 200}
    assert (found["by_seller"], found["sellers"]) == (None, None)


def test_an_admin_sees_who_recorded_how_much(house: House, anna: User, admin: User) -> None:
    bert = house.a_known_user()
    heard(house, anna, seconds=60)
    heard(house, bert, seconds=3600)

    found = stats(house, admin, scope="all")

    assert found["totals"]["recordings"] == found["sellers"] == 2
    assert [one["owner_id"] for one in found["by_seller"]] == [bert.id, anna.id]
    assert stats(house, admin)["totals"]["recordings"] == 0


def test_only_so_many_sellers_are_shown_and_all_are_counted(house: House, admin: User) -> None:
    for number in range(MOST_SELLERS + 1):
        house.recordings.add(a_recording(owner_id=f"usr_{number}"))

    found = stats(house, admin, scope="all")

    assert (len(found["by_seller"]), found["sellers"]) == (MOST_SELLERS, MOST_SELLERS + 1)


def test_everybodys_statistics_are_for_admins(house: House, anna: User) -> None:
    answer = house.client(anna).get(URL, params={"scope": "all"})

    assert (answer.status_code, answer.json()["code"]) == (403, "admins-only")


def test_the_statistics_of_one_location(house: House, anna: User, admin: User) -> None:
    heard(house, anna, location_id="loc_1")
    heard(house, anna, location_id="loc_2")

    for who, scope in ((anna, "mine"), (admin, "all")):
        found = stats(house, who, scope=scope, location_id="loc_1")
        assert found["totals"]["recordings"] == 1
        assert [one["location_id"] for one in found["by_location"]] == ["loc_1"]


def test_an_answer_costs_one_call(house: House, anna: User, admin: User) -> None:
    for month in range(1, 12):
        heard(house, anna, recorded_at=NOON.replace(month=month))
    for who, scope in ((anna, "mine"), (admin, "all")):
        house.settle()
        house.library_table.calls.clear()

        found = stats(house, who, scope=scope, **{"from": "2025-11-21", "to": "2026-11-21"})

        assert found["totals"]["recordings"] == 11
        assert house.library_table.calls == {"look": 1}


def test_more_sheets_than_a_call_returns_are_all_read(
    house: House, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.core.stats.store.PAGE", 2)
    for number in range(5):
        heard(house, f"usr_{number}")

    assert stats(house, admin, scope="all")["sellers"] == 5


def test_what_is_changed_or_deleted_counts_as_it_is_now(house: House, anna: User) -> None:
    moved, deleted = heard(house, anna, location_id="loc_1"), heard(house, anna)
    assert stats(house, anna)["totals"]["recordings"] == 2

    house.recordings.change(moved, lambda one: replace(one, location_id="loc_2", recorded_at=NOON.replace(day=2)))
    house.recordings.delete(deleted)

    found = stats(house, anna)
    assert [one["location_id"] for one in found["by_location"]] == ["loc_2"]
    assert [one["day"] for one in found["by_day"] if one["recordings"]] == ["2026-11-02"]


def test_nothing_is_left_of_recordings_that_are_gone(house: House, anna: User) -> None:
    recording = heard(house, anna)
    house.settle()

    house.recordings.erase(recording)
    house.settle()

    assert not [pk for pk in house.library_table.documents if pk.startswith(("COUNTED#", "STATS#"))]


def test_a_bad_question_is_refused(house: House, anna: User) -> None:
    client = house.client(anna)
    for query, code in BAD:
        answer = client.get(URL, params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, code), query


def test_any_day_may_be_the_last(house: House, anna: User) -> None:
    for last, days in (("0001-01-05", 5), ("9999-12-31", 30), ("2028-02-29", 30)):
        assert len(stats(house, anna, to=last)["by_day"]) == days


def test_only_the_word_stats_is_no_id(house: House, anna: User) -> None:
    client = house.client(anna)
    for name in ("stats2", "Stats", "stat", "rec_stats", "статистика"):
        answer = client.get(f"/v1/recordings/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), name
