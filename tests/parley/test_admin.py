import json
from typing import Any

import pytest

from tests.parley.fake_accounts import PASSWORD, SETUP_CODE, Person, Refusal
from tests.parley.terminal import Terminal

ROOT = ("--username", "root", "--email", "root@example.org")


@pytest.fixture
def boss(terminal: Terminal) -> Terminal:
    """A terminal on which anna is signed in as an admin, with bob among the users."""
    terminal.state.accounts.change("anna", role="admin")
    terminal.state.accounts.add(username="bob", email="bob@example.org", phone="+491713920012", name="Боб 李")
    return terminal


def bob(terminal: Terminal) -> Person:
    return terminal.state.accounts.find("bob")


# create


def test_the_first_admin_is_made_with_the_setup_code_and_signed_in(stranger: Terminal) -> None:
    result = stranger.type("admin", "create", stdin=f"{SETUP_CODE}\nroot\nroot@example.org\nlong enough\n")
    assert result.exit_code == 0, result.output
    assert stranger.state.accounts.find("root").role == "admin"
    assert f"Signed in to {stranger.state.url} as root." in result.stderr
    assert SETUP_CODE not in result.output
    assert stranger.type("admin", "users").exit_code == 0


def test_the_setup_code_may_be_given(stranger: Terminal) -> None:
    result = stranger.type("admin", "create", "--setup-code", SETUP_CODE, *ROOT, "--json", stdin="long enough\n")
    [key_id] = stranger.state.keys
    assert json.loads(result.stdout) == {"server": stranger.state.url, "user": "root", "key_id": key_id}


def test_a_wrong_setup_code_makes_nobody(stranger: Terminal) -> None:
    result = stranger.type("admin", "create", "--setup-code", "guess", *ROOT, stdin="long enough\n")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == ("parley: The setup code is wrong. (wrong-setup-code, request req_7)")
    assert list(stranger.state.accounts.people) == [stranger.state.accounts.find("anna").id]


def test_who_comes_second_learns_how_admins_are_made(stranger: Terminal) -> None:
    stranger.state.accounts.change("anna", role="admin")
    result = stranger.type("admin", "create", "--setup-code", SETUP_CODE, *ROOT, stdin="long enough\n")
    assert result.exit_code == 1
    assert "(has-admin" in result.stderr
    assert "parley admin create --with-my-rights" in result.stderr


def test_an_admin_makes_another_and_stays_signed_in(boss: Terminal) -> None:
    kept = boss.credentials_file.read_bytes()
    result = boss.type("admin", "create", "--with-my-rights", *ROOT, stdin="long enough\n")
    assert result.exit_code == 0, result.output
    root = boss.state.accounts.find("root")
    assert (root.role, root.password) == ("admin", "long enough")
    assert f"root ({root.unique_id}) is an admin now." in result.stderr
    assert boss.credentials_file.read_bytes() == kept


def test_another_admin_as_json_is_the_servers(boss: Terminal) -> None:
    result = boss.type("admin", "create", "--with-my-rights", *ROOT, "--json", stdin="long enough\n")
    assert json.loads(result.stdout) == boss.state.accounts.find("root").view()


def test_who_is_no_admin_makes_no_account_on_the_way(terminal: Terminal) -> None:
    result = terminal.type("admin", "create", "--with-my-rights", *ROOT, stdin="long enough\n")
    assert result.exit_code == 1
    assert "(admins-only" in result.stderr
    assert terminal.state.sent_to("POST", "/v1/auth/register") == []


def test_an_account_that_did_not_become_an_admin_is_told(boss: Terminal) -> None:
    refusal = Refusal(403, "scope-missing", "This API key lacks the scope admin.")
    boss.state.accounts.failing["PATCH", f"/v1/users/usr_{3:026}"] = refusal
    result = boss.type("admin", "create", "--with-my-rights", *ROOT, stdin="long enough\n")
    assert result.exit_code == 1
    assert "The account root was made, but as no admin: This API key lacks the scope admin." in result.stderr


