"""The queue of deliveries in memory, and receivers that answer as told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from functions.core.clock import Clock
from functions.core.webhooks.queue import LONGEST_DELAY, Turn
from functions.core.webhooks.sending import Answer


class FakeDeliveryQueue:
    """`tests/contracts/test_delivery_queue.py` holds it and SQS to the same tests."""

    def __init__(self, clock: Clock) -> None:
        self.waiting: list[tuple[float, str]] = []
        self._clock = clock

    def send(self, turns: Sequence[Turn]) -> None:
        for turn in turns:
            assert 0 <= turn.delay <= LONGEST_DELAY
            visible_at = self._clock() + timedelta(seconds=turn.delay)
            self.waiting.append((visible_at.timestamp(), turn.to_json()))

    def receive(self) -> list[Turn]:
        """Take out all that may be seen now."""
        now = self._clock().timestamp()
        seen = [body for visible_at, body in self.waiting if visible_at <= now]
        self.waiting = [one for one in self.waiting if one[0] > now]
        return [Turn.from_json(body) for body in seen]


@dataclass(frozen=True)
class Posted:
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class FakeReceiver:
    """Answers each message in turn as the script says, and the rest with 204."""

    script: list[Answer | Exception] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    on_post: Callable[[], object] = lambda: None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.posted.append(Posted(url, headers, body))
        self.on_post()
        answer = self.script.pop(0) if self.script else Answer(status=204)
        if isinstance(answer, Exception):
            raise answer
        return answer
