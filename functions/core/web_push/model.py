"""Where push services take messages for somebody's browsers; pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from functions.core.devices.model import MOST_DEVICES
from functions.core.errors import Conflict, NotFound

MOST_SUBSCRIPTIONS: Final = MOST_DEVICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One browser, as its push service knows it."""

    device_id: str
    endpoint: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it still reaches anything."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """All of one person's, in one document: who rings reads once."""

    id: str
    """The person's unique id."""
    subscriptions: tuple[Subscription, ...] = ()
    version: int = 0

    def live(self, now: datetime) -> list[Subscription]:
        """Return those that still reach anything."""
        return [one for one in self.subscriptions if one.is_live(now)]

    def with_one(self, subscription: Subscription, now: datetime) -> "Subscriptions":
        """Add one, or replace that of its device; raises Conflict where there are too many."""
        others = [one for one in self.live(now) if one.device_id != subscription.device_id]
        if len(others) >= MOST_SUBSCRIPTIONS:
            detail = f"You may have {MOST_SUBSCRIPTIONS} push subscriptions."
            raise Conflict(detail, code="too-many-subscriptions", limit=MOST_SUBSCRIPTIONS)
        return replace(self, subscriptions=(*others, subscription))

    def without(self, device_id: str) -> "Subscriptions":
        """Remove that of a device; raises NotFound."""
        kept = tuple(one for one in self.subscriptions if one.device_id != device_id)
        if len(kept) == len(self.subscriptions):
            raise NotFound("There is no such push subscription.")
        return replace(self, subscriptions=kept)

    def without_endpoint(self, endpoint: str) -> "Subscriptions":
        """Remove one that its push service knows no more; unchanged where it is gone, or another one by now."""
        kept = tuple(one for one in self.subscriptions if one.endpoint != endpoint)
        return self if len(kept) == len(self.subscriptions) else replace(self, subscriptions=kept)
