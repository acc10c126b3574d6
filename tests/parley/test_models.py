from typing import Any

import pytest

from tests.parley.terminal import Terminal


def a_model(name: str, **changes: Any) -> dict[str, Any]:
    facts = {
        "name": name,
        "parameters": "244 M",
        "memory_mb": 285,
        "gpu_memory_mb": 1600,
        "speed": 4.0,
        "languages": 99,
        "translates": True,
        "advice": "The best choice without a GPU.",
        "on_disk": False,
        "default": False,
        "something_new": [2],
    }
    return facts | changes


def a_check(name: str, *, ok: bool = True, detail: str = "Fine.") -> dict[str, Any]:
    return {"name": name, "ok": ok, "detail": detail}


def a_system(*checks: dict[str, Any]) -> dict[str, Any]:
    ok = all(check["ok"] for check in checks)
    return {"ok": ok, "checked_at": "2026-11-21T12:00:00Z", "checks": list(checks)}


def info(*models: dict[str, Any], running: str | None = "small") -> dict[str, Any]:
    return {"model": {"name": running}, "models": list(models)}


@pytest.fixture
def boss(terminal: Terminal) -> Terminal:
    """A terminal on which anna is signed in as an admin."""
    terminal.state.accounts.change("anna", role="admin")
    return terminal


def test_models_are_shown_to_anybody_with_the_default_marked(stranger: Terminal) -> None:
    stranger.state.info = info(
        a_model("tiny", memory_mb=80, speed=10.0),
        a_model("small", default=True, on_disk=True),
        a_model("x", on_disk=None),
    )

    result = stranger.type("models")

    header, tiny, small, unknown = [line.split() for line in result.stdout.splitlines()]
    assert header[:3] == ["NAME", "PARAMETERS", "MEMORY"]
    assert tiny[:10] == ["tiny", "244", "M", "80.0", "MB", "1.6", "GB", "10x", "99", "no"]
    assert small[:2] == ["small", "*"]
    assert small[10:] == ["yes", *["The", "best", "choice", "without", "a", "GPU."]]
    assert unknown[9] == "unknown"
    assert "* transcribes where no other is asked for." in result.stderr


def test_a_model_of_ones_own_that_transcribes_is_named(stranger: Terminal) -> None:
    stranger.state.info = info(a_model("tiny"), running="our-own")

    assert "our-own transcribes" in stranger.type("models").stderr


def test_models_as_json_are_the_servers(stranger: Terminal) -> None:
    stranger.state.info = info(a_model("tiny"), a_model("small"))

    assert stranger.type_for_json("models", "--json") == {"items": [a_model("tiny"), a_model("small")]}


def test_an_older_server_without_a_table_is_said(stranger: Terminal) -> None:
    stranger.state.info = {"model": {"name": "small"}}

    result = stranger.type("models")

    assert result.exit_code == 1
    assert "is not what Parley answers" in result.stderr


def test_a_check_of_a_house_that_is_well_ends_well(boss: Terminal) -> None:
    boss.state.system_check = a_system(a_check("worker"), a_check("dead jobs", detail="None."))

    result = boss.type("check")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == ["ok       worker: Fine.", "ok       dead jobs: None."]


def test_a_problem_is_marked_and_ends_with_1(boss: Terminal) -> None:
    boss.state.system_check = a_system(a_check("worker"), a_check("dead jobs", ok=False, detail="2: look at\nthem."))

    result = boss.type("check")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[1] == "PROBLEM  dead jobs: 2: look at them."
    assert "1 of 2 checks found a problem." in result.stderr


def test_a_check_as_json_is_the_servers_and_ends_as_badly(boss: Terminal) -> None:
    boss.state.system_check = a_system(a_check("worker", ok=False)) | {"something_new": [2]}

    assert boss.type_for_json("check", "--json") == boss.state.system_check
    assert boss.type("check", "--json").exit_code == 1


def test_dead_letters_are_tried_again(boss: Terminal) -> None:
    boss.state.dead = {"uploads": 2, "webhooks": 1}

    first, second = boss.type("check", "--redrive", "uploads"), boss.type("check", "--redrive", "uploads")

    assert first.stdout == "Dead uploads that are tried again: 2. See what came of it with: parley check\n"
    assert (second.exit_code, second.stdout) == (0, "There are no dead uploads.\n")
    assert boss.type_for_json("check", "--redrive", "webhooks", "--json") == {"queue": "webhooks", "messages": 1}


def test_only_some_dead_letters_can_be_tried_again(boss: Terminal) -> None:
    result = boss.type("check", "--redrive", "jobs")

    assert result.exit_code == 2
    assert "'jobs' is not one of" in result.stderr


def test_a_reason_cannot_steer_the_terminal(boss: Terminal) -> None:
    boss.state.system_check = a_system(a_check("last error", detail="\x1b]0;owned\x07[red]"))

    result = boss.type("check")

    assert "\x1b" not in result.output
    assert "[red]" in result.output


def test_only_admins_may_check(terminal: Terminal, stranger: Terminal) -> None:
    result = terminal.type("check")

    assert result.exit_code == 1
    assert "(admins-only" in result.stderr


def test_a_stranger_is_told_to_sign_in_before_a_check(stranger: Terminal) -> None:
    assert stranger.type("check").exit_code == 3
