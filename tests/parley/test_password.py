import json

import pytest

from tests.parley.fake_accounts import PASSWORD, Refusal, code
from tests.parley.terminal import Terminal

NEW = "another long one"


def test_a_password_is_changed_by_who_knows_it(terminal: Terminal) -> None:
    result = terminal.type("password", stdin=f"{PASSWORD}\n{NEW}\n")
    assert result.exit_code == 0, result.output
    assert terminal.state.accounts.find("anna").password == NEW
    assert NEW not in result.output
    assert result.stdout == ""
    assert terminal.type("ls").exit_code == 0  # this machine's key goes on working


def test_a_wrong_current_password_is_no_lost_sign_in(terminal: Terminal) -> None:
    result = terminal.type("password", stdin=f"guess\n{NEW}\n")
    assert result.exit_code == 1
    assert "The password is wrong. (wrong-password" in result.stderr
    assert terminal.state.accounts.find("anna").password == PASSWORD


def test_a_weak_password_is_refused_with_the_reason(terminal: Terminal) -> None:
    result = terminal.type("password", stdin=f"{PASSWORD}\nshort\n")
    assert result.exit_code == 1
    assert "/new_password: is too short" in result.stderr


def test_who_is_not_signed_in_is_not_asked_for_passwords(stranger: Terminal) -> None:
    result = stranger.type("password", stdin=f"{PASSWORD}\n{NEW}\n")
    assert result.exit_code == 3
    assert "Current password" not in result.stderr


def test_a_forgotten_password_is_set_anew_with_a_code(stranger: Terminal) -> None:
    result = stranger.type("password", "--forgotten", "anna", stdin=f"{NEW}\n\n{code(1)}\n{code(2)}\n")
    assert result.exit_code == 0, result.output
    assert stranger.state.accounts.find("anna").password == NEW
    assert f"Sign in with: parley --server {stranger.state.url} login" in result.stderr
    assert NEW not in result.output
    assert len(stranger.state.sent_to("POST", "/v1/auth/otp")) == 1
    assert not stranger.credentials_file.exists()


@pytest.mark.parametrize("who", ["anna", "nobody"])
def test_a_wrong_code_resets_nothing_and_tells_nothing(stranger: Terminal, who: str) -> None:
    result = stranger.type("password", "--forgotten", who, stdin=f"{NEW}\n" + "000000\n" * 5)
    assert result.exit_code == 1
    assert "If there is such an account" in result.stderr
    assert "(invalid-code" in result.stderr.splitlines()[-1]
    assert stranger.state.accounts.find("anna").password == PASSWORD


def test_an_account_is_erased_when_its_name_is_typed(terminal: Terminal) -> None:
    result = terminal.type("erase-me", stdin="anna\n")
    assert result.exit_code == 0, result.output
    assert terminal.state.accounts.people == {}
    assert json.loads(terminal.credentials_file.read_bytes()) == {"servers": {}}


@pytest.mark.parametrize("answer", ["yes", "Anna"])
def test_another_word_erases_nothing(terminal: Terminal, answer: str) -> None:
    result = terminal.type("erase-me", stdin=f"{answer}\n")
    assert result.exit_code == 1
    assert "That is not anna: nothing was erased." in result.stderr
    assert terminal.type("ls").exit_code == 0


def test_erasing_by_the_environments_key_keeps_the_stored_one(terminal: Terminal) -> None:
    bob = terminal.state.accounts.add(username="bob")
    terminal.state.keys["key_bob"] = "plk_bob"
    terminal.state.accounts.owners["plk_bob"] = bob.id
    result = terminal.type("erase-me", stdin="bob\n", PARLEY_API_KEY="plk_bob")
    assert result.exit_code == 0, result.output
    assert "PARLEY_API_KEY opens nothing any more" in result.stderr
    assert terminal.type("ls").exit_code == 0


def test_an_erasure_that_is_refused_forgets_nothing(terminal: Terminal) -> None:
    terminal.state.accounts.failing["DELETE", "/v1/auth/me"] = Refusal(409, "last-admin", "This is the last admin.")
    result = terminal.type("erase-me", stdin="anna\n")
    assert result.exit_code == 1
    assert "(last-admin" in result.stderr
    assert terminal.type("ls").exit_code == 0
