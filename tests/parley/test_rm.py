"""Recordings are deleted, and found."""

from datetime import datetime
from pathlib import Path

import pytest

from parley.errors import FAILED
from tests.parley.terminal import Terminal

FIRST, SECOND = (f"rec_{number:026}" for number in range(2))


@pytest.fixture
def owner(terminal: Terminal, audio: Path) -> Terminal:
    """A terminal of somebody with two recordings."""
    assert terminal.type("upload", "--again", str(audio), str(audio)).exit_code == 0
    return terminal


def test_what_is_deleted_is_asked_for_first(owner: Terminal) -> None:
    refused = owner.type("rm", FIRST, SECOND, stdin="n\n")

    assert (refused.exit_code, refused.stdout) == (FAILED, "")
    assert "Delete 2 recordings with all transcripts and summaries, for good?" in refused.stderr
    assert list(owner.state.recordings) == [FIRST, SECOND]
    assert owner.type("rm", FIRST, stdin="y\n").stdout == f"{FIRST}\n"
    assert list(owner.state.recordings) == [SECOND]


def test_many_are_deleted_each_once_without_a_question(owner: Terminal) -> None:
    result = owner.type("rm", "--yes", SECOND, FIRST, SECOND)

    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{SECOND}\n{FIRST}\n", "")
    (request,) = owner.state.sent_to("POST", "/v1/recordings/bulk-delete")
    assert request.body == {"ids": [SECOND, FIRST]}


def test_what_cannot_be_deleted_is_told_and_makes_the_exit_code(owner: Terminal) -> None:
    result = owner.type("rm", "--yes", FIRST, "rec_x")

    assert (result.exit_code, result.stdout) == (FAILED, f"{FIRST}\n")
    assert result.stderr == ("rec_x: There is no such recording. (not-found)\nparley: 1 of 2 were not deleted.\n")


def test_more_than_a_thousand_go_in_several_requests_and_one_answer(owner: Terminal) -> None:
    ids = [f"rec_{number:026}" for number in range(1001)]

    found = owner.type_for_json("rm", "--yes", "--json", *ids)

    assert (found["deleted"], len(found["failed"])) == ([FIRST, SECOND], 999)
    assert [len(one.body["ids"]) for one in owner.state.sent_to("POST", "/v1/recordings/bulk-delete")] == [1000, 1]


def test_nothing_named_is_wrong_usage(owner: Terminal) -> None:
    assert owner.type("rm", "--yes").exit_code == 2


def test_ls_asks_for_what_is_wanted_on_this_machines_clock(owner: Terminal) -> None:
    owner.state.requests.clear()

    result = owner.type(
        *("ls", "--status", "failed", "--location", "loc_1", "--query", "планёрка & co", "--all"),
        *("--from", "2026-11-20", "--to", "2026-11-21"),
    )

    (request,) = owner.state.sent_to("GET", "/v1/recordings")
    assert result.exit_code == 0
    assert {name: value for name, value in request.query.items() if name not in {"limit", "cursor"}} == {
        "status": "failed",
        "location_id": "loc_1",
        "q": "планёрка & co",
        "from": datetime(2026, 11, 20).astimezone().isoformat(),
        "to": datetime(2026, 11, 22).astimezone().isoformat(),
        "scope": "all",
    }


def test_ls_shows_admins_whose_recordings_they_are(owner: Terminal) -> None:
    owner.state.recordings[FIRST]["owner_id"] = "usr_boris"

    header, row, _ = owner.type("ls", "--all").stdout.splitlines()

    assert header.split()[-1] == "OWNER"
    assert row.split()[-1] == "usr_boris"


def test_ls_that_finds_nothing_says_so(terminal: Terminal) -> None:
    assert terminal.type("ls", "--query", "x").stderr == "No recording is like that.\n"


@pytest.mark.parametrize("wrong", [("--status", "ready"), ("--from", "yesterday"), ("--to", "2026-02-30")])
def test_a_filter_that_is_none_is_wrong_usage(owner: Terminal, wrong: tuple[str, str]) -> None:
    assert owner.type("ls", *wrong).exit_code == 2


@pytest.mark.parametrize("nothing", ["", ".", ".."])
def test_what_a_path_would_fold_away_is_no_id(owner: Terminal, nothing: str) -> None:
    result = owner.type("transcript", nothing)

    assert (result.exit_code, result.stderr) == (FAILED, f"parley: {nothing!r} is no id.\n")
