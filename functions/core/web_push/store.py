"""Push subscriptions, in the presence table.

Keys: `PUSH#<unique id>`, all of a person's. An endpoint is an address that only we can use: it takes what is signed
with our VAPID key (RFC 8292, 4.2).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from functions.core.clock import Clock
from functions.core.collection import RACES, Collection
from functions.core.errors import Conflict, NotFound
from functions.core.table import Changed, Table
from functions.core.web_push.model import Subscription, Subscriptions


class PushSubscriptions:
    """Everybody's."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._all = Collection(table, Subscriptions, key=lambda unique_id: f"PUSH#{unique_id}")

    def of(self, unique_id: str) -> list[Subscription]:
        """Return those of somebody that still reach anything."""
        return self._read(unique_id).live(self._clock())

    def put(self, unique_id: str, subscription: Subscription) -> None:
        """Add one, or replace that of its device; raises Conflict where there are too many."""
        self._change(unique_id, lambda known: known.with_one(subscription, self._clock()))

    def remove(self, unique_id: str, device_id: str) -> None:
        """Remove that of a device; raises NotFound."""
        self._change(unique_id, lambda known: known.without(device_id))

    def remove_if_there(self, unique_id: str, device_id: str) -> None:
        """Remove that of a device that goes, if it has one."""
        with suppress(NotFound):
            self.remove(unique_id, device_id)

    def forget_endpoint(self, unique_id: str, endpoint: str) -> None:
        """Remove one that its push service knows no more."""
        self._change(unique_id, lambda known: known.without_endpoint(endpoint))

    def forget(self, unique_id: str) -> None:
        """Erase all of somebody's."""
        self._table.write(self._all.removal(unique_id))

    def _read(self, unique_id: str) -> Subscriptions:
        return self._all.find(unique_id) or Subscriptions(id=unique_id)

    def _change(self, unique_id: str, transition: Callable[[Subscriptions], Subscriptions]) -> None:
        for _ in range(RACES):
            known = self._read(unique_id)
            changed = transition(known)
            if changed is known:
                return
            try:
                self._table.write(self._all.put(replace(changed, version=known.version)))
            except Changed:
                continue
            return
        raise Conflict("The push subscriptions are being changed by many at once; try again.", code="busy")
