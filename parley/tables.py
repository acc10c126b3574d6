"""Lists for people, and for `grep`."""

import sys
from collections.abc import Iterable, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from parley.show import plain

WIDE: Final = 400
"""Columns in a pipe: nothing is cut off there."""


def whole(header: str, *, right: bool = False, width: int | None = None) -> Column:
    """Describe a column whose cells stay in one line, and keep `width` however narrow the terminal is."""
    return Column(header, no_wrap=True, min_width=width, justify="right" if right else "left")


def folded(header: str) -> Column:
    """Describe a column whose cells may go on in the next line."""
    return Column(header, overflow="fold")


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows on standard output: under a rule on a terminal, bare in a pipe."""
    is_seen = sys.stdout.isatty()
    table = Table(
        *columns,
        box=SIMPLE_HEAD if is_seen else None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for cells in rows:
        table.add_row(*(Text(plain(cell).replace("\n", " ")) for cell in cells))  # Text: no [markup] in titles
    Console(width=None if is_seen else WIDE, highlight=False).print(table)
