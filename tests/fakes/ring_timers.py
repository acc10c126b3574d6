"""The queue of ring timers, in memory."""

from datetime import datetime

from functions.core.calls.timers import RingTimer, delay_until
from functions.core.clock import Clock


class FakeRingTimers:
    """`tests/contracts/test_ring_timers.py` holds it and SQS to the same tests."""

    def __init__(self, clock: Clock) -> None:
        self.waiting: list[tuple[float, str]] = []
        self._clock = clock

    def start(self, call_id: str, ring_until: datetime) -> None:
        now = self._clock()
        self.waiting.append((now.timestamp() + delay_until(ring_until, now), RingTimer(call_id).to_json()))

    def receive(self) -> list[RingTimer]:
        """Take out all that may be seen now."""
        now = self._clock().timestamp()
        seen = [body for visible_at, body in self.waiting if visible_at <= now]
        self.waiting = [one for one in self.waiting if one[0] > now]
        return [RingTimer.from_json(body) for body in seen]
