from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.calls.model import RING_FOR, Call, CallStatus
from functions.core.calls.store import Calls
from functions.core.ids import new_id
from tests.call_builders import a_call
from tests.call_house import CallHouse

CALLER_DEVICE, CALLEE_DEVICE = new_id("device"), new_id("device")


@pytest.fixture
def house() -> CallHouse:
    return CallHouse()


@pytest.fixture
def calls(house: CallHouse) -> Calls:
    return Calls(house.presence, clock=house.clock)


@pytest.fixture
def anna(house: CallHouse) -> User:
    return house.a_known_user()


@pytest.fixture
def bert(house: CallHouse) -> User:
    return house.a_known_user()


def a_busy_call(house: CallHouse, calls: Calls, caller: User, callee: User, **changes: Any) -> Call:
    house.clock.pass_time(timedelta(seconds=1))
    return calls.note(a_call(caller, callee, at=house.clock(), **changes).found_busy())


def items(client: TestClient, **params: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/calls", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_a_call_stands_in_both_logs(house: CallHouse, calls: Calls, anna: User, bert: User) -> None:
    call = calls.begin(a_call(anna, bert, caller_device=CALLER_DEVICE, offered={CALLEE_DEVICE: 0}), {}, [])
    call = calls.save(call.accepted(CALLEE_DEVICE, house.clock()), [])
    call = calls.save(call.connected(anna.unique_id, CALLER_DEVICE, house.clock()), [])
    house.clock.pass_time(timedelta(seconds=65))
    ended = calls.end(call.hung_up(anna.unique_id, CALLER_DEVICE, "done", house.clock()), {})

    [mine], [theirs] = items(house.client(anna)), items(house.client(bert))

    assert mine == {
        "id": ended.id,
        "direction": "outgoing",
        "other": bert.unique_id,
        "status": "ended",
        "reason": "done",
        "created_at": "2026-11-21T12:00:00Z",
        "answered_at": "2026-11-21T12:00:00Z",
        "connected_at": "2026-11-21T12:00:00Z",
        "ended_at": "2026-11-21T12:01:05Z",
        "duration_seconds": 65.0,
    }
    assert theirs == mine | {"direction": "incoming", "other": anna.unique_id}
    assert anna.id not in str(theirs)


def test_who_was_on_the_telephone_has_missed_a_call(house: CallHouse, calls: Calls, anna: User, bert: User) -> None:
    a_busy_call(house, calls, anna, bert)

    assert [one["status"] for one in items(house.client(anna))] == ["busy"]
    assert [one["status"] for one in items(house.client(bert))] == ["missed"]
    assert items(house.client(bert), status="busy") == []
    assert len(items(house.client(bert), status="missed")) == 1


def test_who_was_woken_asks_what_rings(house: CallHouse, calls: Calls, anna: User, bert: User) -> None:
    call = calls.begin(a_call(anna, bert, is_caller_secret=True), {}, [])
    of_bert = house.client(bert)

    [ringing] = items(of_bert, status="ringing")
    still = items(of_bert), items(of_bert, status="connected")
    house.clock.pass_time(RING_FOR)
    over = items(of_bert, status="ringing")

    assert (ringing["id"], ringing["direction"], ringing["other"]) == (call.id, "incoming", anna.unique_id)
    assert (ringing["status"], ringing["ended_at"], ringing["duration_seconds"]) == ("ringing", None, 0.0)
    assert still == ([], [])
    assert over == []
    assert items(house.client(anna))[0]["status"] == "missed"


def test_a_call_is_read_by_its_two_people(house: CallHouse, calls: Calls, anna: User, bert: User) -> None:
    call = calls.begin(a_call(anna, bert), {}, [])
    path = f"/v1/calls/{call.id}"

    answers = [house.client(one).get(path) for one in (anna, bert)]
    strange = house.client(house.a_known_user()).get(path)

    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["status"], answers[0].json()["version"]) == ("ringing", 1)
    assert (answers[0].json()["caller"], answers[0].json()["callee"]) == (anna.unique_id, bert.unique_id)
    assert "usr_" not in answers[0].text
    assert (strange.status_code, strange.json()["code"]) == (404, "not-found")
    assert house.client(anna).get(f"/v1/calls/{new_id('call')}").json()["detail"] == strange.json()["detail"]


def test_calls_with_secret_contacts_are_left_out(house: CallHouse, calls: Calls, anna: User, bert: User) -> None:
    carla, dora = house.a_known_user(), house.a_known_user()
    house.become_contacts(anna, carla)
    at_the_time = a_busy_call(house, calls, anna, bert, is_callee_secret=True)
    by_now = a_busy_call(house, calls, carla, anna)
    plain = a_busy_call(house, calls, dora, anna)
    session = house.session_of(anna)
    client = house.client_of(session)
    client.patch(f"/v1/contacts/{carla.unique_id}", json={"secret": True})

    shown, everything = items(client), items(client, include_secret=True)
    house.clock.pass_time(timedelta(minutes=15))
    later = house.client_of(session).get("/v1/calls", params={"include_secret": True})

    assert [one["id"] for one in shown] == [plain.id]
    assert [one["id"] for one in everything] == [plain.id, by_now.id, at_the_time.id]
    assert (later.status_code, later.json()["code"]) == (403, "sign-in-again")
    assert [one["status"] for one in items(house.client(bert))] == ["missed"]


def test_pages_of_the_log_show_no_gap(house: CallHouse, calls: Calls, anna: User, bert: User) -> None:
    secret = {3, 4, 5}
    made = [a_busy_call(house, calls, anna, bert, is_callee_secret=number in secret).id for number in range(9)]
    client = house.client(anna)

    pages, url = [], "/v1/calls?limit=2"
    while url:
        answer = client.get(url)
        pages.append([one["id"] for one in answer.json()["items"]])
        url = answer.headers["Link"].split(">")[0][1:] if "Link" in answer.headers else ""

    assert pages == [[made[8], made[7]], [made[6], made[2]], [made[1], made[0]]]


@pytest.mark.parametrize("params", [{"status": "sleeping"}, {"limit": 0}, {"cursor": "x"}])
def test_a_wrong_question_is_refused(house: CallHouse, anna: User, params: dict[str, Any]) -> None:
    assert house.client(anna).get("/v1/calls", params=params).status_code == 422


def test_every_status_can_be_asked_for(house: CallHouse, anna: User) -> None:
    assert all(items(house.client(anna), status=status.value) == [] for status in CallStatus)
