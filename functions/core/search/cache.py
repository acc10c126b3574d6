"""What was read once and never changes, kept while there is room."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

Value = TypeVar("Value")


class Cache:
    """Keeps values up to a number of bytes; those go first that nobody has asked for the longest."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """Return a value, made now or before. Two threads may make it at once."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast("Value", self._kept[key][0])
        value = make()
        with self._lock:
            self._add(key, value, size(value))
        return value

    def _add(self, key: Hashable, value: object, size: int) -> None:
        _, old = self._kept.pop(key, (None, 0))
        self._kept[key] = (value, size)
        self._bytes += size - old
        while self._bytes > self._most_bytes:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._bytes -= dropped
