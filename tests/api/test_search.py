from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.recordings.model import Recording
from tests.builders import a_transcript
from tests.fakes.clock import FakeClock
from tests.house import House

BUDGET = ("We agreed on the annual budget.", "Люди подписали договор.", "The budget is large.")


@pytest.fixture
def house() -> House:
    return House(clock=FakeClock())


def say(house: House, owner: User, *texts: str, **changes: Any) -> Recording:
    recording = house.a_transcribed_recording(owner, a_transcript(*texts), **changes)
    house.settle()
    return recording


def search(client: TestClient, q: str, **params: Any) -> Any:
    return client.get("/v1/search", params={"q": q} | params)


def found(client: TestClient, q: str, **params: Any) -> list[str]:
    return [one["title"] for one in search(client, q, **params).json()["items"]]


def test_what_was_said_is_found_with_its_time_and_place(house: House, anna: User) -> None:
    recording = say(house, anna, *BUDGET, title="Planning", location_id="loc_1")

    answer = search(house.client(anna), "budgets agree").json()

    assert (answer["total"], answer["next_cursor"]) == (1, None)
    (hit,) = answer["items"]
    assert (hit["recording_id"], hit["title"], hit["location_id"]) == (recording.id, "Planning", "loc_1")
    assert datetime.fromisoformat(hit["recorded_at"]) == recording.created_at
    assert hit["score"] > 0
    assert hit["matches"] == [
        {
            "segment": 0,
            "start": 0.0,
            "end": 1.5,
            "speaker": None,
            "text": "We agreed on the annual budget.",
            "highlights": [[3, 9], [24, 30]],
        }
    ]


@pytest.mark.parametrize(
    ("q", "texts"),
    [
        ('"annual budget"', ["We agreed on the annual budget."]),
        ("«annual budget»", ["We agreed on the annual budget."]),
        ('"budget annual"', []),
        ("annual-budget", ["We agreed on the annual budget."]),
        ("budget", ["We agreed on the annual budget.", "The budget is large."]),
        ("человек договоры", ["Люди подписали договор."]),
        ("the", ["We agreed on the annual budget.", "The budget is large."]),
        ("большие budget", []),
        ('" budget', ["We agreed on the annual budget.", "The budget is large."]),
    ],
)
def test_words_are_found_in_all_their_forms_and_phrases_in_their_order(
    house: House, anna: User, q: str, texts: list[str]
) -> None:
    say(house, anna, *BUDGET)

    items = search(house.client(anna), q).json()["items"]

    assert [match["text"] for hit in items for match in hit["matches"]] == texts


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("", "query-without-words"),
        (' "" - + * ( ) ', "query-without-words"),
        ("👍🏽 \u200b\0", "query-without-words"),
        ("ы" * 501, "query-too-long"),
        ("word " * 2000, "query-too-long"),
        (" ".join("abcdefghijklmnopq"), "query-too-many-words"),
        ("東京" * 10, "query-too-many-words"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(house: House, anna: User, q: str, code: str) -> None:
    answer = search(house.client(anna), q)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    "q",
    ["-budget+OR+(AND", "a%ED%A0%BD", "%FF%FEx", "nothing+said", "%E0%A4%B9%E0%A4%BF", "%00budget%00larger", "x" * 500],
)
def test_a_strange_question_is_a_question(house: House, anna: User, q: str) -> None:
    say(house, anna, *BUDGET)

    assert house.client(anna).get(f"/v1/search?q={q}").status_code == 200


@pytest.mark.parametrize(
    "params",
    [
        {"from": "yesterday"},
        {"from": "2026-12-01", "to": "2026-11-01"},
        {"limit": 0},
        {"limit": 101},
        {"per_recording": 11},
        {"location_id": ""},
        {"cursor": "nonsense"},
    ],
)
def test_bad_parameters_are_refused(house: House, anna: User, params: dict[str, Any]) -> None:
    answer = search(house.client(anna), "budget", **params)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_only_recordings_of_that_time_and_place_are_searched(house: House, anna: User) -> None:
    client = house.client(anna)
    for day in range(1, 5):
        recorded_at = datetime(2026, 10, day, 12, tzinfo=UTC)
        say(house, anna, *BUDGET, title=f"day {day}", recorded_at=recorded_at, location_id=f"loc_{day % 2}")

    assert found(client, "budget") == ["day 4", "day 3", "day 2", "day 1"]
    assert found(client, "budget", **{"from": "2026-10-02", "to": "2026-10-03"}) == ["day 3", "day 2"]
    assert found(client, "budget", **{"from": "2026-10-02T12:00:00Z", "to": "2026-10-04T12:00:00Z"}) == [
        "day 3",
        "day 2",
    ]
    assert found(client, "budget", location_id="loc_1") == ["day 3", "day 1"]
    assert found(client, "budget", location_id="loc_9") == []


