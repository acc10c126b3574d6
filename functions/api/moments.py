"""Moments as callers write them: dates and date-times."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

LAST_YEAR: Final = 9998
"""Later moments have no next day, or none in another place."""


def _moment(said: Any, *, is_end: bool = False) -> datetime:
    """Read a date or a date-time; a date that ends something is not over before its day is."""
    # A plus that was sent as it is arrives as a space.
    text = str(said).strip()
    text = text.replace(" ", "+") if "T" in text else text
    try:
        at = _day(text, is_end=is_end) or datetime.fromisoformat(text)
        in_utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a date or a date-time, as 2026-11-21 or 2026-11-21T12:00:00Z") from None
    if in_utc.year > LAST_YEAR:
        raise ValueError(f"must not be later than {LAST_YEAR}")
    return in_utc


def _day(text: str, *, is_end: bool) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1 if is_end else 0)


def _end(said: Any) -> datetime:
    return _moment(said, is_end=True)


Beginning = Annotated[datetime | None, BeforeValidator(_moment)]
"""A date or a date-time, UTC if not said."""
End = Annotated[datetime | None, BeforeValidator(_end)]
"""The same; of a date, the end of its day."""
