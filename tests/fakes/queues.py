"""Queues in memory: what doors put in, and what a worker takes out, hidden and delivered again as SQS does.

`tests/contracts/test_queues.py` holds them and SQS to the same tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from functions.core.clock import Clock
from functions.core.jobs.model import Job, Lane
from functions.core.jobs.queue import JobMessage
from functions.core.jobs.queue_depths import QueueDepth
from gpu_worker.inbox import MOST_AT_ONCE, Delivery
from gpu_worker.retries import MAX_DELIVERIES


@dataclass
class _Message:
    body: str
    sent_at: float
    visible_at: float = 0.0
    deliveries: int = 0
    receipt: str = ""


class FakeInbox:
    def __init__(self, clock: Clock) -> None:
        self.messages: list[_Message] = []
        self.dead: list[str] = []
        self._clock = clock
        self._receipts = 0

    def send(self, body: str) -> None:
        self.messages.append(_Message(body, sent_at=self._clock().timestamp()))

    def receive(self, *, hidden_for: int) -> Delivery | None:
        return next(iter(self.receive_many(most=1, hidden_for=hidden_for, wait=True)), None)

    def receive_many(self, *, most: int, hidden_for: int, wait: bool) -> list[Delivery]:
        found = (self._receive(hidden_for) for _ in range(min(most, MOST_AT_ONCE)))
        return [delivery for delivery in found if delivery is not None]

    def _receive(self, hidden_for: int) -> Delivery | None:
        now = self._clock().timestamp()
        for message in [one for one in self.messages if one.visible_at <= now]:
            if message.deliveries >= MAX_DELIVERIES:
                self.messages.remove(message)
                self.dead.append(message.body)
                continue
            self._receipts += 1
            message.deliveries += 1
            message.receipt = f"receipt-{self._receipts}"
            message.visible_at = now + hidden_for
            return Delivery(message.receipt, message.body, message.deliveries)
        return None

    def hide(self, delivery: Delivery, *, seconds: int) -> None:
        for message in self.messages:
            if message.receipt == delivery.receipt:
                message.visible_at = self._clock().timestamp() + seconds

    def delete(self, delivery: Delivery) -> None:
        self.messages = [one for one in self.messages if one.receipt != delivery.receipt]

    def depth(self) -> QueueDepth:
        now = self._clock().timestamp()
        waiting = sum(one.visible_at <= now for one in self.messages)
        oldest = max((timedelta(seconds=now - one.sent_at) for one in self.messages), default=None)
        return QueueDepth(waiting=waiting, in_flight=len(self.messages) - waiting, oldest=oldest)


class FakeQueues:
    def __init__(self, clock: Clock) -> None:
        self.inboxes = {lane: FakeInbox(clock) for lane in Lane}
        self.other_dead = dict.fromkeys(("uploads", "changes", "webhooks"), 0)

    def enqueue(self, job: Job) -> None:
        message = JobMessage(job_id=job.id, kind=job.kind, request_id=job.request_id, owner_id=job.owner_id)
        self.inboxes[job.lane].send(message.to_json())

    def enqueue_many(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.enqueue(job)

    def waiting(self) -> list[str]:
        return [JobMessage.from_json(one.body).job_id for box in self.inboxes.values() for one in box.messages]

    def in_flight(self) -> int:
        return sum(depth.in_flight for depth in self.lanes().values())

    def lanes(self) -> dict[Lane, QueueDepth]:
        return {lane: box.depth() for lane, box in self.inboxes.items()}

    def dead(self) -> dict[str, int]:
        jobs = sum(len(box.dead) for box in self.inboxes.values())
        return {"dead jobs": jobs, **{f"dead {name}": count for name, count in self.other_dead.items()}}
