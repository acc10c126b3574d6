"""When a job that broke is tried again; pure."""

from typing import Final

MAX_DELIVERIES: Final = 5
"""`maxReceiveCount` of the queues in template.yaml: after so many SQS moves the message to the dead letters."""

_WAITS: Final = (5, 30, 120, 600)
"""Seconds before the second, third, fourth and fifth try."""


def is_last_try(deliveries: int) -> bool:
    """Tell whether a message that was delivered so often is not delivered again."""
    return deliveries >= MAX_DELIVERIES


def wait_before_retry(deliveries: int) -> int:
    """Return the seconds before a message delivered so often is delivered again.

    After the last try 0: the sooner SQS sees that it is dead, the sooner its owner knows.
    """
    return 0 if is_last_try(deliveries) else _WAITS[max(deliveries, 1) - 1]
