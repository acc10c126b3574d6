"""What this door is made of."""

from functions.core.clock import Clock
from functions.core.keys.ring import KeyRing
from functions.core.repeats import Repeats
from functions.core.table import Table
from functions.core.webhooks.addresses import Policy
from functions.core.webhooks.outbox import Outbox
from functions.core.webhooks.queue import DeliveryQueue
from functions.core.webhooks.registry import Registry
from functions.core.webhooks.store import Deliveries, Secrets, Webhooks


def webhook_services(
    library: Table, ring: KeyRing, *, queue: DeliveryQueue, policy: Policy, clock: Clock
) -> dict[type, object]:
    """Return what the routes may ask for."""
    webhooks, deliveries, repeats = Webhooks(library, clock=clock), Deliveries(library), Repeats(library, clock=clock)
    return {
        Clock: clock,
        Deliveries: deliveries,
        Outbox: Outbox(deliveries, repeats, queue, clock=clock),
        Policy: policy,
        Registry: Registry(webhooks, Secrets(library, ring), repeats, clock=clock),
        Webhooks: webhooks,
    }
