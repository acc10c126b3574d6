from typing import Any

import pytest

from tests.parley.terminal import Terminal


def counts(recordings: int, hours: float, words: int, **of: str | None) -> dict[str, Any]:
    return {"recordings": recordings, "hours": hours, "words": words, **of}


def stats(**changes: Any) -> dict[str, Any]:
    more = {"seconds": 4500.0, "bytes": 312_400_000, "transcribed": 2, "realtime_factor": 61.6}
    return {
        "from": "2026-11-20",
        "to": "2026-11-21",
        "totals": counts(3, 1.5, 9000) | more,
        "by_status": {"awaiting_upload": 1, "uploaded": 2, "refused": 0},
        "by_location": [counts(2, 1.5, 9000, location_id=None), counts(1, 0.0, 0, location_id=f"loc_{1:026}")],
        "by_seller": None,
        "sellers": None,
        "by_day": [counts(0, 0.0, 0, day="2026-11-20"), counts(3, 1.5, 9000, day="2026-11-21")],
        "something_new": [4],
    } | changes


@pytest.fixture
def busy(terminal: Terminal) -> Terminal:
    terminal.state.stats = stats()
    terminal.state.locations.add("Арбат\x1b[2J")
    return terminal


def test_statistics_are_shown_by_location_and_by_day(busy: Terminal) -> None:
    result = busy.type("stats")
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["2026-11-20", "to", "2026-11-21"],
        ["Recordings", "3,", "2", "of", "them", "transcribed"],
        ["Hours", "1.5"],
        ["Words", "9000"],
        ["Uploaded", "312.4", "MB"],
        ["Speed", "62x", "real", "time"],
        [],
        ["LOCATION", "RECORDINGS", "HOURS", "WORDS"],
        ["(no", "location)", "2", "1.5", "9000"],
        ["Арбат[2J", "1", "0.0", "0"],
        [],
        ["DAY", "RECORDINGS", "HOURS", "WORDS"],
        ["2026-11-21", "3", "1.5", "9000"],
    ]


def test_the_days_and_the_place_are_the_servers_to_look_at(busy: Terminal) -> None:
    assert busy.type("stats", "--from", "2026-11-01", "--to", "2026-11-21", "--location", "loc_1").exit_code == 0
    assert busy.type("stats", "--all").exit_code == 0
    queries = [request.query for request in busy.state.sent_to("GET", "/v1/recordings/stats")]
    assert queries == [{"from": "2026-11-01", "to": "2026-11-21", "location_id": "loc_1"}, {"scope": "all"}]


def test_everybodys_statistics_say_who_recorded_most(busy: Terminal) -> None:
    busy.state.stats = stats(by_seller=[counts(3, 1.5, 9000, owner_id="usr_1")], sellers=101)
    result = busy.type("stats", "--all")
    assert ["usr_1", "3", "1.5", "9000"] in [line.split() for line in result.stdout.splitlines()]
    assert "These are the 1 who recorded most, of 101." in result.stderr


def test_days_without_recordings_are_a_short_answer(busy: Terminal) -> None:
    nothing = counts(0, 0.0, 0) | {"seconds": 0.0, "bytes": 0, "transcribed": 0, "realtime_factor": None}
    busy.state.stats = stats(totals=nothing, by_location=[], by_day=[counts(0, 0.0, 0, day="2026-11-21")])
    result = busy.type("stats")
    assert "Recordings  0, 0 of them transcribed" in result.stdout
    assert "DAY" not in result.stdout
    assert "Speed" not in result.stdout


def test_statistics_as_json_are_the_servers(busy: Terminal) -> None:
    assert busy.type_for_json("stats", "--json") == busy.state.stats
    assert busy.state.sent_to("GET", "/v1/locations") == []


def test_a_day_that_is_none_is_wrong_usage(busy: Terminal) -> None:
    assert busy.type("stats", "--from", "2026-02-30").exit_code == 2
