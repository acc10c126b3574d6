"""The one way in which a command answers with part of a list."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from parley.session import Session
from parley.tables import Column, print_table


class Shown(Protocol):
    """Something of the server's."""

    @property
    def raw(self) -> dict[str, Any]:
        """As the server said it."""
        ...


Item = TypeVar("Item", bound=Shown)


def answer_list(  # noqa: PLR0913 - what there is to a list
    session: Session,
    items: Sequence[Item],
    cursor: str | None,
    *,
    columns: Sequence[Column],
    cells: Callable[[Item], Sequence[str]],
    empty: str,
    more: str,
) -> None:
    """Print a table, or for programs JSON; `empty` says that there is nothing, `more` how to see more."""
    if session.as_json:
        session.answer({"items": [item.raw for item in items], "next_cursor": cursor}, "")
        return
    if items:
        print_table(columns, map(cells, items))
    else:
        session.say(empty)
    if cursor is not None:
        session.say(f"There are more: {more}")
