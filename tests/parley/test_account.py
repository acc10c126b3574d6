import json
import stat

import pytest

from tests.parley.fake_accounts import PASSWORD, code
from tests.parley.terminal import Terminal


def test_login_keeps_an_api_key_that_only_the_user_can_read(stranger: Terminal) -> None:
    result = stranger.type("login", stdin=f"anna\n{PASSWORD}\n")

    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(stranger.credentials_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(stranger.credentials_file.parent.stat().st_mode) == 0o700
    [(key_id, secret)] = stranger.state.keys.items()
    kept = json.loads(stranger.credentials_file.read_bytes())["servers"][stranger.state.url]
    assert kept == {"id": key_id, "secret": secret, "user": "anna"}
    assert [path.name for path in stranger.credentials_file.parent.iterdir()] == ["credentials.json"]


def test_login_names_the_key_after_this_machine(terminal: Terminal) -> None:
    [request] = terminal.state.sent_to("POST", "/v1/api-keys")
    assert request.body["name"].startswith("parley on ")


def test_login_says_who_is_signed_in_where_on_standard_error(stranger: Terminal) -> None:
    result = stranger.type("login", "--user", "anna", stdin=f"{PASSWORD}\n")
    assert result.stdout == ""
    assert f"Signed in to {stranger.state.url} as anna." in result.stderr


def test_login_as_json_tells_the_key_by_its_id_alone(stranger: Terminal) -> None:
    result = stranger.type("--json", "login", stdin=f"anna\n{PASSWORD}\n")
    [key_id] = stranger.state.keys
    assert json.loads(result.stdout) == {"server": stranger.state.url, "user": "anna", "key_id": key_id}


def test_a_wrong_password_is_a_failure_with_the_servers_reason(stranger: Terminal) -> None:
    result = stranger.type("login", stdin="anna\nguess\n")
    assert result.exit_code == 1
    assert "parley: The name or the password is wrong. (invalid-credentials, request req_7)" in result.stderr
    assert not stranger.credentials_file.exists()


def test_login_asks_for_the_code_that_the_server_sent(stranger: Terminal) -> None:
    stranger.state.accounts.change("anna", phone="+491713920012")
    assert stranger.type("login", stdin=f"anna\n{PASSWORD}\n{code(1)}\n").exit_code == 0
    assert len(stranger.state.keys) == 1


def test_signing_in_again_ends_the_former_key(terminal: Terminal) -> None:
    former = set(terminal.state.keys)
    terminal.sign_in()
    assert len(terminal.state.keys) == 1
    assert former.isdisjoint(terminal.state.keys)


def test_a_key_can_be_brought_by_hand(stranger: Terminal) -> None:
    stranger.state.keys["key_mine"] = "plk_mine"
    result = stranger.type("login", "--api-key", stdin="plk_mine\n")
    assert result.exit_code == 0
    assert "as anna" in result.stderr
    assert stranger.type("ls").exit_code == 0


@pytest.mark.parametrize("key", ["plk_wrong", "ключ", "two words"])
def test_a_key_that_does_not_work_is_not_kept(stranger: Terminal, key: str) -> None:
    result = stranger.type("login", "--api-key", stdin=f"{key}\n")
    assert result.exit_code == 1
    assert key not in result.output
    assert not stranger.credentials_file.exists()


def test_logout_ends_the_key_there_and_here(terminal: Terminal) -> None:
    assert terminal.type("logout").exit_code == 0
    assert terminal.state.keys == {}
    assert terminal.type("ls").exit_code == 3


def test_logout_forgets_a_key_that_the_server_had_ended_already(terminal: Terminal) -> None:
    terminal.state.keys.clear()
    assert terminal.type("logout").exit_code == 0
    assert json.loads(terminal.credentials_file.read_bytes()) == {"servers": {}}


def test_logout_leaves_a_key_alone_that_was_brought_by_hand(stranger: Terminal) -> None:
    stranger.state.keys["key_mine"] = "plk_mine"
    stranger.type("login", "--api-key", stdin="plk_mine\n")
    result = stranger.type("logout")
    assert result.exit_code == 0
    assert "still valid" in result.stderr
    assert "key_mine" in stranger.state.keys


def test_register_makes_an_account_and_signs_in(stranger: Terminal) -> None:
    result = stranger.type("register", stdin="bob\nbob@example.org\nlong enough\n")
    assert result.exit_code == 0, result.output
    assert stranger.state.accounts.find("bob").password == "long enough"
    assert "long enough" not in result.output
    assert stranger.type("ls").exit_code == 0


def test_a_wrong_field_is_named(stranger: Terminal) -> None:
    result = stranger.type("register", "--username", "bob", "--email", "nowhere", stdin="pw\n")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "parley: The request is wrong. /email: is no address; (invalid, request req_7)"
    )


