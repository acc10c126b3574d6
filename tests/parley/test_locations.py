import json

import pytest

from tests.parley.terminal import Terminal


@pytest.fixture
def boss(terminal: Terminal) -> Terminal:
    """A terminal on which anna is signed in as an admin, with three locations."""
    terminal.state.accounts.change("anna", role="admin")
    for name in ("Арбат 12", "Bakery", "Café"):
        terminal.state.locations.add(name, address=f"{name} street")
    return terminal


def test_all_locations_are_listed_by_name(boss: Terminal) -> None:
    header, *rows = boss.type("locations").stdout.splitlines()
    assert header.split() == ["ID", "NAME", "ADDRESS", "NOTE"]
    assert [row.split("  ")[1].strip() for row in rows] == boss.state.locations.names()
    assert boss.type_for_json("locations", "--json") == {"items": boss.state.locations.views}


def test_an_empty_list_of_locations_says_what_to_do(terminal: Terminal) -> None:
    result = terminal.type("locations")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "parley locations add NAME" in result.stderr


def test_an_added_location_prints_its_id(boss: Terminal) -> None:
    result = boss.type("locations", "add", "東京", "--note", "Back door")
    assert result.stdout == f"{boss.state.locations.views[-1]['id']}\n"
    assert result.stderr == "Added 東京.\n"
    [request] = boss.state.sent_to("POST", "/v1/locations")
    assert request.body == {"name": "東京", "note": "Back door"}
    assert request.headers["Idempotency-Key"]


@pytest.mark.parametrize("which", ["арбат 12", f"loc_{1:026}"])
def test_a_renamed_location_keeps_the_rest(boss: Terminal, which: str) -> None:
    result = boss.type("locations", "rename", which, "Арбат 14", "--json")
    assert result.exit_code == 0, result.output
    renamed = boss.state.locations.views[0]
    assert (renamed["name"], renamed["address"]) == ("Арбат 14", "Арбат 12 street")
    assert json.loads(result.stdout) == renamed
    assert result.stderr == "Арбат 12 is called Арбат 14 now.\n"


def test_a_location_is_removed_when_it_is_meant(boss: Terminal) -> None:
    refused = boss.type("locations", "rm", "Bakery", stdin="n\n")
    assert (refused.exit_code, len(boss.state.locations.views)) == (1, 3)
    assert boss.type("locations", "rm", "Bakery", stdin="y\n").exit_code == 0
    assert boss.type("locations", "rm", "--yes", "café").exit_code == 0
    assert boss.state.locations.names() == ["Арбат 12"]


def test_a_location_in_use_stays(boss: Terminal) -> None:
    boss.state.locations.in_use.add(boss.state.locations.views[0]["id"])
    result = boss.type("locations", "rm", "--yes", "Арбат 12")
    assert result.exit_code == 1
    assert "Recordings stand at this location. (location-in-use" in result.stderr


def test_a_location_that_there_is_not_is_told(boss: Terminal) -> None:
    for arguments in (["rm", "--yes", "ghost"], ["rename", "ghost", "x"]):
        result = boss.type("locations", *arguments)
        assert (result.exit_code, result.stderr) == (1, "parley: There is no location ghost. See: parley locations\n")


def test_only_admins_add_locations(terminal: Terminal) -> None:
    result = terminal.type("locations", "add", "Mine")
    assert (result.exit_code, result.stderr) == (1, "parley: Only admins may do this. (admins-only, request req_7)\n")
