import json
import stat
from pathlib import Path

import pytest

from parley.calls.audio import Meter
from parley.calls.call import Outcome
from parley.calls.talk import Report
from parley.commands import talking
from parley.commands.talking import why_not
from parley.sealed import Device
from tests.parley.fake_calls import NOW, FakeCalls, contact
from tests.parley.terminal import Terminal

ANNA, BORIS = "12345678", "87654321"


@pytest.fixture
def known(terminal: Terminal) -> FakeCalls:
    return terminal.state.calls


def befriend(terminal: Terminal, name: str = "Борис") -> Device:
    """Let there be a contact with a device."""
    device = Device.create(BORIS)
    terminal.state.calls.contacts[BORIS] = contact(BORIS, "confirmed", label=name)
    terminal.state.calls.devices[BORIS] = {device.id: {"id": device.id, "bundle": device.bundle, "added_at": NOW}}
    return device


def keys_of(terminal: Terminal) -> list[Path]:
    return sorted((terminal.home / "parley" / "devices").glob("*/*.json"))


def test_somebody_is_asked_and_listed(terminal: Terminal, known: FakeCalls) -> None:
    result = terminal.type("contacts", "add", ANNA, "--name", "Анна", "--as", "Boris")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Asked Анна" in result.stderr

    lines = terminal.type("contacts").stdout.splitlines()
    assert lines[0].split() == ["NUMBER", "STATE", "NAME", "CALLS", "THEMSELVES", "SINCE"]
    assert lines[1].split()[:4] == [ANNA, "you", "asked", "Анна"]


def test_who_has_asked_is_a_contact_at_once(terminal: Terminal, known: FakeCalls) -> None:
    known.asks(ANNA, "Anna")
    assert "can call each other now" in terminal.type("contacts", "add", ANNA).stderr


def test_a_request_is_confirmed_or_declined(terminal: Terminal, known: FakeCalls) -> None:
    known.asks(ANNA, "Anna")
    known.asks(BORIS, "Boris")
    assert terminal.type("contacts", "confirm", ANNA, "--name", "Аня", "--secret").exit_code == 0
    assert terminal.type("contacts", "decline", BORIS).exit_code == 0
    assert known.contacts[ANNA]["state"] == "confirmed"
    assert (known.contacts[ANNA]["label"], known.contacts[ANNA]["secret"]) == ("Аня", True)
    assert BORIS not in known.contacts


def test_confirming_does_not_undo_a_secret(terminal: Terminal, known: FakeCalls) -> None:
    known.asks(ANNA, "Anna", secret=True)
    terminal.type("contacts", "confirm", ANNA)
    assert known.contacts[ANNA]["secret"]


def test_a_contact_is_renamed_hidden_and_shown(terminal: Terminal, known: FakeCalls) -> None:
    known.contacts[ANNA] = contact(ANNA, "confirmed", label="Anna")
    terminal.type("contacts", "change", ANNA, "--name", "", "--secret")
    assert (known.contacts[ANNA]["label"], known.contacts[ANNA]["secret"]) == (None, True)
    assert "No contacts yet" in terminal.type("contacts").stderr
    terminal.type("contacts", "change", ANNA, "--no-secret")
    assert [one["unique_id"] for one in terminal.type_for_json("contacts", "--json")["items"]] == [ANNA]
    assert terminal.type("contacts", "change", ANNA).exit_code == 2


def test_removing_and_blocking_are_asked_about(terminal: Terminal, known: FakeCalls) -> None:
    known.contacts[ANNA] = contact(ANNA, "confirmed")
    assert terminal.type("contacts", "rm", ANNA, stdin="n\n").exit_code == 1
    assert ANNA in known.contacts
    assert terminal.type("contacts", "block", ANNA, stdin="y\n").exit_code == 0
    assert [one["unique_id"] for one in terminal.type_for_json("contacts", "blocked", "--json")["items"]] == [ANNA]
    terminal.type("contacts", "unblock", ANNA)
    assert known.blocked == {}


@pytest.mark.parametrize("typed", ["anna", "123", "123456789", "+12345678", "１２３４５６７８"])
def test_what_is_no_number_is_refused_at_once(terminal: Terminal, typed: str) -> None:
    result = terminal.type("contacts", "add", typed)
    assert result.exit_code == 2
    assert "a person's number has eight digits" in result.stderr


def test_a_number_may_be_grouped(terminal: Terminal, known: FakeCalls) -> None:
    assert terminal.type("contacts", "add", f"{ANNA[:4]} {ANNA[4:]}").exit_code == 0


def test_the_log_names_contacts(terminal: Terminal, known: FakeCalls) -> None:
    befriend(terminal)
    known.log = [
        {
            "id": "call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
            "direction": "incoming",
            "other": BORIS,
            "status": "ended",
            "created_at": NOW,
            "duration_seconds": 61.4,
        }
    ]
    line = terminal.type("call-log").stdout.splitlines()[1]
    assert line.split()[3:] == ["incoming", BORIS, "Борис", "ended", "1:01"]
    assert terminal.type_for_json("call-log", "--status", "missed", "--json") == {"items": [], "next_cursor": None}


