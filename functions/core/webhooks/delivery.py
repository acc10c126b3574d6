"""Tries deliveries when their turn has come.

A message of the queue may come twice, late, or after its delivery has changed; each try is somebody's by a versioned
write. Who dies in the middle of it leaves a message that comes again: then the receiver may see the same id twice.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from functions.core.clock import Clock
from functions.core.errors import NotFound
from functions.core.observability import log
from functions.core.table import Changed
from functions.core.webhooks.model import TEST, Attempt, Delivery, DeliveryStatus, Endpoint, Trouble
from functions.core.webhooks.queue import DeliveryQueue, Turn
from functions.core.webhooks.schedule import next_try
from functions.core.webhooks.sending import NoAnswer, Sender
from functions.core.webhooks.signing import headers_of
from functions.core.webhooks.store import Deliveries, Secrets, Webhooks

GONE = 410
REMOVED = "webhook-removed"
DISABLED = "webhook-disabled"
EXHAUSTED = "attempts-exhausted"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    attempt: Attempt
    code: str
    retry_after: str | None = None


class Deliverer:
    """Sends what is due."""

    def __init__(  # noqa: PLR0913 - each is a neighbour
        self,
        *,
        webhooks: Webhooks,
        secrets: Secrets,
        deliveries: Deliveries,
        queue: DeliveryQueue,
        sender: Sender,
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._webhooks = webhooks
        self._secrets = secrets
        self._deliveries = deliveries
        self._queue = queue
        self._sender = sender
        self._clock = clock
        self._chance = chance

    def take(self, turn: Turn) -> None:
        """Do what a message of the queue calls for; an exception makes it come again."""
        delivery = self._deliveries.find(turn.delivery_id)
        if delivery is None or delivery.status is not DeliveryStatus.PENDING or turn.number < delivery.turn - 1:
            return
        now = self._clock()
        # Of the turn before: whoever did that may have died before it could tell of this one.
        if turn.number != delivery.turn or delivery.wait(now).total_seconds() > 0:
            self._queue.send([Turn.of(delivery, now)])
            return
        try:
            held = self._deliveries.save(delivery.claimed(now))
        except Changed:
            # Somebody else has it, or it was replayed; whichever it is shows the next time.
            self._queue.send([replace(turn, delay=1)])
            return
        self._try(held)

    def _try(self, held: Delivery) -> None:
        owners = self._webhooks.of(held.owner_id)
        webhook = owners.find(held.webhook_id)
        if webhook is None or webhook.disabled is not None:
            self._settle(held, held.ended(REMOVED if webhook is None else DISABLED))
            return
        try:
            signing = self._secrets.of(webhook.id).valid(self._clock())
        except NotFound:
            self._settle(held, held.ended(REMOVED))
            return
        outcome = self._send(held, webhook, signing)
        log.info(
            "webhook tried",
            delivery_id=held.id,
            webhook_id=webhook.id,
            status=outcome.attempt.status,
            code=outcome.code,
            ms=outcome.attempt.took_ms,
        )
        try:
            after = self._webhooks.change(owners, webhook.id, lambda fresh: _after(fresh, outcome))
        except NotFound:
            self._settle(held, held.ended(REMOVED, outcome.attempt))
            return
        self._settle(held, self._next(held, after, outcome))

    def _send(self, held: Delivery, webhook: Endpoint, signing: list[str]) -> _Outcome:
        now, body = self._clock(), held.payload.encode()
        started = time.perf_counter()
        headers = headers_of(held.message_id, body, signing=signing, now=now)
        try:
            answer = self._sender.post(webhook.url, headers, body)
        except NoAnswer as failure:
            return _Outcome(attempt=Attempt(at=now, took_ms=_since(started), error=failure.detail), code=failure.code)
        attempt = Attempt(at=now, took_ms=_since(started), status=answer.status, answer=answer.text)
        return _Outcome(attempt=attempt, code=f"http-{answer.status}", retry_after=answer.retry_after)

    def _next(self, held: Delivery, webhook: Endpoint, outcome: _Outcome) -> Delivery:
        attempt = outcome.attempt
        if attempt.is_success:
            return held.delivered(attempt)
        if webhook.disabled is not None:
            return held.ended(DISABLED, attempt)
        due_at = next_try(held.attempts, self._clock(), chance=self._chance(), retry_after=outcome.retry_after)
        # Whoever has a message sent to try something out looks at it now.
        if due_at is None or held.type == TEST:
            return held.ended(EXHAUSTED, attempt)
        return held.postponed(attempt, due_at)

    def _settle(self, held: Delivery, settled: Delivery) -> None:
        try:
            after = self._deliveries.save(settled)
        except Changed:
            log.warning("a delivery was changed while it was sent", delivery_id=held.id)
            return
        if after.status is DeliveryStatus.PENDING:
            self._queue.send([Turn.of(after, self._clock())])


def _after(webhook: Endpoint, outcome: _Outcome) -> Endpoint:
    attempt = outcome.attempt
    if attempt.is_success:
        return webhook.succeeded(attempt.at)
    detail = attempt.error or f"The receiver answered {attempt.status}."
    trouble = Trouble(code=outcome.code, detail=detail, at=attempt.at)
    failed = webhook.failed(trouble)
    if attempt.status == GONE:
        return failed.stopped(replace(trouble, code="gone", detail="The receiver answered 410 Gone."))
    return failed


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
