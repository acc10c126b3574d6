"""The places where recordings are made."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import Role, User
from functions.core.errors import Invalid
from functions.core.locations.model import LocationNameTaken
from functions.core.table import Write
from tests.builders import a_location, a_recording
from tests.fakes.table import FakeTable
from tests.house import House

URL = "/v1/locations"
BAD: list[dict[str, Any]] = [
    {},
    {"name": ""},
    {"name": " \t "},
    {"name": "\N{ZERO WIDTH JOINER}"},
    {"name": "a\nb"},
    {"name": "a\x00b"},
    {"name": "a\N{RIGHT-TO-LEFT OVERRIDE}b"},
    {"name": "x" * 101},
    {"name": 5},
    {"name": "a", "address": "x" * 301},
    {"name": "a", "address": "a\nb"},
    {"name": "a", "note": "x" * 1001},
    {"name": "a", "note": "a\x1b[31mb"},
]
KEY = {"Idempotency-Key": "shop-1"}


@pytest.fixture
def admin(house: House) -> TestClient:
    return house.client(house.a_known_user(role=Role.ADMIN))


class RacingTable(FakeTable):
    """Lets somebody else in just before the next write."""

    def __init__(self) -> None:
        super().__init__()
        self.overtake: Callable[[], object] | None = None

    def write(self, *writes: Write) -> None:
        overtake, self.overtake = self.overtake, None
        if overtake is not None:
            overtake()
        super().write(*writes)


def add(admin: TestClient, name: str = "Арбат", **more: Any) -> Any:
    headers = more.pop("headers", {})
    return admin.post(URL, json={"name": name} | more, headers=headers)


def names(client: TestClient, **query: Any) -> list[str]:
    return [one["name"] for one in client.get(URL, params=query).json()["items"]]


def test_everybody_sees_all_locations_by_name_page_by_page(house: House, admin: TestClient, anna: User) -> None:
    for name in ("Shop 10", "Арбат", "shop 2"):
        assert add(admin, name).status_code == 201

    client = house.client(anna)
    first = client.get(URL, params={"limit": 2}).json()
    assert [one["name"] for one in first["items"]] == ["shop 2", "Shop 10"]
    assert names(client, limit=2, cursor=first["next_cursor"]) == ["Арбат"]


def test_a_location_shows_what_was_said_of_it(admin: TestClient) -> None:
    said = {"address": " ул.\tАрбат, 1 ", "note": "Вход  со двора.\r\nЗвонок слева."}

    made = add(admin, "  Арбат   1 ", **said).json()

    assert (made["name"], made["address"]) == ("Арбат 1", "ул. Арбат, 1")
    assert made["note"] == "Вход со двора.\nЗвонок слева."
    assert made["id"].startswith("loc_")
    assert add(admin, "Bare", address="", note=" ").json() | {"id": "", "created_at": ""} == {
        "id": "", "name": "Bare", "address": None, "note": None, "created_at": "",
    }  # fmt: skip


def test_a_name_may_be_in_any_script(admin: TestClient) -> None:
    in_any_script = ["東京 第1店", "می\N{ZERO WIDTH NON-JOINER}خواهم", "👩‍🍳 кухня", "ﷺ" * 100, "Ж" * 100]
    for name in in_any_script:
        assert add(admin, name).status_code == 201

    assert set(names(admin)) == set(in_any_script)
    # A cursor holds where a name stands.
    pages = [admin.get(URL, params={"limit": 1}).json()]
    while cursor := pages[-1]["next_cursor"]:
        pages.append(admin.get(URL, params={"limit": 1, "cursor": cursor}).json())
    assert [page["items"][0]["name"] for page in pages] == names(admin)


def test_a_bad_location_is_refused_and_leaves_nothing(admin: TestClient) -> None:
    # One house for all of them: it takes a while to build.
    for body in BAD:
        answer = admin.post(URL, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), body

    assert names(admin) == []


def test_a_name_is_taken_once_whatever_its_case_and_form(admin: TestClient) -> None:
    add(admin, "Caf\N{LATIN SMALL LETTER E WITH ACUTE}")

    answer = add(admin, "CAFE\N{COMBINING ACUTE ACCENT}")

    assert (answer.status_code, answer.json()["code"]) == (409, "location-name-taken")
    assert len(names(admin)) == 1


def test_the_same_idempotency_key_adds_one_location(admin: TestClient) -> None:
    first, again = add(admin, headers=KEY), add(admin, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert add(admin, "Other", headers=KEY).json()["code"] == "idempotency-key-reused"


def test_a_location_is_said_anew_as_a_whole(admin: TestClient) -> None:
    made = add(admin, address="somewhere", note="a note").json()

    answer = admin.put(f"{URL}/{made['id']}", json={"name": "АРБАТ", "address": "elsewhere"})

    assert answer.json() == made | {"name": "АРБАТ", "address": "elsewhere", "note": None}
    assert names(admin) == ["АРБАТ"]


def test_a_name_that_is_given_up_is_free(admin: TestClient) -> None:
    made = add(admin).json()
    assert admin.put(f"{URL}/{made['id']}", json={"name": "Other"}).status_code == 200

    assert add(admin).status_code == 201
    assert add(admin, "OTHER").status_code == 409
    assert admin.put(f"{URL}/{made['id']}", json={"name": "арбат"}).json()["code"] == "location-name-taken"


def test_a_name_that_another_takes_at_the_same_moment_is_taken() -> None:
    table = RacingTable()
    locations = House(library_table=table).locations
    mine = locations.add(a_location())
    other, another = a_location(name="Арбат"), a_location(name="Курск")

    table.overtake = partial(locations.add, other)
    with pytest.raises(LocationNameTaken):
        locations.add(a_location(name="АРБАТ"))
    table.overtake = partial(locations.add, another)
    with pytest.raises(LocationNameTaken):
        locations.change(mine.id, lambda one: replace(one, name="КУРСК"))

    assert [one.name for one in locations.by_name(before=None, limit=9)] == [mine.name, "Арбат", "Курск"]


def test_an_empty_location_is_removed_with_its_name(admin: TestClient) -> None:
    made = add(admin).json()

    assert admin.delete(f"{URL}/{made['id']}").status_code == 204

    assert names(admin) == []
    assert add(admin).status_code == 201
    for gone in (admin.delete(f"{URL}/{made['id']}"), admin.put(f"{URL}/{made['id']}", json={"name": "x"})):
        assert (gone.status_code, gone.json()["code"]) == (404, "not-found")


def test_a_location_where_recordings_stand_stays(house: House, admin: TestClient, anna: User) -> None:
    made = add(admin).json()
    recording = house.recordings.add(a_recording(owner_id=anna.id, location_id=made["id"]))

    answer = admin.delete(f"{URL}/{made['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "location-in-use")
    assert f"scope=all&location_id={made['id']}" in answer.json()["detail"]

    house.recordings.delete(recording)
    assert admin.delete(f"{URL}/{made['id']}").status_code == 204


def test_a_location_that_there_is_not_cannot_be_named(house: House) -> None:
    location = house.locations.add(a_location())

    assert house.locations.need(location.id) == location
    with pytest.raises(Invalid) as refused:
        house.locations.need("loc_0")
    assert refused.value.code == "unknown-location"


def test_writing_costs_at_most_three_calls(house: House, admin: TestClient) -> None:
    calls = house.library_table.calls
    made = add(admin, headers=KEY).json()
    assert calls == {"get": 2, "write": 1}
    for method, path, body in (
        ("PUT", f"{URL}/{made['id']}", {"name": "Other"}),
        ("DELETE", f"{URL}/{made['id']}", None),
        ("GET", URL, None),
    ):
        calls.clear()
        assert admin.request(method, path, json=body).is_success
        assert calls.total() <= 3
