"""The queue that ends the ringing where no client does. A message names a call, and nothing of it."""

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from pydantic_settings import BaseSettings

from functions.core.aws import client
from functions.core.clock import Clock

SLACK: Final = timedelta(seconds=2)
"""How much later than the clients' own timers it comes: mostly they have said it by then."""
LONGEST_DELAY: Final = timedelta(seconds=900)
"""SQS holds no message back for longer; a timer that comes too early is started anew."""


class RingTimersQueue(BaseSettings):
    """Where calls wait until they have rung for long enough."""

    ring_timers_url: str


@dataclass(frozen=True, slots=True)
class RingTimer:
    """Says that a call may have rung for long enough."""

    call_id: str

    def to_json(self) -> str:
        """Serialise."""
        return json.dumps({"call_id": self.call_id})

    @classmethod
    def from_json(cls, body: str) -> "RingTimer":
        """Read what `to_json` wrote; raises ValueError, KeyError or TypeError where it is something else."""
        call_id = json.loads(body)["call_id"]
        if not isinstance(call_id, str):
            raise TypeError("a call has a text for an id")
        return cls(call_id)


class RingTimers(Protocol):
    """What comes back when a call has rung for long enough."""

    def start(self, call_id: str, ring_until: datetime) -> None:
        """Have a call looked at a little after its time; starting it twice does no harm."""
        ...


class SqsRingTimers:
    """The real one."""

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._url = url
        self._clock = clock

    def start(self, call_id: str, ring_until: datetime) -> None:
        """Have a call looked at a little after its time."""
        client("sqs").send_message(
            QueueUrl=self._url,
            MessageBody=RingTimer(call_id).to_json(),
            DelaySeconds=delay_until(ring_until, self._clock()),
        )


def delay_until(ring_until: datetime, now: datetime) -> int:
    """Return how many whole seconds SQS is to hold a timer back."""
    return math.ceil(min(max(ring_until + SLACK - now, timedelta()), LONGEST_DELAY).total_seconds())