def test_pages_show_everything_once_and_a_cursor_is_good_for_its_question_alone(house: House, anna: User) -> None:
    client = house.client(anna)
    made = {say(house, anna, *BUDGET[: number % 3 + 1]).id for number in range(7)}
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = search(client, "budget", limit=3, **({"cursor": cursor} if cursor else {}))
        page = answer.json()
        seen += [one["recording_id"] for one in page["items"]]
        assert page["total"] == 7
        assert ('rel="next"' in answer.headers.get("link", "")) == (page["next_cursor"] is not None)
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
        assert search(client, "budgets", cursor=cursor).json()["code"] == "invalid-cursor"
        assert search(house.client(house.a_known_user()), "budget", cursor=cursor).status_code == 422

    assert len(seen) == 7
    assert set(seen) == made


def test_the_best_answer_is_first(house: House, anna: User) -> None:
    far = "filler " * 20
    say(house, anna, f"budget {far} agreed", title="far")
    say(house, anna, "The budget was agreed; the budget!", title="near and often")
    say(house, anna, f"budget agreed {far * 3}", title="near in a long one")

    assert found(house.client(anna), "agree budget") == ["near and often", "near in a long one", "far"]


def test_so_many_places_are_shown_as_are_asked_for(house: House, anna: User) -> None:
    say(house, anna, *(f"budget {number}" for number in range(60)))
    client = house.client(anna)

    shown = [len(search(client, "budget", per_recording=most).json()["items"][0]["matches"]) for most in (1, 3, 10)]

    assert shown == [1, 3, 10]


def test_nobody_finds_what_others_said(house: House, anna: User) -> None:
    say(house, anna, *BUDGET)

    assert found(house.client(house.a_known_user()), "budget") == []


def test_corrections_are_found_at_once_and_what_they_replaced_is_not(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = say(house, anna, *BUDGET, title="one")
    change = {"segments": [{"id": 2, "text": "The gadget is large."}], "speakers": {}}

    assert client.patch(f"/v1/recordings/{recording.id}/transcript", json=change).status_code == 200
    house.settle()

    assert found(client, "gadgets") == ["one"]
    assert found(client, '"the budget"') == []
    client.delete(f"/v1/recordings/{recording.id}/transcript/corrections")
    house.settle()
    assert found(client, '"the budget"') == ["one"]


def test_what_is_deleted_is_found_no_more_and_leaves_nothing(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = say(house, anna, *BUDGET)

    house.recordings.delete(recording)
    assert search(client, "budget").json() == {"items": [], "next_cursor": None, "total": 0}
    house.settle()

    assert [key for key in house.media.kept if recording.id in key] == []
    assert recording.id not in repr(house.library_table.documents)


def test_whoever_leaves_leaves_nothing_to_be_found(house: House, anna: User) -> None:
    say(house, anna, *BUDGET)
    say(house, anna, *BUDGET)

    house.removal.remove_all_of(anna.id)
    house.settle()

    assert not [key for key in house.media.kept if key.startswith("search/")]
    assert not [pk for pk in house.library_table.documents if pk.startswith(("SEARCH#", "PACK#"))]


def test_a_search_makes_three_calls_to_the_table(house: House, anna: User) -> None:
    client = house.client(anna)
    for number in range(20):
        say(house, anna, *BUDGET, title=f"{number}")
    house.library_table.calls.clear()

    answer = search(client, "budget", limit=100)

    assert answer.json()["total"] == 20
    assert house.library_table.calls == {"get": 1, "get_many": 2}


def test_an_index_that_never_stands_still_is_an_error_that_goes_by(
    house: House, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(house, anna, *BUDGET)
    for key in [key for key in house.media.objects if key.startswith("search/")]:
        house.media.remove(key)

    answer = search(house.client(anna), "budget")

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
