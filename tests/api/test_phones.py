"""Phones: register, sign in, add one, with codes; and what strangers learn from all that."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from functions.core.accounts.messages import Channel, Template
from functions.core.accounts.model import User
from tests.builders import PASSWORD
from tests.fakes.clock import FakeClock
from tests.house import House

PHONE = "+79991234567"
ANNA = {"phone": "+7 999 123-45-67", "name": "Анна Петрова", "nickname": "Аня 🎧", "password": PASSWORD}


def registered(house: House, **changes: Any) -> Response:
    """Register with a phone, both steps."""
    challenge = house.client().post("/v1/auth/register", json=ANNA | changes).json()["challenge_id"]
    code = house.messages.code_for(house.messages.sent[-1].to)
    return house.client().post("/v1/auth/register/verify", json={"challenge_id": challenge, "code": code})


def test_an_account_with_a_phone_exists_only_after_its_code(house: House) -> None:
    answer = house.client().post("/v1/auth/register", json=ANNA)

    assert answer.status_code == 202
    assert answer.json()["expires_in"] == 300
    assert house.accounts.find(PHONE) is None
    assert [(one.channel, one.to, one.template) for one in house.messages.sent] == [(Channel.SMS, PHONE, Template.CODE)]


def test_the_code_makes_the_account_and_signs_in(house: House) -> None:
    made = registered(house)
    me = house.client(bearer=made.json()["access_token"]).get("/v1/auth/me").json()

    assert made.status_code == 201
    assert len(made.json()["unique_id"]) == 8
    assert (me["phone"], me["name"], me["nickname"]) == (PHONE, "Анна Петрова", "Аня 🎧")
    assert me == made.json()["user"]


def test_registering_by_form_works_too(house: House) -> None:
    challenge = house.client().post("/v1/auth/register", data=ANNA).json()["challenge_id"]
    code = house.messages.code_for(PHONE)

    assert (
        house.client().post("/v1/auth/register/verify", data={"challenge_id": challenge, "otp": code}).status_code
        == 201
    )


def test_the_public_bundle_comes_back_with_its_fingerprint(house: House) -> None:
    key = registered(house, public_key='{"b":"e30","s":"AA"}').json()["e2e_key"]

    assert key["public_key"] == '{"b":"e30","s":"AA"}'
    assert key["type"] == "parley-public-bundle/1"
    assert len(key["fingerprint"]) == 64


@pytest.mark.parametrize("identifier", [PHONE, "+7 (999) 123-45-67", "unique id"])
def test_one_signs_in_with_phone_password_and_code(house: House, identifier: str) -> None:
    unique_id = registered(house).json()["unique_id"]
    attempt = {"identifier": unique_id if identifier == "unique id" else identifier, "password": PASSWORD}

    first = house.client().post("/v1/auth/login", json=attempt)
    second = house.client().post(
        "/v1/auth/login",
        json=attempt | {"challenge_id": first.json()["challenge_id"], "otp": house.messages.code_for(PHONE)},
    )

    assert first.status_code == 202
    assert second.status_code == 200
    assert {"access_token", "token_type", "expires_in", "csrf_token", "refresh_token"} <= second.json().keys()


def test_a_wrong_password_costs_no_message(house: House) -> None:
    registered(house)
    sent = len(house.messages.sent)

    answer = house.client().post("/v1/auth/login", json={"phone": PHONE, "password": "wrong password"})

    assert answer.status_code == 401
    assert len(house.messages.sent) == sent


def test_a_code_for_somebody_else_does_not_sign_in(house: House) -> None:
    registered(house)
    registered(house, phone="+79990000000")
    house.limiter.calls.clear()
    attempt = {"identifier": PHONE, "password": PASSWORD}
    theirs = house.client().post("/v1/auth/login", json=attempt | {"identifier": "+79990000000"}).json()["challenge_id"]
    code = house.messages.code_for("+79990000000")

    answer = house.client().post("/v1/auth/login", json=attempt | {"challenge_id": theirs, "otp": code})

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid-code")


def test_swagger_s_form_says_where_accounts_with_codes_sign_in(house: House) -> None:
    registered(house)

    answer = house.client().post("/v1/auth/token", data={"username": PHONE, "password": PASSWORD})

    assert (answer.status_code, answer.json()["code"]) == (401, "code-needed")


def test_who_registers_a_known_phone_learns_nothing_and_its_owner_is_told(house: House) -> None:
    unknown = house.client().post("/v1/auth/register", json=ANNA)
    code = house.messages.code_for(PHONE)
    house.client().post("/v1/auth/register/verify", json={"challenge_id": unknown.json()["challenge_id"], "code": code})
    house.limiter.calls.clear()

    known = house.client().post("/v1/auth/register", json=ANNA | {"password": "somebody else's password"})

    assert known.status_code == unknown.status_code
    assert known.json().keys() == unknown.json().keys()
    assert house.messages.sent[-1].template is Template.ALREADY_REGISTERED
    assert "code" not in house.messages.sent[-1].facts


def test_a_code_is_sent_again_and_the_former_one_is_worth_nothing(house: House) -> None:
    clock = FakeClock()
    house = House(clock=clock)
    challenge = house.client().post("/v1/auth/register", json=ANNA).json()["challenge_id"]
    former = house.messages.code_for(PHONE)
    clock.pass_time(timedelta(seconds=30))

    again = house.client().post("/v1/auth/otp", json={"challenge_id": challenge})
    code = house.messages.code_for(PHONE)
    answers = [
        house.client().post("/v1/auth/register/verify", json={"challenge_id": challenge, "code": one}).status_code
        for one in (former, code)
    ]

    assert again.status_code == 202
    assert former == code or answers == [401, 201]


def test_codes_are_not_sent_again_too_often() -> None:
    clock = FakeClock()
    house = House(clock=clock)
    challenge = house.client().post("/v1/auth/register", json=ANNA).json()["challenge_id"]

    def again() -> Response:
        return house.client().post("/v1/auth/otp", json={"challenge_id": challenge})

    too_soon = again()
    statuses = []
    for _ in range(5):
        clock.pass_time(timedelta(seconds=31))
        statuses.append(again().status_code)

    assert too_soon.status_code == 429
    assert 0 < int(too_soon.headers.get("retry-after", too_soon.json()["retry_after"])) <= 30
    assert statuses == [202, 202, 202, 202, 429]


def test_sending_again_answers_the_same_for_a_challenge_that_never_was(house: House) -> None:
    answer = house.client().post("/v1/auth/otp", json={"challenge_id": "chl_made_up"})

    assert answer.status_code == 202
    assert house.messages.sent == []


@pytest.mark.parametrize("phone", ["12345", "89991234567", "+7999", "phone", "+7999123456789012"])
def test_what_is_no_phone_is_named(house: House, phone: str) -> None:
    answer = house.client().post("/v1/auth/register", json=ANNA | {"phone": phone})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/body/phone"


def test_a_taken_username_is_said_before_a_code_is_sent(house: House, anna: User) -> None:
    answer = house.client().post(
        "/v1/auth/register", json=ANNA | {"username": anna.username, "email": "new@example.com"}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "name-taken")
    assert house.messages.sent == []


def test_a_phone_is_added_to_an_account_and_from_then_on_asks_for_a_code(house: House, anna: User) -> None:
    client = house.client(anna)
    challenge = client.post("/v1/auth/phone", json={"phone": PHONE, "password": PASSWORD}).json()["challenge_id"]
    code = house.messages.code_for(PHONE)

    verified = client.post("/v1/auth/phone/verify", json={"challenge_id": challenge, "code": code})
    house.limiter.calls.clear()
    login = house.client().post("/v1/auth/login", json={"identifier": anna.username, "password": PASSWORD})

    assert verified.json()["phone"] == PHONE
    assert login.status_code == 202


def test_a_phone_is_not_added_without_the_password(house: House, anna: User) -> None:
    answer = house.client(anna).post("/v1/auth/phone", json={"phone": PHONE, "password": "wrong password"})

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong-password")


def test_a_code_is_written_in_the_language_that_the_client_asks_for(house: House) -> None:
    house.client().post("/v1/auth/register", json=ANNA, headers={"Accept-Language": "ru-RU,ru;q=0.9"})

    assert house.messages.sent[-1].facts["locale"] == "ru"


def test_a_plus_that_a_form_made_a_space_is_a_plus(house: House) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"phone=+79991234567&password={PASSWORD}"

    answer = house.client().post("/v1/auth/register", content=body.encode(), headers=form)

    assert answer.status_code == 202
    assert house.messages.sent[-1].to == PHONE
