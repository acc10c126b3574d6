"""A long list worked off in parts, several of them at a time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Thing = TypeVar("Thing")
Outcome = TypeVar("Outcome")

AT_ONCE: Final = 20
"""Things of a part: two writes each go through together, and two calls of SQS take their messages."""
THREADS: Final = 8
"""A client of AWS keeps ten connections."""


def side_by_side(things: Sequence[Thing], do: Callable[[Sequence[Thing]], Outcome]) -> list[Outcome]:
    """Do something with each part of a list; returns what came of them, in order.

    A part that breaks holds up no other; then the first of what broke is raised.
    """
    parts = [things[at : at + AT_ONCE] for at in range(0, len(things), AT_ONCE)]
    if len(parts) < 2:
        return list(map(do, parts))
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(do, parts))
