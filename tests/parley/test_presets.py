"""Options with a name."""

import pytest

from tests.parley.terminal import Terminal


def test_presets_are_listed_with_whose_they_are(terminal: Terminal) -> None:
    terminal.type("presets", "summarise", "Визиты", "--question", "Что нужно клиенту?")

    result = terminal.type("presets")

    assert [line.split()[:3] for line in result.stdout.splitlines()] == [
        ["NAME", "KIND", "WHOSE"],
        ["captions", "transcribe", "Parley's"],
        ["Визиты", "summarise", "yours"],
    ]
    assert "Что нужно клиенту?" in result.stdout
    assert [one["name"] for one in terminal.type_for_json("presets", "--json")["items"]] == ["captions", "Визиты"]
    assert terminal.type("presets", "--kind", "summarise").stdout.count("\n") == 2


def test_a_way_to_transcribe_gets_a_name(terminal: Terminal) -> None:
    result = terminal.type(
        *("presets", "transcribe", "calls", "--speakers", "channels", "--fast", "--language", "ru"),
        *("--description", "Звонки"),
    )

    assert (result.exit_code, result.stdout) == (0, "calls  transcribe\n")
    assert terminal.state.sent_to("POST", "/v1/presets")[0].body == {
        "name": "calls",
        "kind": "transcribe",
        "options": {"language": "ru", "fast": True, "speakers": "channels"},
        "description": "Звонки",
    }


def test_a_preset_is_removed_by_its_name_and_where_needed_its_kind(terminal: Terminal) -> None:
    for kind in ("transcribe", "summarise"):
        terminal.type("presets", kind, "a b/?")

    ambiguous = terminal.type("presets", "rm", "a b/?")
    removed = [terminal.type("presets", "rm", "--kind", "summarise", "a b/?"), terminal.type("presets", "rm", "a b/?")]

    assert ambiguous.stderr == "parley: Say of which kind. (ambiguous-preset, request req_7)\n"
    assert [one.exit_code for one in removed] == [0, 0]
    assert removed[0].stderr == "Removed the preset a b/?.\n"


@pytest.mark.parametrize(("name", "code"), [("captions", "preset-built-in"), ("nothing", "not-found")])
def test_what_is_not_ones_own_is_not_removed(terminal: Terminal, name: str, code: str) -> None:
    result = terminal.type("presets", "rm", name)

    assert result.exit_code == 1
    assert code in result.stderr
