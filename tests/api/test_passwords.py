"""Passwords: which are taken, how they are changed, and how a forgotten one is replaced."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.accounts.messages import Channel
from functions.core.accounts.model import User
from functions.core.accounts.passwords import hash_password, is_password, weakness_of
from tests.builders import PASSWORD
from tests.house import House

NEW = "Совсем другой пароль 🔑"


def log_in(house: House, user: User, password: str) -> int:
    attempt: dict[str, Any] = {"identifier": user.username, "password": password}
    return house.client().post("/v1/auth/login", json=attempt).status_code


@pytest.mark.parametrize("password", ["12345678", "Password1", "qwertyuiop", "йцукенгш", "aaaaaaaaaaa", "Parley123"])
def test_a_password_that_everybody_tries_first_is_refused(house: House, password: str) -> None:
    answer = house.client().post(
        "/v1/auth/register", json={"username": "clara", "email": "clara@example.com", "password": password}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/body/password"
    assert password not in answer.text


@pytest.mark.parametrize("password", ["clarissa1", "clarissa@example.com", "CLARISSA!"])
def test_a_password_that_is_one_s_own_name_is_refused(house: House, password: str) -> None:
    answer = house.client().post(
        "/v1/auth/register", json={"username": "clarissa", "email": "clarissa@example.com", "password": password}
    )

    assert answer.status_code == 422


# Longer than any that everybody tries.
@given(st.text(min_size=30, max_size=64, alphabet=st.characters(exclude_categories=("Cs",))))
def test_no_composition_is_asked_for(password: str) -> None:
    is_varied = len(set(password.casefold())) >= 5
    assert weakness_of(password) is None or not is_varied or "parley" in password.casefold()


def test_a_long_password_counts_to_its_end() -> None:
    password = "я" * 100 + "end of it"

    assert is_password(password, hash_password(password))
    assert not is_password(password[:-1], hash_password(password))


def test_a_changed_password_signs_out_everywhere_else(house: House, anna: User) -> None:
    here, elsewhere = house.client(anna), house.client(anna)

    answer = here.post("/v1/auth/password", json={"current_password": PASSWORD, "new_password": NEW})

    assert answer.status_code == 204
    assert here.get("/v1/auth/check").status_code == 200
    assert elsewhere.get("/v1/auth/check").json()["code"] == "session-over"
    assert [log_in(house, anna, password) for password in (PASSWORD, NEW)] == [401, 200]


def test_a_password_is_not_changed_into_one_s_own_name(house: House, anna: User) -> None:
    name = f"{anna.username}!"

    answer = house.client(anna).post("/v1/auth/password", json={"current_password": PASSWORD, "new_password": name})

    assert (answer.status_code, answer.json()["code"]) == (422, "weak-password")


def test_a_password_is_not_changed_without_the_old_one(house: House, anna: User) -> None:
    answer = house.client(anna).post("/v1/auth/password", json={"current_password": "wrong", "new_password": NEW})

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong-password")
    assert log_in(house, anna, PASSWORD) == 200


def test_a_forgotten_password_is_replaced_with_a_code_by_email(house: House, anna: User) -> None:
    client, signed_in = house.client(), house.client(anna)
    challenge = client.post("/v1/auth/password/reset", json={"identifier": anna.username}).json()["challenge_id"]
    assert anna.email is not None
    code = house.messages.code_for(anna.email)

    answer = client.post(
        "/v1/auth/password/reset/verify", json={"challenge_id": challenge, "code": code, "new_password": NEW}
    )

    assert answer.status_code == 204
    assert house.messages.sent[-1].channel is Channel.EMAIL
    assert signed_in.get("/v1/auth/check").status_code == 401
    assert [log_in(house, anna, password) for password in (PASSWORD, NEW)] == [401, 200]


def test_whoever_forgot_a_name_that_nobody_has_is_answered_alike(house: House, anna: User) -> None:
    known = house.client().post("/v1/auth/password/reset", json={"identifier": anna.username})
    unknown = house.client().post("/v1/auth/password/reset", json={"identifier": "nobody"})
    with_code = house.client().post(
        "/v1/auth/password/reset/verify",
        json={"challenge_id": unknown.json()["challenge_id"], "code": "123456", "new_password": NEW},
    )

    assert (known.status_code, unknown.status_code) == (202, 202)
    assert len(known.json()["challenge_id"]) == len(unknown.json()["challenge_id"])
    assert (with_code.status_code, with_code.json()["code"]) == (401, "invalid-code")


def test_an_email_is_changed_with_the_password_only(house: House, anna: User) -> None:
    client = house.client(anna)

    without = client.patch("/v1/auth/me", json={"email": "new@example.com"})
    with_it = client.patch("/v1/auth/me", json={"email": "new@example.com", "password": PASSWORD})

    assert (without.status_code, without.json()["code"]) == (403, "password-needed")
    assert with_it.json()["email"] == "new@example.com"
    assert house.accounts.find("NEW@example.com") is not None
    assert house.accounts.find(anna.email or "") is None


def test_a_name_can_be_changed_and_taken_away(house: House, anna: User) -> None:
    client = house.client(anna)

    assert client.patch("/v1/auth/me", json={"name": "Анна", "nickname": "А"}).json()["name"] == "Анна"
    changed = client.patch("/v1/auth/me", json={"name": None}).json()
    assert (changed["name"], changed["nickname"]) == (None, "А")


def test_a_taken_name_is_not_given_twice(house: House, anna: User) -> None:
    bert = house.a_known_user()

    answer = house.client(bert).patch("/v1/auth/me", json={"username": anna.username, "password": PASSWORD})

    assert (answer.status_code, answer.json()["code"]) == (409, "name-taken")


@pytest.mark.parametrize(
    ("password", "detail"),
    [
        ("short", "should have at least 8 characters"),
        ("x" * 257, "should have at most 256 characters"),
        ("12345678", "is one of those that everybody tries first"),
    ],
)
def test_what_is_wrong_with_a_password_is_said_in_words(house: House, password: str, detail: str) -> None:
    body = {"username": "clara", "email": "clara@example.com", "password": password}

    assert house.client().post("/v1/auth/register", json=body).json()["errors"][0]["detail"] == detail