def test_a_setup_code_and_ones_own_rights_contradict_each_other(boss: Terminal) -> None:
    assert boss.type("admin", "create", "--with-my-rights", "--setup-code", "x", *ROOT).exit_code == 2


# users


def test_users_are_shown_with_what_there_is_to_know(boss: Terminal) -> None:
    header, first, second = boss.type("admin", "users", TZ="UTC").stdout.splitlines()
    assert header.split("  ")[0] == "UNIQUE ID"
    assert first.split()[:-1] == [
        bob(boss).unique_id, "bob", "Боб", "李", "bob@example.org", "+491713920012", "user", "active", "2026-11-21",
    ]  # fmt: skip
    assert second.split()[1:5] == ["anna", "anna@example.org", "admin", "active"]


def test_users_follow_the_pages_up_to_the_limit(boss: Terminal) -> None:
    for number in range(8):
        boss.state.accounts.add(username=f"user{number}")
    result = boss.type("admin", "users", "--limit", "7")
    assert len(result.stdout.splitlines()) == 1 + 7
    assert "There are more: --limit 35" in result.stderr
    assert len(boss.state.sent_to("GET", "/v1/users")) == 3


def test_users_are_searched_by_the_server(boss: Terminal) -> None:
    found = boss.type_for_json("admin", "users", "--search", "боб", "--json")
    assert found == {"items": [bob(boss).view()], "next_cursor": None}


def test_nobody_found_is_said(boss: Terminal) -> None:
    result = boss.type("admin", "users", "--search", "ghost")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "There is nobody like that." in result.stderr


def test_names_cannot_steer_an_admins_terminal(boss: Terminal) -> None:
    boss.state.accounts.change("bob", name="\x1b]0;owned\x07[red]")
    result = boss.type("admin", "users")
    assert "\x1b" not in result.output
    assert "[red]" in result.output


# change


@pytest.mark.parametrize("who", ["id", "unique_id", "username", "email", "phone"])
def test_somebody_is_meant_by_any_whole_name(boss: Terminal, who: str) -> None:
    result = boss.type("admin", "deactivate", getattr(bob(boss), who))
    assert result.exit_code == 0, result.output
    assert not bob(boss).active
    assert "bob is shut out" in result.stderr


@pytest.mark.parametrize("who", ["+49 171 3920012", "BOB", " bob@Example.org "])
def test_case_and_spaces_are_not_looked_at(boss: Terminal, who: str) -> None:
    assert boss.type("admin", "promote", who).exit_code == 0
    assert bob(boss).role == "admin"


