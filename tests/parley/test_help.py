from collections.abc import Iterator

import click
import pytest

from parley.__main__ import parley
from tests.parley.terminal import Terminal


def all_commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, *before, name)


@pytest.mark.parametrize("command", list(all_commands(parley)), ids=" ".join)
def test_help_shows_an_example_of_each_command(stranger: Terminal, command: tuple[str, ...]) -> None:
    result = stranger.type(*command, "--help")
    assert result.exit_code == 0
    assert f"parley {' '.join(command)}" in result.stdout.split("Example")[-1].replace(
        " --server https://parley.example.org", ""
    )


@pytest.mark.parametrize("group", [(), ("admin",), ("keys",)], ids=str)
def test_no_command_is_cut_short_in_a_list(stranger: Terminal, group: tuple[str, ...]) -> None:
    assert "..." not in stranger.type(*group, "--help").stdout.split("Commands:")[1]


def test_the_admins_commands_stand_in_the_order_of_need(stranger: Terminal) -> None:
    listed = stranger.type("admin", "--help").stdout.split("Commands:")[1].split("Examples:")[0]
    names = [line.split()[0] for line in listed.splitlines() if line.strip()]
    assert names == ["create", "users", "activate", "deactivate", "promote", "demote", "erase", "audit"]