@pytest.mark.parametrize(
    "command",
    [
        ["ls"],
        ["upload", "x"],
        ["watch", "rec_1"],
        ["transcript", "rec_1"],
        ["summary", "rec_1"],
        ["logout"],
        ["keys"],
        ["keys", "create", "ci"],
        ["keys", "revoke", "ci"],
        ["password"],
        ["erase-me"],
        ["admin", "users"],
        ["admin", "create", "--with-my-rights"],
        ["admin", "erase", "anna"],
    ],
)
def test_who_is_not_signed_in_learns_what_to_type(stranger: Terminal, command: list[str]) -> None:
    result = stranger.type(*command)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert f"Not signed in to {stranger.state.url}" in result.stderr
    assert command == ["logout"] or f"parley --server {stranger.state.url} login" in result.stderr


def test_a_key_that_the_server_does_not_accept_any_more_is_not_signed_in(terminal: Terminal) -> None:
    terminal.state.keys.clear()
    result = terminal.type("ls")
    assert result.exit_code == 3
    assert "Sign in with: parley --server" in result.stderr


def test_the_environments_key_wins_over_the_stored_one(terminal: Terminal) -> None:
    result = terminal.type("ls", PARLEY_API_KEY="plk_wrong")
    assert result.exit_code == 3
    assert "PARLEY_API_KEY is set" in result.stderr
    assert "plk_wrong" not in result.output


def test_the_environments_key_is_enough(stranger: Terminal) -> None:
    stranger.state.keys["key_ci"] = "plk_ci"
    assert stranger.type("ls", PARLEY_API_KEY=" plk_ci\n").exit_code == 0


def test_an_environments_key_that_no_header_can_carry_is_not_printed(stranger: Terminal) -> None:
    result = stranger.type("ls", PARLEY_API_KEY="plk\nleak")
    assert result.exit_code == 1
    assert "leak" not in result.output


def test_keys_are_kept_for_each_server(terminal: Terminal) -> None:
    result = terminal.type("ls", "--server", "http://127.0.0.1:9")
    assert result.exit_code == 3
    assert f"signed in to {terminal.state.url}" in result.stderr


def test_the_option_nearest_to_the_command_says_which_server(terminal: Terminal) -> None:
    url = terminal.state.url
    assert terminal.type("--server", "http://127.0.0.1:9", "ls", "--server", f"{url}/").exit_code == 0
    assert terminal.type("--server", url, "ls", PARLEY_SERVER="http://127.0.0.1:9").exit_code == 0


@pytest.mark.parametrize("address", ["parley.example.org", "ftp://x", "http://", "http://x:port", "https://me:pw@x"])
def test_what_is_no_server_is_wrong_usage(stranger: Terminal, address: str) -> None:
    assert stranger.type("ls", "--server", address).exit_code == 2


def test_an_unreachable_server_is_one_readable_line(terminal: Terminal) -> None:
    result = terminal.type("ls", "--server", "http://127.0.0.1:9", PARLEY_API_KEY="plk")
    assert result.exit_code == 1
    assert result.stderr == ("parley: Cannot reach http://127.0.0.1:9: connection refused. Is --server right?\n")


def test_a_broken_credentials_file_is_named(terminal: Terminal) -> None:
    terminal.credentials_file.write_text("{")
    result = terminal.type("ls")
    assert result.exit_code == 1
    assert str(terminal.credentials_file) in result.stderr


def test_a_key_that_cannot_be_stored_is_ended_again(stranger: Terminal) -> None:
    stranger.home.write_text("a file where a folder should be")
    result = stranger.type("login", stdin=f"anna\n{PASSWORD}\n")
    assert result.exit_code == 1
    assert stranger.state.keys == {}


def test_an_input_that_ends_early_is_a_failure_not_an_interruption(stranger: Terminal) -> None:
    assert stranger.type("login", stdin="").exit_code == 1
    assert stranger.type("login", stdin="anna\n").exit_code == 1
