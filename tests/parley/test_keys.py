import json

import pytest

from tests.parley.terminal import Terminal


def make(terminal: Terminal, name: str, *options: str) -> str:
    """Make a key and return its id."""
    before = set(terminal.state.keys)
    assert terminal.type("keys", "create", name, *options, makes_key=True).exit_code == 0
    [key_id] = set(terminal.state.keys) - before
    return key_id


def test_the_secret_is_all_there_is_on_stdout(terminal: Terminal) -> None:
    result = terminal.type("keys", "create", "shop phone", makes_key=True)
    assert result.exit_code == 0
    key_id, secret = list(terminal.state.keys.items())[-1]
    assert result.stdout == f"{secret}\n"
    assert result.stderr == f"Made the key shop phone ({key_id}). Its secret is shown this once:\n"
    assert terminal.state.sent_to("POST", "/v1/api-keys")[-1].body == {"name": "shop phone"}


def test_a_made_key_opens_the_house(terminal: Terminal) -> None:
    secret = terminal.type("keys", "create", "ci", makes_key=True).stdout
    assert terminal.type("ls", PARLEY_API_KEY=secret).exit_code == 0


def test_scopes_and_an_end_are_asked_for(terminal: Terminal) -> None:
    make(terminal, "ci", "--scope", "recordings:read", "--scope", "jobs:read", "--expires-in-days", "90")
    assert terminal.state.sent_to("POST", "/v1/api-keys")[-1].body == {
        "name": "ci",
        "scopes": ["recordings:read", "jobs:read"],
        "expires_in_days": 90,
    }


def test_a_made_key_as_json_is_the_servers(terminal: Terminal) -> None:
    result = terminal.type("keys", "--json", "create", "ci", makes_key=True)
    key_id, secret = list(terminal.state.keys.items())[-1]
    made = json.loads(result.stdout)
    assert (made["id"], made["name"], made["secret"]) == (key_id, "ci", secret)


def test_a_scope_that_there_is_not_is_the_servers_to_refuse(terminal: Terminal) -> None:
    result = terminal.type("keys", "create", "ci", "--scope", "everything")
    assert result.exit_code == 1
    assert "/scopes/0: is no scope" in result.stderr


def test_a_key_that_never_lasts_is_wrong_usage(terminal: Terminal) -> None:
    assert terminal.type("keys", "create", "ci", "--expires-in-days", "0").exit_code == 2


def test_keys_are_listed_with_all_that_there_is_to_know(terminal: Terminal) -> None:
    key_id = make(terminal, "[red]ключ[/]", "--scope", "recordings:read", "--expires-in-days", "90")
    terminal.state.accounts.key_views[key_id]["last_used_at"] = "2026-11-22T10:00:00Z"
    result = terminal.type("keys", TZ="UTC")
    header, row, ours = result.stdout.splitlines()
    assert header.split() == ["NAME", "PREFIX", "SCOPES", "MADE", "LAST", "USED", "EXPIRES"]
    name, prefix, scopes, made, _, used, _, expires, _ = row.split()
    assert (name, prefix, scopes) == ("[red]ключ[/]", f"parley_{key_id}", "recordings:read")
    assert (made, used, expires) == ("2026-11-21", "2026-11-22", "2027-02-19")
    assert ours.startswith("parley on ")
    assert ours.split()[-2:] == ["never", "never"]
    assert " all " in ours


def test_all_pages_of_keys_are_listed(terminal: Terminal) -> None:
    for number in range(5):
        make(terminal, f"key {number}")
    assert len(terminal.type("keys").stdout.splitlines()) == 1 + 6
    assert len(terminal.type_for_json("keys", "--json")["items"]) == 6


def test_an_empty_list_of_keys_says_what_to_do(stranger: Terminal) -> None:
    stranger.state.keys["key_mine"] = "plk_mine"
    result = stranger.type("keys", PARLEY_API_KEY="plk_mine")
    assert result.stdout == ""
    assert "parley keys create NAME" in result.stderr


@pytest.mark.parametrize("by", ["id", "prefix", "name"])
def test_a_key_is_revoked_by_whatever_it_is_known_by(terminal: Terminal, by: str) -> None:
    key_id = make(terminal, "shop phone")
    which = terminal.state.accounts.key_views[key_id][by]
    result = terminal.type("keys", "revoke", which, stdin="y\n")
    assert result.exit_code == 0, result.output
    assert f"Revoke the key shop phone (parley_{key_id})?" in result.stderr
    assert key_id not in terminal.state.keys


def test_a_no_revokes_nothing(terminal: Terminal) -> None:
    key_id = make(terminal, "ci")
    result = terminal.type("keys", "revoke", "ci", stdin="n\n")
    assert result.exit_code == 1
    assert "Nothing was changed." in result.stderr
    assert key_id in terminal.state.keys


def test_yes_is_not_asked_for_twice(terminal: Terminal) -> None:
    key_id = make(terminal, "ci")
    assert terminal.type("keys", "revoke", "--yes", "ci").exit_code == 0
    assert key_id not in terminal.state.keys


def test_a_name_of_two_keys_lists_them(terminal: Terminal) -> None:
    first, second = make(terminal, "ci"), make(terminal, "ci")
    result = terminal.type("keys", "revoke", "--yes", "ci")
    assert result.exit_code == 1
    assert "More than one key is called ci" in result.stderr
    assert first in result.stderr
    assert second in result.stderr
    assert {first, second} <= set(terminal.state.keys)
    assert terminal.type("keys", "revoke", "--yes", first).exit_code == 0
    assert second in terminal.state.keys


def test_a_key_that_there_is_not_cannot_be_revoked(terminal: Terminal) -> None:
    result = terminal.type("keys", "revoke", "--yes", "ghost")
    assert result.exit_code == 1
    assert result.stderr == "parley: There is no key ghost. See: parley keys\n"


def test_revoking_this_machines_key_signs_it_out(terminal: Terminal) -> None:
    [key_id] = terminal.state.keys
    result = terminal.type("keys", "revoke", key_id, stdin="y\n")
    assert ", which this machine is signed in with?" in result.stderr
    assert json.loads(terminal.credentials_file.read_bytes()) == {"servers": {}}
