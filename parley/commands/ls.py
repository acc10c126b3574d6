"""What is there."""

import sys
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from parley.answers import Recording
from parley.commands.options import common_options, examples
from parley.session import Session
from parley.show import clock, created, plain

WIDE: Final = 400
"""Columns in a pipe: nothing is cut off there."""


@click.command(
    "ls",
    epilog=examples(
        "parley ls",
        "parley ls --limit 500 | grep standup",
        "parley ls --json | jq -r '.items[].id'",
    ),
)
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many."
)
@common_options
@click.pass_obj
def list_recordings(session: Session, limit: int) -> None:
    """List your recordings, the newest first."""
    with session.api() as api:
        recordings, cursor = api.recordings(limit=limit)
    if session.as_json:
        session.answer({"items": [one.raw for one in recordings], "next_cursor": cursor}, "")
        return
    if not recordings:
        session.say("No recordings yet. Upload one with: parley upload FILE")
        return
    Console(width=None if sys.stdout.isatty() else WIDE, highlight=False).print(_table(recordings))
    if cursor is not None:
        session.say(f"There are more: parley ls --limit {limit * 5}")


def _table(recordings: list[Recording]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("ID", no_wrap=True, min_width=30)  # of use only as a whole
    table.add_column("TITLE", overflow="fold")
    table.add_column("STATUS", no_wrap=True)
    table.add_column("LENGTH", no_wrap=True, justify="right")
    table.add_column("LANG", no_wrap=True)
    table.add_column("CREATED", no_wrap=True)
    for one in recordings:
        length = "" if one.duration is None else clock(one.duration)
        cells = (one.id, one.title, one.state, length, one.language or "", created(one))
        table.add_row(*(Text(plain(cell).replace("\n", " ")) for cell in cells))  # Text: no [markup] in titles
    return table