@pytest.mark.parametrize(
    ("command", "before", "change", "said"),
    [
        ("activate", {"active": False}, {"active": True}, "bob can sign in again."),
        ("deactivate", {}, {"active": False}, "bob is shut out; their sessions and keys are over."),
        ("promote", {}, {"role": "admin"}, "bob is an admin now."),
        ("demote", {"role": "admin"}, {"role": "user"}, "bob is no admin any more."),
    ],
)
def test_each_command_changes_one_thing(
    boss: Terminal, command: str, before: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    boss.state.accounts.change("bob", **before)
    result = boss.type("admin", command, "bob", "--json")
    [request] = boss.state.sent_to("PATCH", f"/v1/users/{bob(boss).id}")
    assert request.body == change
    assert result.stderr == f"{said}\n"
    assert json.loads(result.stdout) == bob(boss).view()


def test_a_part_of_a_name_means_nobody(boss: Terminal) -> None:
    result = boss.type("admin", "deactivate", "bo")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["parley: There is no account bo. Near it:", f"  {bob(boss).id}  bob"]
    assert bob(boss).active


@pytest.mark.parametrize("who", ["ghost", "usr_ghost"])
def test_who_does_not_exist_cannot_be_changed(boss: Terminal, who: str) -> None:
    result = boss.type("admin", "promote", who)
    assert result.exit_code == 1
    assert result.stderr == f"parley: There is no account {who}.\n"


def test_a_user_name_may_look_like_an_id(boss: Terminal) -> None:
    boss.state.accounts.change("bob", username="usr_bob")
    assert boss.type("admin", "promote", "usr_bob").exit_code == 0


def test_two_of_one_name_are_told_apart_by_id(boss: Terminal) -> None:
    boss.state.accounts.add(username="twin")
    boss.state.accounts.add(username="twin")
    result = boss.type("admin", "promote", "twin")
    assert result.exit_code == 1
    assert "More than one account is called twin" in result.stderr
    assert result.stderr.count("usr_") == 2


def test_the_last_admin_stays_one(boss: Terminal) -> None:
    result = boss.type("admin", "demote", "anna")
    assert result.exit_code == 1
    assert "This is the last admin; make somebody else one first. (last-admin" in result.stderr


# erase


def test_somebody_is_erased_when_their_name_is_typed(boss: Terminal) -> None:
    gone = bob(boss)
    result = boss.type("admin", "erase", gone.unique_id, stdin="bob\n")
    assert result.exit_code == 0, result.output
    assert f"This erases bob ({gone.unique_id})" in result.stderr
    assert gone.id not in boss.state.accounts.people


def test_another_name_erases_nobody(boss: Terminal) -> None:
    result = boss.type("admin", "erase", "bob", stdin="anna\n")
    assert result.exit_code == 1
    assert "That is not bob: nothing was erased." in result.stderr
    assert bob(boss).active


def test_with_yes_the_name_is_not_asked_for(boss: Terminal) -> None:
    gone = bob(boss)
    assert boss.type_for_json("admin", "erase", "--yes", "bob", "--json") == gone.view()
    assert gone.id not in boss.state.accounts.people


# audit


def test_the_audit_shows_who_did_what_to_whom(boss: Terminal) -> None:
    boss.type("admin", "deactivate", "bob")
    boss.type("admin", "promote", "bob")
    header, newest, _ = boss.type("admin", "audit", TZ="UTC").stdout.splitlines()
    assert header.split() == ["WHEN", "WHO", "ACTION", "TO", "WHOM", "FACTS"]
    anna = boss.state.accounts.find("anna")
    assert newest.split()[0] == "2026-11-21"
    assert newest.split()[2:] == [anna.id, "account", "changed", bob(boss).id, "role=admin"]


def test_the_audit_as_json_keeps_the_cursor(boss: Terminal) -> None:
    for command in ("deactivate", "activate", "promote"):
        boss.type("admin", command, "bob")
    found = boss.type_for_json("admin", "audit", "--limit", "2", "--json")
    assert found == {"items": boss.state.accounts.audit[:0:-1], "next_cursor": "2"}
    assert "There are more: parley admin audit --limit 10" in boss.type("admin", "audit", "--limit", "2").stderr


def test_an_empty_audit_is_said(boss: Terminal) -> None:
    result = boss.type("admin", "audit")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No admin has done anything yet." in result.stderr


@pytest.mark.parametrize(
    "arguments", [["users"], ["promote", "anna"], ["erase", "--yes", "anna"], ["audit"], ["deactivate", "usr_1"]]
)
def test_who_is_no_admin_is_told(terminal: Terminal, arguments: list[str]) -> None:
    result = terminal.type("admin", *arguments)
    assert result.exit_code == 1
    assert result.stderr == "parley: Only admins may do this. (admins-only, request req_7)\n"


def test_an_admins_key_in_the_environment_is_enough(stranger: Terminal) -> None:
    stranger.state.accounts.change("anna", role="admin")
    stranger.state.keys["key_ops"] = "plk_ops"
    assert stranger.type("admin", "users", PARLEY_API_KEY="plk_ops").exit_code == 0
    made = stranger.type("admin", "create", "--with-my-rights", *ROOT, stdin=f"{PASSWORD}\n", PARLEY_API_KEY="plk_ops")
    assert made.exit_code == 0, made.output
    assert not stranger.credentials_file.exists()
