"""Links by which others read a recording."""

from pathlib import Path

import pytest

from parley.errors import FAILED
from tests.parley.terminal import Terminal

FIRST, SECOND = (f"rec_{number:026}" for number in range(2))
LINK, NEWER = (f"shr_{number:026}" for number in (1, 2))
URL = "https://parley.example.org/shared/secret-"


@pytest.fixture
def owner(terminal: Terminal, audio: Path) -> Terminal:
    """A terminal of somebody with two recordings."""
    assert terminal.type("upload", "--again", str(audio), str(audio)).exit_code == 0
    return terminal


def test_the_address_of_a_new_link_is_all_that_is_printed(owner: Terminal) -> None:
    result = owner.type("share", FIRST, TZ="UTC")

    assert (result.exit_code, result.stdout) == (0, f"{URL}{LINK}\n")
    assert result.stderr == f"Whoever has the link {LINK} sees transcript, summary, audio until 2026-12-21 09:00:\n"
    (request,) = owner.state.sent_to("POST", f"/v1/recordings/{FIRST}/shares")
    assert request.body == {}


def test_a_link_shows_what_is_wanted_as_long_as_is_wanted(owner: Terminal) -> None:
    made = owner.type_for_json(
        *("share", FIRST, "--part", "summary", "--part", "audio", "--days", "7"),
        *("--label", "Анна, бухгалтерия", "--json"),
    )

    (request,) = owner.state.sent_to("POST", f"/v1/recordings/{FIRST}/shares")
    assert request.body == {"parts": ["summary", "audio"], "expires_in_days": 7, "label": "Анна, бухгалтерия"}
    assert made == owner.state.shares.views[LINK]


def test_a_link_is_made_once_though_the_server_was_busy(owner: Terminal) -> None:
    owner.state.unavailable = 1

    assert owner.type("share", FIRST).stdout == f"{URL}{LINK}\n"
    keys = {one.headers["Idempotency-Key"] for one in owner.state.sent_to("POST", f"/v1/recordings/{FIRST}/shares")}
    assert (len(keys), len(owner.state.shares.views)) == (1, 1)


def test_open_links_are_listed_and_none_is_made(owner: Terminal) -> None:
    owner.type("share", FIRST, "--part", "summary", "--label", "Анна")
    owner.type("share", FIRST)
    owner.type("share", SECOND)

    header, newer, older = owner.type("share", FIRST, "--list", TZ="UTC").stdout.splitlines()

    assert header.split() == ["LABEL", "PARTS", "UNTIL", "ID", "URL"]
    assert newer.split() == ["transcript,", "summary,", "audio", "2026-12-21", "09:00", NEWER, f"{URL}{NEWER}"]
    assert older.split() == ["Анна", "summary", "2026-12-21", "09:00", LINK, f"{URL}{LINK}"]
    listed = owner.type_for_json("share", FIRST, "--list", "--json")
    assert listed == {"items": [owner.state.shares.views[one] for one in (NEWER, LINK)], "next_cursor": None}


def test_a_recording_without_links_says_how_to_make_one(owner: Terminal) -> None:
    result = owner.type("share", FIRST, "--list")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"No link to it is open. Make one with: parley share {FIRST}\n"


def test_a_revoked_link_is_gone(owner: Terminal) -> None:
    owner.type("share", FIRST)

    result = owner.type("share", FIRST, "--revoke", LINK)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"Revoked the link {LINK}.\n")
    assert owner.state.shares.views == {}


@pytest.mark.parametrize("share_id", [LINK, "shr_x", "shr_/../.."])
def test_what_is_no_link_of_the_recording_is_not_revoked_and_makes_none(owner: Terminal, share_id: str) -> None:
    owner.type("share", FIRST)

    result = owner.type("share", SECOND, "--revoke", share_id)

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "(not-found, request req_7)" in result.stderr
    assert list(owner.state.shares.views) == [LINK]


@pytest.mark.parametrize("options", [(), ("--list",), ("--revoke", LINK)])
def test_a_recording_that_is_none_has_no_links(owner: Terminal, options: tuple[str, ...]) -> None:
    result = owner.type("share", "rec_x", *options)

    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "There is no such recording." in result.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ("--part", "video"),
        ("--days", "0"),
        ("--days", "366"),
        ("--revoke", ""),
        ("--revoke", ".."),
        ("--list", "--revoke", LINK),
        ("--list", "--label", ""),
        ("--revoke", LINK, "--days", "7"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(owner: Terminal, wrong: tuple[str, ...]) -> None:
    owner.state.requests.clear()

    assert owner.type("share", FIRST, *wrong).exit_code == 2
    assert owner.state.requests == []
