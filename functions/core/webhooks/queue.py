"""The queue in which deliveries wait for their turn. A message names a delivery and which turn, and nothing of it."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from functions.core.aws import client
from functions.core.webhooks.model import Delivery

LONGEST_DELAY: Final = 900
"""Seconds that SQS holds a message back; who has to wait longer is sent on from time to time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Says that a delivery is to be tried."""

    delivery_id: str
    owner_id: str
    number: int
    delay: int = 0
    """Seconds."""

    @classmethod
    def of(cls, delivery: Delivery, now: datetime) -> "Turn":
        """Return the next turn of a delivery."""
        delay = math.ceil(max(0.0, delivery.wait(now).total_seconds()))
        return cls(
            delivery_id=delivery.id,
            owner_id=delivery.owner_id,
            number=delivery.turn,
            delay=min(delay, LONGEST_DELAY),
        )

    def to_json(self) -> str:
        """Serialise."""
        return json.dumps({"delivery_id": self.delivery_id, "owner_id": self.owner_id, "turn": self.number})

    @classmethod
    def from_json(cls, body: str) -> "Turn":
        """Read what `to_json` wrote; raises ValueError, KeyError or TypeError where it is something else."""
        data = json.loads(body)
        return cls(delivery_id=data["delivery_id"], owner_id=data["owner_id"], number=int(data["turn"]))


class DeliveryQueue(Protocol):
    """Where deliveries wait."""

    def send(self, turns: Sequence[Turn]) -> None:
        """Have each tried after its delay; telling twice does no harm."""
        ...


class SqsDeliveryQueue:
    """The real one."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, turns: Sequence[Turn]) -> None:
        """Have each tried after its delay."""
        # One by one: there is seldom more than one, and a batch may be taken in part.
        for turn in turns:
            client("sqs").send_message(
                QueueUrl=self._url,
                MessageBody=turn.to_json(),
                DelaySeconds=turn.delay,
                # A fair queue: one owner's slow receiver holds nobody else up.
                MessageGroupId=turn.owner_id,
            )
