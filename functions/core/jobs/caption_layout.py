"""How a text is laid out as captions: few, full, balanced, cut where a reader pauses; pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import Final

from functions.core.jobs.text_units import NEVER_GLADLY, Unit, units

ONE_MORE: Final = 100.0
"""What a further line or caption costs: more than any cut within one."""

Prices = Callable[[int], Iterator[tuple[int, float]]]
"""For a part that starts at a unit: where it may end, and what it costs so; its own unit always first."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How much a caption may hold; lengths are in characters (code points)."""

    max_line_length: int = 42
    max_lines: int = 2

    @property
    def capacity(self) -> int:
        """How much fits at most."""
        return self.max_line_length * self.max_lines


@dataclass(frozen=True, slots=True)
class Block:
    """What one caption shows, and which part of the text that is."""

    start: int
    end: int
    lines: tuple[str, ...]


def blocks(text: str, layout: Layout, *, name_length: int = 0) -> list[Block]:
    """Divide a line of text among captions; only a word longer than a line makes a longer line.

    The first `name_length` characters are a speaker's name, which does not like to stand alone.
    """
    parts = [replace(one, cost=NEVER_GLADLY) if one.end <= name_length else one for one in units(text)]
    return [_block(text, parts[first:end], layout) for first, end in _cut(len(parts), _caption_prices(parts, layout))]


def _block(text: str, parts: list[Unit], layout: Layout) -> Block:
    lines = (
        text[parts[first].start : parts[end - 1].end]
        for first, end in _cut(len(parts), _line_prices(parts, layout.max_line_length))
    )
    return Block(parts[0].start, parts[-1].end, tuple(lines))


def _cut(count: int, prices: Prices) -> list[tuple[int, int]]:
    """Return the cheapest division of so many units."""
    best, previous = [0.0, *[inf] * count], [0] * (count + 1)
    for first in range(count):
        for end, price in prices(first):
            if best[first] + price < best[end]:
                best[end], previous[end] = best[first] + price, first
    cuts = [count]
    while cuts[-1]:
        cuts.append(previous[cuts[-1]])
    return list(pairwise(reversed(cuts)))


def _line_prices(parts: list[Unit], length: int) -> Prices:
    def prices(first: int) -> Iterator[tuple[int, float]]:
        for last in range(first, len(parts)):
            used = parts[last].end - parts[first].start
            if used > length and last > first:
                return
            yield last + 1, _price(used, length, parts[last])

    return prices


def _caption_prices(parts: list[Unit], layout: Layout) -> Prices:
    def prices(first: int) -> Iterator[tuple[int, float]]:
        line, lines = first, 1
        for last in range(first, len(parts)):
            if parts[last].end - parts[line].start > layout.max_line_length and last > line:
                line, lines = last, lines + 1
            if lines > layout.max_lines:
                return
            yield last + 1, _price(parts[last].end - parts[first].start, layout.capacity, parts[last])

    return prices


def _price(used: int, room: int, last: Unit) -> float:
    # Squares: two half-filled ones are better than a full one and an empty one.
    return ONE_MORE + max(0.0, 1 - used / room) ** 2 + last.cost
