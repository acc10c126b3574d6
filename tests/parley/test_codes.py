import json

import pytest

from tests.parley.fake_accounts import PASSWORD, code
from tests.parley.terminal import Terminal

PHONE = "+49 171 3920012"
WRONG = "000000"
WRONG_LINE = "The code is wrong or over; have a new one sent. (invalid-code, request req_7)"


@pytest.fixture
def owner(stranger: Terminal) -> Terminal:
    """A terminal that anna, who has a phone, will sign in on."""
    stranger.state.accounts.change("anna", phone="+491713920012")
    return stranger


def typed(*answers: str) -> str:
    return "".join(f"{answer}\n" for answer in answers)


def test_a_phone_is_registered_with_the_code_that_is_sent_to_it(stranger: Terminal) -> None:
    result = stranger.type("register", "--phone", PHONE, stdin=typed("long enough", code(1)))
    assert result.exit_code == 0, result.output
    [request] = stranger.state.sent_to("POST", "/v1/auth/register")
    assert request.body == {"phone": PHONE, "password": "long enough"}
    person = stranger.state.accounts.find("+491713920012")
    assert f"Your unique id, to give to others: {person.unique_id}" in result.stderr
    assert f"Signed in to {stranger.state.url}" in result.stderr
    assert "long enough" not in result.output
    assert stranger.type("ls").exit_code == 0


def test_names_go_along_when_they_are_given(stranger: Terminal) -> None:
    names = ("--name", "Анна", "--nickname", "Anya", "--username", "anya", "--email", "anya@example.org")
    assert stranger.type("register", "--phone", PHONE, *names, stdin=typed("long enough", code(1))).exit_code == 0
    [request] = stranger.state.sent_to("POST", "/v1/auth/register")
    assert request.body == {
        "phone": PHONE,
        "name": "Анна",
        "nickname": "Anya",
        "username": "anya",
        "email": "anya@example.org",
        "password": "long enough",
    }


def test_registering_a_phone_tells_who_is_signed_in_as_json(stranger: Terminal) -> None:
    result = stranger.type("register", "--json", "--phone", PHONE, stdin=typed("long enough", code(1)))
    [key_id] = stranger.state.keys
    person = stranger.state.accounts.find("+491713920012")
    assert json.loads(result.stdout) == {"server": stranger.state.url, "user": person.unique_id, "key_id": key_id}


@pytest.mark.parametrize("again", ["", "r", "R"])
def test_the_code_is_sent_again_when_asked_for(stranger: Terminal, again: str) -> None:
    result = stranger.type("register", "--phone", PHONE, stdin=typed("long enough", again, code(1), code(2)))
    assert result.exit_code == 0, result.output
    [request] = stranger.state.sent_to("POST", "/v1/auth/otp")
    assert request.body == {"challenge_id": "chl_1"}
    assert "A new code is on its way" in result.stderr
    assert result.stderr.count(WRONG_LINE) == 1  # the first code


def test_a_code_that_cannot_be_sent_again_yet_does_not_end_the_asking(stranger: Terminal) -> None:
    stranger.state.accounts.resends_refused = 1
    result = stranger.type("register", "--phone", PHONE, stdin=typed("long enough", "r", code(1)))
    assert result.exit_code == 0, result.output
    assert "Too many codes were sent; try again in 12 s. (too-many-requests" in result.stderr
    assert stranger.pauses == []


def test_a_wrong_code_is_asked_for_again(owner: Terminal) -> None:
    result = owner.type("login", "--user", "anna", stdin=typed(PASSWORD, *[WRONG] * 4, code(1)))
    assert result.exit_code == 0, result.output
    assert result.stderr.count(WRONG_LINE) == 4


def test_a_code_that_is_wrong_five_times_ends_it(owner: Terminal) -> None:
    result = owner.type("login", "--user", "anna", stdin=typed(PASSWORD, *[WRONG] * 5, code(1)))
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"parley: {WRONG_LINE}"
    assert owner.state.keys == {}
    assert not owner.credentials_file.exists()


def test_a_code_may_be_typed_as_it_is_written(owner: Terminal) -> None:
    written = f" {code(1)[:3]} {code(1)[3:]} "
    assert owner.type("login", "--user", "anna", stdin=typed(PASSWORD, written)).exit_code == 0


def test_signing_in_with_a_code_can_be_asked_for_again_too(owner: Terminal) -> None:
    assert owner.type("login", "--user", "anna", stdin=typed(PASSWORD, "r", code(2))).exit_code == 0


def test_an_input_without_a_code_is_a_failure(owner: Terminal) -> None:
    result = owner.type("login", "--user", "anna", stdin=typed(PASSWORD))
    assert result.exit_code == 1
    assert "The input ended before the answer." in result.stderr


def test_signing_in_leaves_no_session_behind(owner: Terminal) -> None:
    owner.type("login", "--user", "anna", stdin=typed(PASSWORD, code(1)))
    assert owner.state.accounts.sessions == set()
    assert owner.type("ls").exit_code == 0
