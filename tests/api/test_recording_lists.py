"""Which recordings a list holds: by filters, page by page, and for whom."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from ulid import ULID

from functions.core.accounts.model import Role, User
from functions.core.jobs.model import Failure
from functions.core.recordings.model import Recording, RecordingStatus, Work
from tests.builders import NOON, a_job, a_recording
from tests.fakes.clock import FakeClock
from tests.house import House

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)


def add(house: House, owner: User, at: datetime = NOON, **changes: Any) -> Recording:
    recording_id = f"rec_{ULID.from_datetime(at)}"
    return house.recordings.add(
        a_recording(id=recording_id, owner_id=owner.id, created_at=at, upload_until=at + HOUR, **changes)
    )


def listed(house: House, caller: User, **filters: str) -> list[str]:
    answer = house.client(caller).get("/v1/recordings", params=filters)
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    return [one["title"] for one in answer.json()["items"]]


def refusal(house: House, caller: User, **filters: str) -> tuple[int, str]:
    answer = house.client(caller).get("/v1/recordings", params=filters)
    return answer.status_code, answer.json()["code"]


BY_STATUS = {
    "awaiting_upload": ["awaited"],
    "uploaded": ["failed", "done", "working", "idle"],
    "refused": ["refused"],
    "expired": ["just expired", "expired"],
    "working": ["working"],
    "done": ["done"],
    "failed": ["failed"],
}


def test_recordings_are_found_by_what_became_of_them(house: House, anna: User) -> None:
    uploaded = {"stored_status": RecordingStatus.UPLOADED}
    add(house, anna, NOON - 3 * HOUR, title="expired")
    add(house, anna, NOON - HOUR, title="just expired")
    add(house, anna, NOON - HOUR + timedelta(microseconds=1), title="awaited")
    error = Failure("not-media", "No sound.")
    add(house, anna, NOON + HOUR, title="refused", stored_status=RecordingStatus.REFUSED, error=error)
    add(house, anna, NOON + 2 * HOUR, title="idle", **uploaded)
    for hours, work in enumerate((Work.WORKING, Work.DONE, Work.FAILED), start=3):
        add(house, anna, NOON + hours * HOUR, title=work.value, work=work, **uploaded)

    assert {status: listed(house, anna, status=status) for status in BY_STATUS} == BY_STATUS


def test_recordings_are_found_by_place_and_by_kind(house: House, anna: User) -> None:
    add(house, anna, NOON, title="sound", location_id="loc_1")
    add(house, anna, NOON + HOUR, title="film", location_id="loc_2", content_type="video/mp4")
    add(house, anna, NOON + DAY, title="what?", content_type="application/octet-stream")
    both = {"content_type": "application/octet-stream", "media_type": "video/webm"}
    add(house, anna, NOON + 2 * DAY, title="a film after all", location_id="loc_2", **both)

    assert listed(house, anna, location_id="loc_1") == ["sound"]
    assert listed(house, anna, kind="audio") == ["sound"]
    assert listed(house, anna, kind="video") == ["a film after all", "film"]
    assert listed(house, anna, kind="video", location_id="loc_1") == []


BY_TEXT = {
    "ПЛАНЁРКА": ["Планёрка"],
    unicodedata.normalize("NFD", "планёрка"): ["Планёрка"],
    "straße": ["STRASSE 5"],
    "100%": ["100% sure_thing"],
    "e_t": ["100% sure_thing"],
    "t_t": [],
    "call-0042.WAV": ["Планёрка"],
    "  sure ": ["100% sure_thing"],
    "👋🏽": ["👋🏽 hi"],
    "' OR 1=1 --": [],
}


def test_recordings_are_found_by_a_text_in_whatever_form(house: House, anna: User) -> None:
    for hours, title in enumerate(["Планёрка", "STRASSE 5", "100% sure_thing", "👋🏽 hi"]):
        add(house, anna, NOON + hours * HOUR, title=title, filename="CALL-0042.wav" if hours == 0 else "a.mp3")

    assert {q: listed(house, anna, q=q) for q in BY_TEXT} == BY_TEXT


def test_a_new_title_is_found_and_the_old_one_no_more(house: House, anna: User) -> None:
    recording = add(house, anna, title="Monday", filename="a.mp3")
    house.client(anna).patch(f"/v1/recordings/{recording.id}", json={"title": "Вторник"})

    assert listed(house, anna, q="вторник") == ["Вторник"]
    assert listed(house, anna, q="monday") == []


BY_TIME: Final[list[tuple[dict[str, str], list[str]]]] = [
    ({"from": "2026-11-21"}, ["22nd, midnight", "21st, evening", "21st, midnight"]),
    ({"to": "2026-11-21"}, ["21st, evening", "21st, midnight", "20th"]),
    ({"from": "2026-11-21", "to": "2026-11-21"}, ["21st, evening", "21st, midnight"]),
    ({"to": "2026-11-21T00:00:00Z"}, ["20th"]),
    ({"from": "2026-11-21T00:00:00"}, ["22nd, midnight", "21st, evening", "21st, midnight"]),
    ({"from": "2026-11-22T03:00:00 03:00"}, ["22nd, midnight"]),
    ({"from": "2026-11-22T00:00:00Z", "to": "2026-11-22T00:00:00Z"}, []),
    ({"from": "0001-01-01", "to": "9998-12-30"}, ["22nd, midnight", "21st, evening", "21st, midnight", "20th"]),
]


def test_recordings_are_found_by_when_they_were_added_and_by_when_they_took_place(house: House, anna: User) -> None:
    moments = {
        "20th": datetime(2026, 11, 20, 23, 59, 59, 999000, tzinfo=UTC),
        "21st, midnight": datetime(2026, 11, 21, tzinfo=UTC),
        "21st, evening": datetime(2026, 11, 21, 23, 59, 59, 999000, tzinfo=UTC),
        "22nd, midnight": datetime(2026, 11, 22, tzinfo=UTC),
    }
    for title, at in moments.items():
        add(house, anna, at, title=title, recorded_at=at)
    add(house, anna, NOON - 300 * DAY, title="never said")

    for filters, titles in BY_TIME:
        recorded = {f"recorded_{name}": value for name, value in filters.items()}
        assert listed(house, anna, **recorded) == titles, filters
        assert [one for one in listed(house, anna, **filters) if one != "never said"] == titles, filters


def test_a_moment_is_told_to_its_last_digit(house: House, anna: User) -> None:
    said = {"filename": "a.mp3", "size": 1, "content_type": "audio/mpeg", "recorded_at": "2026-11-21T15:00:00.5+03:00"}
    assert house.client(anna).post("/v1/recordings", json=said).json()["recording"]["recorded_at"] == (
        "2026-11-21T12:00:00.500000Z"
    )

    assert listed(house, anna, recorded_from="2026-11-21T12:00:00.500000Z") == ["a"]
    assert listed(house, anna, recorded_from="2026-11-21T12:00:00.500001Z") == []
    assert listed(house, anna, recorded_to="2026-11-21T12:00:00.5Z") == []
    assert listed(house, anna, recorded_to="2026-11-21T12:00:00.6Z") == ["a"]


BAD: Final[list[tuple[dict[str, str], str]]] = [
    ({"status": "ready"}, "invalid"),
    ({"kind": "text"}, "invalid"),
    ({"q": " "}, "invalid"),
    ({"q": "x" * 201}, "invalid"),
    ({"from": "yesterday"}, "invalid"),
    ({"from": "2026-02-30"}, "invalid"),
    ({"to": "9999-12-31"}, "invalid"),
    ({"from": "0001-01-01T00:00:00+14:00"}, "invalid"),
    ({"recorded_to": "9999-12-31T23:59:59.9-12:00"}, "invalid"),
    ({"from": "2026-11-22", "to": "2026-11-20"}, "from-after-to"),
    ({"recorded_from": "2026-11-22", "recorded_to": "2026-11-20"}, "from-after-to"),
    ({"scope": "some"}, "invalid"),
    ({"location_id": ""}, "invalid"),
]


def test_a_bad_filter_is_refused(house: House, anna: User) -> None:
    assert [refusal(house, anna, **filters) for filters, _ in BAD] == [(422, code) for _, code in BAD]


def test_an_admin_lists_everybodys_a_places_or_a_sellers(house: House, anna: User) -> None:
    boris, admin = house.a_known_user(), house.a_known_user(role=Role.ADMIN)
    add(house, anna, NOON, title="anna here", location_id="loc_1")
    add(house, boris, NOON + HOUR, title="boris here", location_id="loc_1", content_type="video/mp4")
    add(house, boris, NOON + DAY, title="boris there", location_id="loc_2")

    assert listed(house, admin) == []
    assert listed(house, admin, scope="all") == ["boris there", "boris here", "anna here"]
    assert listed(house, admin, scope="all", location_id="loc_1") == ["boris here", "anna here"]
    assert listed(house, admin, scope="all", location_id="loc_1", kind="video") == ["boris here"]
    assert listed(house, admin, scope="all", seller=boris.id) == ["boris there", "boris here"]
    assert listed(house, admin, scope="all", seller=boris.id, location_id="loc_2") == ["boris there"]
    assert listed(house, boris, seller=boris.id) == ["boris there", "boris here"]


def test_everybodys_recordings_are_for_admins(house: House, anna: User) -> None:
    boris, admin = house.a_known_user(), house.a_known_user(role=Role.ADMIN)

    assert refusal(house, anna, scope="all") == (403, "admins-only")
    assert refusal(house, anna, seller=boris.id) == (403, "admins-only")
    assert refusal(house, admin, seller=boris.id) == (422, "needs-scope-all")


def test_a_cursor_is_good_for_its_filters_only(house: House, anna: User) -> None:
    for hours in range(3):
        add(house, anna, NOON + hours * HOUR)
    client = house.client(anna)
    cursor = client.get("/v1/recordings", params={"limit": 1, "kind": "audio"}).json()["next_cursor"]

    goes_on = client.get("/v1/recordings", params={"limit": 1, "kind": "audio", "cursor": cursor})
    assert len(goes_on.json()["items"]) == 1
    others: Iterable[dict[str, str]] = ({}, {"kind": "video"}, {"kind": "audio", "q": "a"}, {"from": "2026-01-01"})
    assert [refusal(house, anna, cursor=cursor, **other) for other in others] == [(422, "invalid-cursor")] * 4


def test_a_filtered_page_costs_one_look_at_a_thousand_and_may_be_empty(house: House, anna: User) -> None:
    wanted = add(house, anna, NOON, title="the one")
    for number in range(1000):
        add(house, anna, NOON + timedelta(seconds=1 + number), title="another", filename="a.mp3")
    client = house.client(anna)
    house.library_table.calls.clear()

    first = client.get("/v1/recordings", params={"q": "the one"}).json()
    second = client.get("/v1/recordings", params={"q": "the one", "cursor": first["next_cursor"]}).json()

    assert (first["items"], [one["id"] for one in second["items"]]) == ([], [wanted.id])
    assert second["next_cursor"] is None
    assert +house.library_table.calls == {"look": 2}


def test_who_is_kept_no_longer_is_neither_listed_nor_read(house: House, clock: FakeClock, anna: User) -> None:
    kept = add(house, anna, title="kept", keep_until=NOON + DAY)
    add(house, anna, NOON + HOUR, title="stays")
    clock.pass_time(DAY)

    assert listed(house, anna) == ["stays"]
    for path in ("", "/audio", "/transcript", "/summary"):
        assert house.client(anna).get(f"/v1/recordings/{kept.id}{path}").status_code == 404
    assert house.recordings.get_many([kept.id]) == []


def test_a_list_with_jobs_and_a_recording_cost_two_reads(house: House, anna: User) -> None:
    for number in range(30):
        jobs = [a_job(owner_id=anna.id) for _ in range(3)]
        house.library_table.write(*map(house.jobs.put, jobs))
        recording = add(house, anna, NOON + number * HOUR, job_ids=tuple(job.id for job in jobs))
    client = house.client(anna)
    house.library_table.calls.clear()

    page = client.get("/v1/recordings").json()["items"]
    assert [len(one["jobs"]) for one in page] == [3] * 25
    assert house.library_table.calls == {"look": 1, "get_many": 1}
    house.library_table.calls.clear()
    client.get(f"/v1/recordings/{recording.id}")
    assert house.library_table.calls == {"get": 1, "get_many": 1}


def test_a_recording_shows_how_far_and_how_fast_it_was_heard(house: House, anna: User) -> None:
    heard = {
        "duration": 90.0,
        "listening_seconds": 40.0,
        "words": 12,
        "work": Work.DONE,
        "corrections": {"job_1": "x/"},
    }
    add(house, anna, NOON, keep_until=NOON + DAY, **heard)
    add(house, anna, NOON + HOUR)

    plain, shown = house.client(anna).get("/v1/recordings").json()["items"]

    fields = ("owner_id", "work", "words", "realtime_factor", "has_corrections", "keep_until")
    assert [shown[name] for name in fields] == [anna.id, "done", 12, 2.25, True, "2026-11-22T12:00:00Z"]
    assert [plain[name] for name in fields] == [anna.id, "none", None, None, False, None]
