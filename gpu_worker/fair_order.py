"""Whose turn it is: a queue that is fair between owners, however much one of them brings."""

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(slots=True, order=True)
class _Entry(Generic[Item]):
    order: tuple[int, int]
    item: Item = field(compare=False)
    cost: float = field(compare=False)


class FairOrder(Generic[Item]):
    """The owner who was served least comes next: start-time fair queuing.

    Goyal, Vin, Cheng: Start-time Fair Queuing (SIGCOMM 1996). An owner who was away starts level with those who wait,
    and neither saves up turns nor owes any. Not thread-safe.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[_Entry[Item]]] = {}
        self._served: dict[str, float] = {}
        self._level = 0.0
        self._arrivals = count()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, owner: str, item: Item, *, cost: float = 1.0, order: int = 0) -> None:
        """Let an item wait; among an owner's own, lower `order` comes first and then who came first."""
        if owner not in self._waiting:
            self._waiting[owner] = []
            self._served[owner] = max(self._served.get(owner, 0.0), self._level)
        insort(self._waiting[owner], _Entry((order, next(self._arrivals)), item, cost))

    def take(self, fits: Callable[[Item], bool] = lambda _: True) -> Item | None:
        """Take the next item, or the next that fits; None if none does."""
        for owner in sorted(self._waiting, key=lambda owner: self._served[owner]):
            found = next((entry for entry in self._waiting[owner] if fits(entry.item)), None)
            if found is not None:
                self._serve(owner, found)
                return found.item
        return None

    def remove(self, unwanted: Callable[[Item], bool]) -> list[Item]:
        """Take out all that is not wanted any more."""
        removed: list[Item] = []
        for owner, entries in list(self._waiting.items()):
            removed += [entry.item for entry in entries if unwanted(entry.item)]
            self._keep(owner, [entry for entry in entries if not unwanted(entry.item)])
        return removed

    def items(self) -> list[Item]:
        """Return all that waits, in no particular order."""
        return [entry.item for entries in self._waiting.values() for entry in entries]

    def _serve(self, owner: str, entry: _Entry[Item]) -> None:
        self._level = self._served[owner]
        self._served[owner] += entry.cost
        self._keep(owner, [other for other in self._waiting[owner] if other is not entry])

    def _keep(self, owner: str, entries: list[_Entry[Item]]) -> None:
        if entries:
            self._waiting[owner] = entries
            return
        del self._waiting[owner]
        if not self._waiting:
            # Nobody went without: whoever comes next starts level, as the paper has it at the end of a busy period.
            self._served, self._level = {}, 0.0
            return
        # Who is far ahead stays so for a while; everybody else is forgotten.
        self._served = {
            name: served for name, served in self._served.items() if name in self._waiting or served > self._level
        }
