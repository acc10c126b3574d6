from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.web_push.settings import WebPush
from parley.sealed.device import Device
from parley.sealed.ulids import new_id
from tests.call_house import CallHouse

ENDPOINT = "https://push.example.org/send/abc"


@pytest.fixture
def house() -> CallHouse:
    return CallHouse()


@pytest.fixture
def anna(house: CallHouse) -> User:
    return house.a_known_user()


@pytest.fixture
def client(house: CallHouse, anna: User) -> TestClient:
    return house.client(anna)


@pytest.fixture
def device(house: CallHouse, anna: User) -> Device:
    return house.register(anna)


def test_a_browser_subscribes_and_leaves(house: CallHouse, anna: User, client: TestClient, device: Device) -> None:
    path = f"/v1/push-subscriptions/{device.id}"

    put = client.put(path, json={"endpoint": ENDPOINT, "expiration": "2026-12-01T00:00:00Z"})
    moved = client.put(path, json={"endpoint": f"{ENDPOINT}2"})
    kept = house.subscriptions.of(anna.unique_id)
    gone = [client.delete(path).status_code for _ in range(2)]

    assert put.json() == {
        "device_id": device.id,
        "created_at": "2026-11-21T12:00:00Z",
        "expires_at": "2026-12-01T00:00:00Z",
    }
    assert moved.status_code == 200
    assert [one.endpoint for one in kept] == [f"{ENDPOINT}2"]
    assert gone == [204, 404]
    assert house.subscriptions.of(anna.unique_id) == []


def test_a_subscription_that_is_over_reaches_nobody(
    house: CallHouse, anna: User, client: TestClient, device: Device
) -> None:
    body = {"endpoint": ENDPOINT, "expiration": "2026-11-21T13:00:00Z"}
    client.put(f"/v1/push-subscriptions/{device.id}", json=body)

    house.clock.pass_time(timedelta(hours=1))

    assert house.subscriptions.of(anna.unique_id) == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.org/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "https://u:p@push.example.org/",
        "ftp://push.example.org/",
        "push",
        "",
        f"https://push.example.org/{'a' * 2000}",
    ],
)
def test_an_endpoint_is_a_public_address(client: TestClient, device: Device, endpoint: str) -> None:
    answer = client.put(f"/v1/push-subscriptions/{device.id}", json={"endpoint": endpoint})

    assert (answer.status_code, answer.json()["code"]) in {(422, "unusable-url"), (422, "invalid")}


def test_only_a_device_of_ones_own_is_woken(house: CallHouse, client: TestClient, device: Device) -> None:
    stranger = house.client(house.a_known_user())

    answers = [
        stranger.put(f"/v1/push-subscriptions/{device.id}", json={"endpoint": ENDPOINT}),
        client.put(f"/v1/push-subscriptions/{new_id('dev')}", json={"endpoint": ENDPOINT}),
    ]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "no-device")] * 2
    assert stranger.delete(f"/v1/push-subscriptions/{device.id}").status_code == 404


def test_an_installation_without_a_key_wakes_nobody() -> None:
    house = CallHouse(push=WebPush())
    anna = house.a_known_user()
    client, device = house.client(anna), house.register(anna)

    key = client.get("/v1/push-key")
    put = client.put(f"/v1/push-subscriptions/{device.id}", json={"endpoint": ENDPOINT})

    assert (key.status_code, key.json()["code"]) == (404, "no-push")
    assert (put.status_code, put.json()["code"]) == (409, "no-push")


def test_the_key_is_the_public_half(client: TestClient) -> None:
    key = client.get("/v1/push-key").json()["public_key"]

    # An uncompressed point of P-256 is 65 bytes.
    assert (len(key), key[0]) == (87, "B")
