"""Lists for people, and for `grep`."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from parley.show import plain

WIDE: Final = 400
"""Columns in a pipe: nothing is cut off there."""


@dataclass(frozen=True, slots=True)
class Column:
    """How the cells under a header stand."""

    header: str
    is_folded: bool = False
    is_right: bool = False
    width: int | None = None


def whole(header: str, *, right: bool = False, width: int | None = None) -> Column:
    """Describe a column whose cells stay in one line, and keep `width` however narrow the terminal is."""
    return Column(header, is_right=right, width=width)


def folded(header: str, *, width: int | None = None) -> Column:
    """Describe a column whose cells may go on in the next line."""
    return Column(header, is_folded=True, width=width)


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows on standard output: under a rule on a terminal, bare in a pipe."""
    is_seen = sys.stdout.isatty()
    table = Table(
        box=SIMPLE_HEAD if is_seen else None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1 if is_seen else 2, 0, 0),
        header_style="bold",
    )
    for column in columns:
        table.add_column(
            column.header,
            no_wrap=not column.is_folded,
            overflow="fold" if column.is_folded else "ellipsis",
            justify="right" if column.is_right else "left",
            min_width=column.width,
        )
    for cells in rows:
        table.add_row(*(Text(plain(cell).replace("\n", " ")) for cell in cells))  # Text: no [markup] in titles
    Console(width=None if is_seen else WIDE, highlight=False).print(table)