def test_the_safety_number_makes_this_device_and_is_the_same_again(terminal: Terminal, known: FakeCalls) -> None:
    befriend(terminal)
    first = terminal.type("safety-number", "борис")
    assert first.exit_code == 0, first.stderr
    assert len(first.stdout.split()) == 12
    assert terminal.type("safety-number", BORIS).stdout == first.stdout
    assert [path.name for path in keys_of(terminal)] == ["device.json", "pins.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys_of(terminal)} == {0o600}
    assert "this one" in terminal.type("devices").stdout


def test_a_verified_contact_is_one_no_more_with_a_new_device(terminal: Terminal, known: FakeCalls) -> None:
    befriend(terminal)
    assert terminal.type_for_json("safety-number", BORIS, "--verified", "--json")["verified"]
    assert terminal.type_for_json("safety-number", BORIS, "--json")["verified"]
    new = Device.create(BORIS)
    known.devices[BORIS][new.id] = {"id": new.id, "bundle": new.bundle, "added_at": NOW}
    result = terminal.type("safety-number", BORIS, "--json")
    assert "have changed" in result.stderr
    assert not json.loads(result.stdout)["verified"]


def test_other_keys_under_the_same_device_are_refused(terminal: Terminal, known: FakeCalls) -> None:
    device = befriend(terminal)
    terminal.type("safety-number", BORIS)
    known.devices[BORIS][device.id]["bundle"] = Device.create(BORIS, device.id).bundle
    result = terminal.type("safety-number", BORIS)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "another identity key" in result.stderr


def test_who_has_no_device_has_no_safety_number(terminal: Terminal, known: FakeCalls) -> None:
    known.contacts[BORIS] = contact(BORIS, "confirmed")
    result = terminal.type("safety-number", BORIS)
    assert result.exit_code == 1
    assert "no device yet" in result.stderr


def test_a_device_is_removed(terminal: Terminal, known: FakeCalls) -> None:
    befriend(terminal)
    terminal.type("safety-number", BORIS)
    [device_id] = [one["id"] for one in terminal.type_for_json("devices", "--json")["items"]]
    assert terminal.type("devices", "rm", "--yes", device_id).exit_code == 0
    assert "No devices yet" in terminal.type("devices").stderr
    assert terminal.type("devices", "rm", "--yes", device_id).exit_code == 1


@pytest.mark.parametrize(
    ("contacts", "whom", "said"),
    [
        ([], "Анна", "There is no contact Анна"),
        (["Анна", "анна"], "АННА", "More than one contact"),
        ([], BORIS, "There is no such contact"),
    ],
)
def test_nobody_is_called_by_mistake(
    terminal: Terminal, known: FakeCalls, contacts: list[str], whom: str, said: str
) -> None:
    for number, name in enumerate(contacts):
        known.contacts[f"1000000{number}"] = contact(f"1000000{number}", "confirmed", label=name)
    result = terminal.type("call", whom)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


def test_who_has_no_device_cannot_be_called(terminal: Terminal, known: FakeCalls) -> None:
    known.contacts[BORIS] = contact(BORIS, "confirmed", label="Борис")
    result = terminal.type("call", "Борис")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Борис has no device that can be called" in result.stderr


def test_nobody_answers_without_a_terminal_or_a_word(terminal: Terminal) -> None:
    result = terminal.type("answer")
    assert result.exit_code == 2
    assert "--auto" in result.stderr
    assert terminal.type("answer", "--auto", "--echo", "--play", "x.wav").exit_code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--play", "nowhere.wav"], "Cannot play nowhere.wav"),
        (["--save", "call.mp3"], ".wav or .ogg"),
        (["--save", "/no/such/folder/call.wav"], "no such folder"),
    ],
)
def test_files_are_looked_at_before_anybody_is_called(terminal: Terminal, options: list[str], said: str) -> None:
    asked = len(terminal.state.requests)
    for command in (["call", BORIS], ["answer", "--auto"]):
        result = terminal.type(*command, *options)
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in result.stderr
    assert len(terminal.state.requests) == asked


def test_without_the_package_for_sound_it_is_said_how_to_get_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "find_spec", lambda _name: None)
    result = terminal.type("call", BORIS)
    assert result.exit_code == 1
    assert "pip install aiortc" in result.stderr


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome("missed"), "Борис did not answer. (missed)"),
        (Outcome("declined"), "Борис declined. (declined)"),
        (Outcome("failed", "busy"), "Борис is in another call. (busy)"),
        (Outcome("accepted", "answered-elsewhere"), "It was answered on another device. (answered-elsewhere)"),
        (Outcome("failed", "who-knows"), "The call came to nothing. (who-knows)"),
    ],
    ids=str,
)
def test_it_is_said_why_nobody_talked(outcome: Outcome, said: str) -> None:
    report = Report(call_id="call_1", other=BORIS, name="Борис", outcome=outcome, talked=0, heard=Meter(), saved=None)
    assert why_not(report, "Борис") == said
