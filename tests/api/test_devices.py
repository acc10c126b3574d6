import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from functions.core.accounts.model import User
from functions.core.devices.model import MOST_DEVICES
from parley.sealed.device import Device
from parley.sealed.ulids import new_id
from tests.builders import NOON
from tests.call_builders import a_device, some_keys
from tests.call_house import CallHouse

NOTHING = base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()


@pytest.fixture
def house() -> CallHouse:
    return CallHouse()


@pytest.fixture
def anna(house: CallHouse) -> User:
    return house.a_known_user()


@pytest.fixture
def bert(house: CallHouse) -> User:
    return house.a_known_user()


def put(house: CallHouse, user: User, device: Device, **changes: Any) -> Any:
    body = {"bundle": dict(device.bundle)} | changes
    return house.client(user).put(f"/v1/devices/{device.id}", json=body)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_device_is_kept_as_it_came(house: CallHouse, anna: User) -> None:
    device = a_device(anna.unique_id)

    first, again = put(house, anna, device), put(house, anna, device)

    shown = {"id": device.id, "bundle": device.bundle, "added_at": "2026-11-21T12:00:00Z"}
    assert (first.status_code, first.json(), again.json()) == (200, shown, shown)
    listed = house.client(anna).get("/v1/devices").json()
    assert listed == house.client(anna).get(f"/v1/users/{anna.unique_id}/devices").json()
    assert (listed["unique_id"], listed["items"], listed["key_log"]["length"]) == (anna.unique_id, [shown], 1)


def test_contacts_see_devices_and_nobody_else_does(house: CallHouse, anna: User, bert: User) -> None:
    device = house.register(anna)
    path = f"/v1/users/{anna.unique_id}/devices"

    strange = house.client(bert).get(path)
    unknown = house.client(bert).get("/v1/users/00000000/devices")
    house.client(bert).post("/v1/contacts", json={"unique_id": anna.unique_id})
    asking = house.client(bert).get(path)
    house.client(anna).post(f"/v1/contacts/{bert.unique_id}/confirm")
    known = house.client(bert).get(path)

    assert [code_of(one) for one in (strange, unknown, asking)] == [(404, "not-found")] * 3
    assert [one["id"] for one in known.json()["items"]] == [device.id]
    assert house.client(bert).get(f"/v1/users/{anna.unique_id}/key-log").status_code == 200


def test_a_bundle_is_its_owners_and_its_devices(house: CallHouse, anna: User, bert: User) -> None:
    device, of_bert = a_device(anna.unique_id), a_device(bert.unique_id)
    altered = json.loads(raw(device.bundle["b"])) | {"iat": 1}
    forged = {"b": base64.urlsafe_b64encode(json.dumps(altered).encode()).rstrip(b"=").decode(), "s": "AA"}

    answers = [
        put(house, anna, of_bert),
        put(house, anna, device, bundle=dict(a_device(anna.unique_id).bundle)),
        put(house, anna, device, bundle=forged),
        put(house, anna, device, bundle=forged | {"s": device.bundle["s"]}),
    ]

    assert [code_of(one) for one in answers] == [(422, "bad-bundle")] * 4
    assert house.client(anna).get("/v1/devices").json()["items"] == []


@pytest.mark.parametrize(
    "device_id", ["dev_1", "phone", "dev_01M80BBW074GZPXQM3Y6YV2BHI", "dev_%2301M80BBW074GZPXQM3Y6"]
)
def test_an_id_that_is_none_is_refused(house: CallHouse, anna: User, device_id: str) -> None:
    body = {"bundle": dict(a_device(anna.unique_id).bundle)}

    assert house.client(anna).put(f"/v1/devices/{device_id}", json=body).status_code == 422


def test_an_id_keeps_its_identity_key_also_after_the_device_is_gone(house: CallHouse, anna: User) -> None:
    device = house.register(anna)
    other = a_device(anna.unique_id, device_id=device.id)

    while_there = put(house, anna, other)
    house.client(anna).delete(f"/v1/devices/{device.id}")
    afterwards, same = put(house, anna, other), put(house, anna, device)

    assert [code_of(one) for one in (while_there, afterwards)] == [(409, "other-keys")] * 2
    assert same.status_code == 200


def test_a_bundle_is_renewed_and_never_by_an_older_one(house: CallHouse, anna: User) -> None:
    keys, device_id = some_keys(), new_id("dev")
    old, new, future = (
        a_device(anna.unique_id, device_id=device_id, keys=keys, at=NOON + by)
        for by in (timedelta(), timedelta(minutes=4), timedelta(minutes=6))
    )
    house.register(anna, old)

    answers = [put(house, anna, one) for one in (new, old, future)]

    assert answers[0].json()["bundle"] == new.bundle
    assert [code_of(one) for one in answers[1:]] == [(409, "stale-bundle"), (422, "bad-bundle")]


