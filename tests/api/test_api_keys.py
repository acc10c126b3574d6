"""A key whose answer got lost is made once, and its secret is said again."""

from datetime import timedelta
from typing import Any

from starlette.testclient import TestClient

from tests.fakes.clock import FakeClock
from tests.house import House

KEY = {"Idempotency-Key": "till-7"}


def make(client: TestClient, **body: Any) -> Any:
    return client.post("/v1/api-keys", json={"name": "till"} | body, headers=KEY)


def test_the_same_request_again_says_the_same_secret_which_lies_nowhere_in_clear() -> None:
    house = House()
    client = house.client(house.a_known_user())

    first, again = make(client), make(client)

    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert len(client.get("/v1/api-keys").json()["items"]) == 1
    assert house.client(bearer=again.json()["secret"]).get("/v1/auth/me").status_code == 200
    assert first.json()["secret"].split("_")[2] not in str(house.accounts_table.documents)


def test_another_request_or_another_caller_is_not_told_the_secret() -> None:
    house = House()
    anna = house.a_known_user()
    client = house.client(anna)
    limited = client.post("/v1/api-keys", json={"name": "limited", "scopes": ["account:write"]}).json()["secret"]
    first = make(client).json()

    others = [make(client, name="another"), make(client, scopes=["account:read"]), make(house.client(bearer=limited))]
    strangers = make(house.client(house.a_known_user()))

    assert {(one.status_code, one.json()["code"]) for one in others} == {(422, "idempotency-key-reused")}
    assert (strangers.status_code, strangers.json()["id"] == first["id"]) == (201, False)


def test_a_day_later_the_same_request_makes_another_key(clock: FakeClock) -> None:
    house = House(clock=clock)
    anna = house.a_known_user()
    first = make(house.client(anna)).json()
    clock.pass_time(timedelta(hours=24))

    assert make(house.client(anna)).json()["secret"] != first["secret"]


def test_a_key_that_was_revoked_meanwhile_is_not_said_again() -> None:
    house = House()
    client = house.client(house.a_known_user())
    client.delete(f"/v1/api-keys/{make(client).json()['id']}")

    again = make(client)

    assert (again.status_code, again.json()["code"]) == (404, "not-found")


def test_what_is_remembered_of_keys_goes_with_their_owner() -> None:
    house = House()
    anna = house.a_known_user()
    make(house.client(anna))

    house.accounts.erase_api_keys_of(anna.id)

    assert not any(pk.startswith("IDEMPOTENCY#") for pk in house.accounts_table.documents)


def test_true_is_no_number_of_days() -> None:
    house = House()

    assert make(house.client(house.a_known_user()), expires_in_days=True).status_code == 422
