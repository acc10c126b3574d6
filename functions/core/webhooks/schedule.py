"""When a message that was not taken is sent again; pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""What is waited after the first, the second, ... try: more than three days in all."""
JITTER: Final = 0.1
"""By what part of itself a pause may be longer, so that what failed together does not come again together."""
LONGEST_WISH: Final = timedelta(days=1)


def next_try(attempts: int, now: datetime, *, chance: float, retry_after: str | None = None) -> datetime | None:
    """Return when to try again after so many tries; None: never.

    `chance` is between 0 and 1; `retry_after` the receiver's wish (RFC 9110, 10.2.3), which makes a pause longer.
    """
    if attempts > len(PAUSES):
        return None
    return now + max(PAUSES[attempts - 1] * (1 + JITTER * chance), _wish(retry_after, now))


def _wish(retry_after: str | None, now: datetime) -> timedelta:
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        # More digits than any day has seconds: Python would still count with them.
        return min(LONGEST_WISH, timedelta(seconds=int(text[:9])))
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return timedelta()
    return min(LONGEST_WISH, max(timedelta(), (at if at.tzinfo else at.replace(tzinfo=UTC)) - now))
