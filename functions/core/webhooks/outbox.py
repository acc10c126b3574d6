"""What is to be told to webhooks: written down first, then handed to the queue."""

from collections.abc import Sequence

from functions.core.clock import Clock
from functions.core.errors import Conflict
from functions.core.ids import new_id
from functions.core.repeats import Once, Repeats
from functions.core.webhooks.events import derived_id, payload_of, written
from functions.core.webhooks.model import KEPT_FOR, TEST, Delivery, DeliveryStatus, Endpoint
from functions.core.webhooks.queue import DeliveryQueue, Turn
from functions.core.webhooks.store import Deliveries


class Outbox:
    """Sends messages on their way, each once for each webhook, however often it is told to."""

    def __init__(self, deliveries: Deliveries, repeats: Repeats, queue: DeliveryQueue, *, clock: Clock) -> None:
        self._deliveries = deliveries
        self._repeats = repeats
        self._queue = queue
        self._clock = clock

    def post(self, letters: Sequence[Delivery]) -> None:
        """Write those down that are new, and tell the queue of all that nobody has tried yet."""
        written = [self._deliveries.add(one) for one in letters]
        self._tell([one for one in written if one.is_untouched])

    def test(self, webhook: Endpoint, owner_id: str, *, idempotency_key: str | None) -> Delivery:
        """Send a message that says nothing; raises Conflict where the webhook is disabled, Invalid as Repeats does."""
        _need_active(webhook)
        data = {"id": webhook.id, "message": "This is a test."}
        payload = payload_of(TEST, written(self._clock()), data)
        letter = self.letter(webhook, owner_id, message_id=new_id("message"), event_type=TEST, payload=payload)
        once = (
            None
            if idempotency_key is None
            else Once(owner_id=owner_id, key=idempotency_key, asked=("webhook test", webhook.id))
        )
        made = self._repeats.make(letter.id, lambda: [self._deliveries.put(letter)], once=once)
        found = self._deliveries.get_of(webhook.id, made)
        # The first request may have died between the two.
        self._tell([found] if found.is_untouched else [])
        return found

    def replay(self, webhook: Endpoint, delivery: Delivery) -> Delivery:
        """Try a delivery again from the beginning, now; raises Conflict where the webhook is disabled."""
        _need_active(webhook)
        replayed = self._deliveries.change(delivery, lambda fresh: fresh.replayed(self._clock()))
        if replayed.status is DeliveryStatus.PENDING:
            self._tell([replayed])
        return replayed

    def letter(self, webhook: Endpoint, owner_id: str, *, message_id: str, event_type: str, payload: str) -> Delivery:
        """Return a message for a webhook; the same message is the same delivery."""
        now = self._clock()
        return Delivery(
            id=derived_id("dlv", message_id, webhook.id),
            owner_id=owner_id,
            webhook_id=webhook.id,
            message_id=message_id,
            type=event_type,
            payload=payload,
            created_at=now,
            due_at=now,
            until=now + KEPT_FOR,
        )

    def _tell(self, deliveries: Sequence[Delivery]) -> None:
        self._queue.send([Turn.of(one, self._clock()) for one in deliveries])


def _need_active(webhook: Endpoint) -> None:
    if webhook.disabled is not None:
        raise Conflict(f"The webhook is disabled. {webhook.disabled.detail}", code="webhook-disabled")
