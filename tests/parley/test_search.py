from typing import Any

import pytest

from parley.commands.search import highlighted
from tests.parley.terminal import Terminal

MATCHES = [
    {
        "segment": 3,
        "start": 65.2,
        "end": 70.0,
        "speaker": "Анна",
        "text": "Send\nthe \x1b[31mbudget.",
        "highlights": [[14, 20]],
    },
    {"segment": 9, "start": 3700.0, "end": 3701.0, "speaker": None, "text": "Budget", "highlights": [[0, 6]]},
]
HIT = {
    "recording_id": f"rec_{0:026}",
    "title": "Planning",
    "recorded_at": "2026-11-21T09:00:00+00:00",
    "score": 1.5,
    "matches": MATCHES,
    "something_new": 1,
}


@pytest.fixture
def reader(terminal: Terminal) -> Terminal:
    terminal.state.found = {"items": [HIT], "next_cursor": "more", "total": 7}
    return terminal


def test_what_was_said_is_shown_with_its_recording_its_time_and_who_said_it(reader: Terminal) -> None:
    result = reader.type("search", "budgets", TZ="UTC")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith("Planning  2026-11-21 ")
    assert lines[0].endswith(HIT["recording_id"])
    assert lines[1:] == ["     1:05  Анна: Send the [31mbudget.", "  1:01:40  Budget"]
    assert "best 1 of 7" in result.stderr


def test_a_search_is_asked_for_as_it_was_typed(reader: Terminal) -> None:
    reader.type(
        *("search", '"annual budget"', "agreed", "--from", "2026-11-01T00:00+00:00", "--to", "2026-11-30T12:00+00:00"),
        *("--location", "loc_1", "--limit", "5", "--places", "1"),
        TZ="UTC",
    )

    (request,) = reader.state.sent_to("GET", "/v1/search")
    asked = dict(request.query)
    assert asked.pop("from").startswith("2026-11-01T")
    assert asked.pop("to").startswith("2026-11-30T")
    assert asked == {"q": '"annual budget" agreed', "location_id": "loc_1", "limit": "5", "per_recording": "1"}


def test_a_program_gets_all_that_the_server_said(reader: Terminal) -> None:
    assert reader.type_for_json("search", "budget", "--json") == reader.state.found


def test_nothing_found_is_no_failure(terminal: Terminal) -> None:
    result = terminal.type("search", "nothing")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Nobody said that.\n")


@pytest.mark.parametrize(
    "arguments", [(), ("x", "--limit", "0"), ("x", "--limit", "101"), ("x", "--from", "soon"), ("x", "--places", "11")]
)
def test_a_search_that_cannot_be_asked_for_is_wrong_usage(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    assert terminal.type("search", *arguments).exit_code == 2


def test_what_was_asked_for_stands_out_on_a_terminal() -> None:
    assert highlighted("the budget, the end", ((4, 10), (12, 15))) == (
        "the \x1b[33m\x1b[1mbudget\x1b[0m, \x1b[33m\x1b[1mthe\x1b[0m end"
    )


def answers(**changes: Any) -> dict[str, Any]:
    return {"items": [HIT | changes], "next_cursor": None, "total": 1}


@pytest.mark.parametrize("broken", [{"matches": None}, {"recorded_at": "soon"}, {"matches": [{"text": 1}]}])
def test_an_answer_that_makes_no_sense_is_said_to_be_so(terminal: Terminal, broken: dict[str, Any]) -> None:
    terminal.state.found = answers(**broken)

    result = terminal.type("search", "x")

    assert (result.exit_code, "Traceback" in result.output) == (1, False)
