"""Webhooks and what was told to them, in the library table.

Keys: `WEBHOOKS#<owner>`, all webhooks of an owner without their secrets, listed under `WEBHOOKS_IN_TROUBLE` while one
of them is failing or disabled; `WEBHOOK_SECRET#<webhook>`;
`DELIVERY#<id>`, listed under `WEBHOOK#<webhook>#DELIVERIES` by time and id.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from functions.core.clock import Clock
from functions.core.collection import Collection, Listing, Sealed
from functions.core.errors import NotFound
from functions.core.keys.ring import KeyRing, Purpose
from functions.core.keys.sealing import Sealer
from functions.core.table import Changed, Delete, Put, Table, Where
from functions.core.webhooks.model import Delivery, DeliveryStatus, Endpoint, Endpoints
from functions.core.webhooks.signing import SigningSecrets

PAGE: Final = 100
IN_TROUBLE: Final = "WEBHOOKS_IN_TROUBLE"
LOOKED_AT: Final = 500
"""Deliveries that one call looks at, of which it may show few: about 1 kB each, and a call reads 1 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwell:
    """How many webhooks are not as they should be."""

    failing: int
    disabled: int


class Webhooks:
    """All webhooks. No secret is read here."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._owners = Collection(
            table,
            Endpoints,
            key=lambda owner_id: f"WEBHOOKS#{owner_id}",
            listed_under=lambda one: (IN_TROUBLE, one.id) if one.failing or one.disabled else None,
        )
        self._deliveries = Deliveries(table)

    def of(self, owner_id: str) -> Endpoints:
        """Read those of an owner."""
        return self._owners.find(owner_id) or Endpoints(id=owner_id)

    def of_many(self, owner_ids: Sequence[str]) -> dict[str, Endpoints]:
        """Read those of several owners together; who has none is left out."""
        return {found.id: found for found in self._owners.get_many(owner_ids)}

    def unwell(self) -> Unwell:
        """Count everybody's that are failing or disabled, as far as one call finds them."""
        owners = self._owners.look("lists", IN_TROUBLE, limit=LOOKED_AT).things
        return Unwell(
            failing=sum(len(one.failing) for one in owners), disabled=sum(len(one.disabled) for one in owners)
        )

    def put(self, endpoints: Endpoints) -> Put:
        """Return the write that saves an owner's, to go with others."""
        return self._owners.put(endpoints)

    def change(self, endpoints: Endpoints, webhook_id: str, transition: Callable[[Endpoint], Endpoint]) -> Endpoint:
        """Apply a pure transition to one webhook and save it; raises NotFound where it is gone."""
        changed = self._owners.change(endpoints, lambda fresh: fresh.changing(webhook_id, transition))
        return changed.get(webhook_id)

    def remove(self, owner_id: str, webhook_id: str) -> None:
        """Remove a webhook, with its secret; raises NotFound. What it was told is forgotten with its time."""
        endpoints = self.of(owner_id)
        endpoints.get(webhook_id)
        # First: without it nothing can be sent, and who is interrupted here can ask for it again.
        self._table.write(Delete(secret_key(webhook_id)))
        self._owners.change(endpoints, lambda fresh: fresh.without(webhook_id, self._clock()))

    def forget_owner(self, owner_id: str) -> None:
        """Erase all webhooks of an owner, their secrets, and what they were told; safe to do again."""
        while (found := self._owners.find(owner_id)) is not None:
            for webhook_id in found.all_ids:
                self._table.write(Delete(secret_key(webhook_id)))
                self._deliveries.erase_of(webhook_id)
            # Last, since the others are found by it. If somebody has written meanwhile: once more.
            with suppress(Changed):
                self._table.write(self._owners.removal(owner_id, seen=found.version))


class Secrets:
    """What signs for webhooks: to be read by the door that shows a new one, and by who sends."""

    def __init__(self, table: Table, ring: KeyRing) -> None:
        self._secrets = Collection(
            table,
            SigningSecrets,
            key=secret_key,
            sealed=Sealed(Sealer(ring, Purpose.WEBHOOKS), frozenset({"texts"})),
        )

    def of(self, webhook_id: str) -> SigningSecrets:
        """Read those of a webhook; raises NotFound."""
        found = self._secrets.find(webhook_id)
        if found is None:
            raise NotFound("There is no such webhook.")
        return found

    def put(self, secrets: SigningSecrets) -> Put:
        """Return the write that saves a webhook's, to go with others."""
        return self._secrets.put(secrets)


class Deliveries:
    """All that webhooks were told, and are to be told."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._deliveries = Collection(
            table,
            Delivery,
            key=lambda delivery_id: f"DELIVERY#{delivery_id}",
            listed_under=lambda one: (_list_of(one.webhook_id), position_of(one)),
            expires_at=lambda one: one.until,
        )

    def find(self, delivery_id: str) -> Delivery | None:
        """Read one, or None."""
        return self._deliveries.find(delivery_id)

    def get_of(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Read one of a webhook's; raises NotFound."""
        found = self.find(delivery_id)
        if found is None or found.webhook_id != webhook_id:
            raise NotFound("There is no such delivery.")
        return found

    def look(
        self, webhook_id: str, *, before: str | None, limit: int, status: DeliveryStatus | None = None
    ) -> Listing[Delivery]:
        """List those of a webhook, newest first."""
        where = None if status is None else Where(equal={"status": status})
        look_at = None if status is None else LOOKED_AT
        return self._deliveries.look(
            "lists", _list_of(webhook_id), before=before, where=where, limit=limit, look_at=look_at
        )

    def put(self, delivery: Delivery) -> Put:
        """Return the write that adds or saves one."""
        return self._deliveries.put(delivery)

    def add(self, delivery: Delivery) -> Delivery:
        """Add one, or return the one of this id that is there already."""
        try:
            return self.save(delivery)
        except Changed:
            return self._deliveries.get(delivery.id)

    def save(self, delivery: Delivery) -> Delivery:
        """Save one that is as it was read; raises Changed."""
        self._table.write(self.put(delivery))
        return self._deliveries.saved(delivery)

    def change(self, delivery: Delivery, transition: Callable[[Delivery], Delivery]) -> Delivery:
        """Apply a pure transition and save it; raises NotFound."""
        return self._deliveries.change(delivery, transition)

    def erase_of(self, webhook_id: str) -> None:
        """Remove all of a webhook's."""
        while found := self._deliveries.newest(_list_of(webhook_id), before=None, limit=PAGE):
            for delivery in found:
                self._table.write(self._deliveries.removal(delivery.id))


def secret_key(webhook_id: str) -> str:
    """Return where a webhook's secrets lie."""
    return f"WEBHOOK_SECRET#{webhook_id}"


def position_of(delivery: Delivery) -> str:
    """Return where one stands in its list."""
    return f"{delivery.created_at.isoformat()}#{delivery.id}"


def _list_of(webhook_id: str) -> str:
    return f"WEBHOOK#{webhook_id}#DELIVERIES"
