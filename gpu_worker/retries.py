"""When a job that broke is tried again; pure."""

from typing import Final

MAX_TRIES: Final = 5
"""A job that broke so often is over. Attempts that a stop interrupted are no tries."""
MAX_DELIVERIES: Final = 20
"""`maxReceiveCount` of the queues in template.yaml: after so many SQS moves the message to the dead letters.

More than the tries, for every stop of a worker gives back messages that nobody has begun on.
"""

_WAITS: Final = (5, 30, 120, 600)
"""Seconds before the second, third, fourth and fifth try."""


def is_last_try(tries: int) -> bool:
    """Tell whether a job that was tried so often is not tried again."""
    return tries >= MAX_TRIES


def wait_before_retry(tries: int) -> int:
    """Return the seconds before a job that was tried so often is tried again."""
    return _WAITS[min(max(tries, 1), len(_WAITS)) - 1]
