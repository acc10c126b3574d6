from datetime import timedelta
from typing import Any

import pytest

from functions.core.accounts.model import User
from tests.builders import PASSWORD
from tests.fakes.clock import FakeClock
from tests.house import OPERATOR_KEY, House

REGISTRATION = {"username": "anna", "email": "anna@example.com", "password": PASSWORD}


def test_a_registered_person_can_log_in_and_read_their_account(house: House) -> None:
    client = house.client()

    registered = client.post("/v1/auth/register", json=REGISTRATION)
    token = client.post("/v1/auth/login", json={"identifier": "anna", "password": PASSWORD}).json()
    me = client.get("/v1/auth/me", headers={"Authorization": f"Bearer {token['access_token']}"}).json()

    assert registered.status_code == 201
    assert (token["token_type"], token["expires_in"]) == ("bearer", 900)
    assert me == registered.json()["user"]
    assert registered.json()["unique_id"].isdigit()
    assert len(registered.json()["unique_id"]) == 8


def test_register_and_login_take_forms(house: House) -> None:
    client = house.client()

    assert client.post("/v1/auth/register", data=REGISTRATION).status_code == 201
    assert client.post("/v1/auth/login", data={"username": "anna", "password": PASSWORD}).status_code == 200
    assert client.post("/v1/auth/token", data={"username": "anna", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("name", ["ANNA", " anna ", "Anna@Example.com"])
def test_a_name_is_found_whatever_its_case(house: House, name: str) -> None:
    house.client().post("/v1/auth/register", json=REGISTRATION)

    assert house.client().post("/v1/auth/login", json={"identifier": name, "password": PASSWORD}).status_code == 200


def test_one_can_log_in_by_unique_id(house: House) -> None:
    unique_id = house.client().post("/v1/auth/register", json=REGISTRATION).json()["unique_id"]

    answer = house.client().post("/v1/auth/login", json={"identifier": unique_id, "password": PASSWORD})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "taken", [{"username": "Anna", "email": "b@example.com"}, {"username": "bert", "email": "ANNA@example.com"}]
)
def test_a_taken_name_is_refused(house: House, taken: dict[str, str]) -> None:
    house.client().post("/v1/auth/register", json=REGISTRATION)

    answer = house.client().post("/v1/auth/register", json=REGISTRATION | taken)

    assert answer.status_code == 409
    assert answer.json()["code"] == "name-taken"


@pytest.mark.parametrize(
    "bad",
    [
        {"username": "12345678"},
        {"username": "a@b.c"},
        {"username": "ab"},
        {"email": "nonsense"},
        {"password": "short"},
        {"password": "x" * 257},
    ],
)
def test_a_bad_registration_names_the_field(house: House, bad: dict[str, Any]) -> None:
    answer = house.client().post("/v1/auth/register", json=REGISTRATION | bad)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/body/{next(iter(bad))}"


def test_a_refused_password_is_not_repeated_in_the_answer(house: House) -> None:
    answer = house.client().post("/v1/auth/register", json=REGISTRATION | {"password": "geheim!"})

    assert "geheim" not in answer.text


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(house: House) -> None:
    house.client().post("/v1/auth/register", json=REGISTRATION)

    answers = [
        house.client().post("/v1/auth/login", json={"identifier": who, "password": "wrong password"})
        for who in ("anna", "nobody")
    ]
    bodies = [{**answer.json(), "request_id": ""} for answer in answers]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert bodies[0] == bodies[1]
    assert bodies[0]["code"] == "invalid-credentials"


def test_an_access_token_is_over_after_a_quarter_of_an_hour() -> None:
    clock = FakeClock()
    house = House(clock=clock)
    client = house.client(house.a_known_user())

    clock.pass_time(timedelta(minutes=14, seconds=59))
    assert client.get("/v1/auth/check").status_code == 200
    clock.pass_time(timedelta(seconds=1))
    assert client.get("/v1/auth/check").json()["code"] == "token-expired"


def test_without_a_credential_one_is_told_how_to_show_one(house: House) -> None:
    answer = house.client().get("/v1/auth/me")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "missing-credential"


@pytest.mark.parametrize("bearer", ["nonsense", "a.b.c", "parley_x", f"parley_{'0' * 26}_{'a' * 43}", ""])
def test_a_made_up_credential_opens_nothing(house: House, bearer: str) -> None:
    assert house.client(bearer=bearer).get("/v1/recordings").status_code == 401


def test_an_api_key_acts_for_its_owner_in_either_header(house: House, anna: User) -> None:
    secret = house.client(anna).post("/v1/api-keys", json={"name": "phone"}).json()["secret"]

    bearer = house.client(bearer=secret).get("/v1/auth/check").json()
    header = house.client().get("/v1/auth/check", headers={"X-API-Key": secret}).json()

    assert bearer == header
    assert bearer["user_id"] == anna.id


def test_a_secret_is_shown_once_and_kept_as_a_hash(house: House, anna: User) -> None:
    client = house.client(anna)
    made = client.post("/v1/api-keys", json={"name": "phone"}).json()

    listed = client.get("/v1/api-keys").json()["items"]

    assert [key["id"] for key in listed] == [made["id"]]
    assert "secret" not in listed[0]
    assert made["secret"] not in str(house.accounts_table.documents)
    assert made["secret"].startswith(listed[0]["prefix"])


def test_a_revoked_key_opens_nothing(house: House, anna: User) -> None:
    client = house.client(anna)
    made = client.post("/v1/api-keys", json={"name": "phone"}).json()

    assert client.delete(f"/v1/api-keys/{made['id']}").status_code == 204
    assert house.client(bearer=made["secret"]).get("/v1/auth/check").status_code == 401


def test_an_expired_key_opens_nothing() -> None:
    clock = FakeClock()
    house = House(clock=clock)
    anna = house.a_known_user()
    made = house.client(anna).post("/v1/api-keys", json={"name": "phone", "expires_in_days": 1}).json()

    # The route reads the real time, which is later than the clock's.
    clock.pass_time(timedelta(days=36500))

    assert house.client(bearer=made["secret"]).get("/v1/auth/check").json()["code"] == "invalid-api-key"


def test_nobody_can_revoke_somebody_elses_key(house: House, anna: User) -> None:
    made = house.client(anna).post("/v1/api-keys", json={"name": "phone"}).json()

    answer = house.client(house.a_known_user()).delete(f"/v1/api-keys/{made['id']}")

    assert answer.status_code == 404
    assert house.client(bearer=made["secret"]).get("/v1/auth/check").status_code == 200


def test_an_operator_key_acts_as_an_admin(house: House) -> None:
    answer = house.client(bearer=OPERATOR_KEY).get("/v1/auth/check").json()

    assert answer["role"] == "admin"
    assert house.client().get("/v1/auth/check", headers={"X-API-Key": "second-key"}).json()["role"] == "admin"


def test_an_empty_operator_key_is_no_key(house: House) -> None:
    assert house.client().get("/v1/auth/check", headers={"X-API-Key": " "}).status_code == 401


def test_credentials_of_two_accounts_are_refused(house: House, anna: User) -> None:
    answer = house.client(anna).get("/v1/auth/check", headers={"X-API-Key": OPERATOR_KEY})

    assert answer.json()["code"] == "ambiguous-credential"


def test_an_operator_key_makes_no_api_keys(house: House) -> None:
    assert house.client(bearer=OPERATOR_KEY).post("/v1/api-keys", json={"name": "x"}).status_code == 409


def test_api_keys_are_listed_in_pages(house: House, anna: User) -> None:
    client = house.client(anna)
    made = [client.post("/v1/api-keys", json={"name": str(n)}).json()["id"] for n in range(5)]

    first = client.get("/v1/api-keys?limit=3")
    second = client.get(first.links["next"]["url"])

    assert [key["id"] for page in (first, second) for key in page.json()["items"]] == made[::-1]
    assert second.json()["next_cursor"] is None


def test_a_key_does_what_its_scopes_say_and_nothing_else(house: House, anna: User) -> None:
    made = house.client(anna).post("/v1/api-keys", json={"name": "phone", "scopes": ["recordings:write"]}).json()
    client = house.client(bearer=made["secret"])

    refused = client.get("/v1/recordings")

    assert made["scopes"] == ["recordings:write"]
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert refused.json()["scope"] == "recordings:read"
    assert (
        client.post("/v1/recordings", json={"filename": "a.mp3", "size": 1, "content_type": "audio/mpeg"}).status_code
        == 201
    )


def test_a_key_makes_no_key_that_may_more_than_itself(house: House, anna: User) -> None:
    scopes = ["account:write", "account:read"]
    made = house.client(anna).post("/v1/api-keys", json={"name": "phone", "scopes": scopes}).json()
    client = house.client(bearer=made["secret"])

    more = client.post("/v1/api-keys", json={"name": "more", "scopes": ["recordings:read"]})
    unnamed = client.post("/v1/api-keys", json={"name": "as much"}).json()

    assert (more.status_code, more.json()["code"]) == (403, "scope-missing")
    assert sorted(unnamed["scopes"]) == sorted(scopes)


def test_a_key_says_when_it_was_last_used_and_the_table_is_written_once_an_hour() -> None:
    clock = FakeClock()
    house = House(clock=clock)
    client = house.client(house.a_known_user())
    secret = client.post("/v1/api-keys", json={"name": "phone"}).json()["secret"]
    before = client.get("/v1/api-keys").json()["items"][0]["last_used_at"]
    clock.pass_time(timedelta(days=400))
    key = house.client(bearer=secret)

    key.get("/v1/auth/check")
    written = house.accounts_table.writes
    key.get("/v1/auth/check")
    last_used_at = key.get("/v1/api-keys").json()["items"][0]["last_used_at"]

    assert before is None
    assert last_used_at.startswith("2027-12-26T12:00:00")
    assert house.accounts_table.writes == written