def test_a_person_has_five_devices(house: CallHouse, anna: User) -> None:
    devices = [house.register(anna) for _ in range(MOST_DEVICES)]

    sixth = put(house, anna, a_device(anna.unique_id))

    assert (code_of(sixth), sixth.json()["limit"]) == ((409, "too-many-devices"), 5)
    house.client(anna).delete(f"/v1/devices/{devices[0].id}")
    house.register(anna)


def test_a_removed_device_is_cut_off(house: CallHouse, anna: User) -> None:
    device, other = house.register(anna), house.register(anna)
    house.connect(anna, "removed", device_id=device.id)
    house.connect(anna, "other", device_id=other.id)
    house.client(anna).put(f"/v1/push-subscriptions/{device.id}", json={"endpoint": "https://push.example.org/1"})

    removed = house.client(anna).delete(f"/v1/devices/{device.id}")

    assert removed.status_code == 204
    assert house.posts.closed == ["removed"]
    assert house.connections.find("removed") is None
    assert house.connections.find("other") is not None
    assert house.subscriptions.of(anna.unique_id) == []
    assert code_of(house.client(anna).delete(f"/v1/devices/{device.id}")) == (404, "no-device")
    assert code_of(house.client(anna).post("/v1/realtime/ticket", json={"device_id": device.id})) == (404, "no-device")


def test_contacts_are_told_that_devices_have_changed(house: CallHouse, anna: User, bert: User) -> None:
    carla = house.a_known_user()
    house.become_contacts(anna, bert)
    house.client(anna).post("/v1/contacts", json={"unique_id": carla.unique_id})
    for user, connection in ((anna, "a"), (bert, "b"), (carla, "c")):
        house.connect(user, connection)

    device = house.register(anna)
    house.register(anna, device)
    house.client(anna).delete(f"/v1/devices/{device.id}")

    event = {"type": "device", "unique_id": anna.unique_id}
    assert house.posts.told("b") == [event, event]
    assert house.posts.told("a") == [event, event]
    assert house.posts.told("c") == []


def test_the_history_of_keys_is_a_chain(house: CallHouse, anna: User) -> None:
    device = house.register(anna)
    house.clock.pass_time(timedelta(milliseconds=1500))
    house.client(anna).delete(f"/v1/devices/{device.id}")
    other = house.register(anna)

    head = house.client(anna).get("/v1/devices").json()["key_log"]
    entries = house.client(anna).get(f"/v1/users/{anna.unique_id}/key-log").json()["items"][::-1]

    assert [(one["number"], one["op"], one["device_id"]) for one in entries] == [
        (0, "add", device.id),
        (1, "revoke", device.id),
        (2, "add", other.id),
    ]
    before = NOTHING
    for entry, of in zip(entries, (device, device, other), strict=True):
        assert entry["prev_hash"] == before
        assert raw(entry["bundle_hash"]) == hashlib.sha256(raw(of.bundle["b"]) + raw(of.bundle["s"])).digest()
        said = f"{entry['op']}\0{entry['device_id']}\0{entry['at']}".encode()
        hashed = b"parley/key-log/1\0" + raw(before) + raw(entry["bundle_hash"]) + said
        before = entry["hash"]
        assert raw(before) == hashlib.sha256(hashed).digest()
    assert head == {"length": 3, "head": before}
    assert entries[1]["at"] - entries[0]["at"] == 1500


def test_the_history_comes_in_pages(house: CallHouse, anna: User) -> None:
    for _ in range(MOST_DEVICES):
        house.register(anna)
    client, path = house.client(anna), f"/v1/users/{anna.unique_id}/key-log"

    first = client.get(path, params={"limit": 3})
    second = client.get(first.headers["Link"].split(">")[0][1:]).json()

    assert [one["number"] for one in first.json()["items"] + second["items"]] == [4, 3, 2, 1, 0]


def test_nobody_without_devices_has_an_empty_list(house: CallHouse, anna: User) -> None:
    assert house.client(anna).get("/v1/devices").json() == {
        "unique_id": anna.unique_id,
        "items": [],
        "key_log": {"length": 0, "head": NOTHING},
    }


def test_bundles_are_taken_twenty_times_an_hour() -> None:
    house = CallHouse(auth_calls_per_minute=5)
    anna = house.a_known_user()
    device = a_device(anna.unique_id)

    answers = [put(house, anna, device).status_code for _ in range(21)]

    assert answers == [200] * 20 + [429]
