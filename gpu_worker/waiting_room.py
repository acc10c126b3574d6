"""Messages of one lane that wait in the worker, so that it can choose whose turn it is."""

import threading
from datetime import timedelta
from typing import Final

from functions.core.jobs.queue import JobMessage, MalformedMessage
from functions.core.observability import log
from gpu_worker.fair_order import FairOrder
from gpu_worker.inbox import Delivery, Inbox

SEATS: Final = 32
"""SQS's own fairness begins with 30 messages in flight: then the next ones that it hands out are other owners'.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
"""
_PATIENCE: Final = 1.0


class WaitingRoom:
    """An inbox for several threads at once, which hands out the message of the owner who was served least."""

    def __init__(self, inbox: Inbox, *, seats: int = SEATS) -> None:
        self._inbox = inbox
        self._seats = seats
        self._waiting: FairOrder[Delivery] = FairOrder()
        self._seated = threading.Lock()
        self._asking = threading.Lock()
        self._is_open = True

    def receive(self, *, hidden_for: int) -> Delivery | None:
        """Wait for a message; one thread asks the queue at a time."""
        if not self._asking.acquire(timeout=_PATIENCE):
            return None
        try:
            with self._seated:
                free = self._seats - len(self._waiting) if self._is_open else 0
            if free:
                # Somebody who has to wait for nothing else may wait for the queue.
                found = self._inbox.receive_many(most=free, hidden_for=hidden_for, wait=free == self._seats)
                self._seat(found)
            with self._seated:
                return self._waiting.take()
        finally:
            self._asking.release()

    def hide(self, delivery: Delivery, *, seconds: int) -> None:
        """Keep a message hidden for so long from now."""
        self._inbox.hide(delivery, seconds=seconds)

    def delete(self, delivery: Delivery) -> None:
        """Be done with a message."""
        self._inbox.delete(delivery)

    def receive_many(self, *, most: int, hidden_for: int, wait: bool) -> list[Delivery]:  # noqa: ARG002 (one at a time)
        """Return what `receive` does, as a list."""
        found = self.receive(hidden_for=hidden_for)
        return [found] if found else []

    def beat(self, lease: timedelta) -> None:
        """Keep what waits hidden from other workers."""
        with self._seated:
            waiting = self._waiting.items()
        for delivery in waiting:
            # Under the lock: what was handed out or given back meanwhile must not be hidden for another lease.
            with self._seated:
                if delivery in self._waiting.items():
                    self._inbox.hide(delivery, seconds=int(lease.total_seconds()))

    def close(self) -> None:
        """Give back what waits: other workers may have it at once."""
        with self._seated:
            self._is_open = False
            waiting = self._waiting.remove(lambda _: True)
        for delivery in waiting:
            self._inbox.hide(delivery, seconds=0)
        if waiting:
            log.info("messages given back", messages=len(waiting))

    def _seat(self, found: list[Delivery]) -> None:
        with self._seated:
            for delivery in found if self._is_open else ():
                self._waiting.add(_owner_of(delivery), delivery)
            late = [] if self._is_open else found
        for delivery in late:
            # Closed while the queue was being asked: nobody here shall begin on it.
            self._inbox.hide(delivery, seconds=0)


def _owner_of(delivery: Delivery) -> str:
    try:
        return JobMessage.from_json(delivery.body).owner_id
    except MalformedMessage:
        return ""  # the lane will say so
