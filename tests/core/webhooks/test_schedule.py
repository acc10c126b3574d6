from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.webhooks.model import PATIENCE, SPELL
from functions.core.webhooks.schedule import JITTER, LONGEST_WISH, PAUSES, next_try
from tests.builders import NOON

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def test_pauses_grow_from_seconds_to_a_day_and_last_for_three_days() -> None:
    assert [pause / SECOND for pause in PAUSES] == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert 3 * DAY < sum(PAUSES, timedelta()) < PATIENCE
    assert PAUSES[-1] * (1 + JITTER) < SPELL


@settings(max_examples=50)
@given(attempts=st.integers(1, 15), chance=st.floats(0, 1), wish=st.integers(0, 10**12) | st.none())
def test_a_pause_is_the_schedules_and_a_little_or_what_the_receiver_wishes(
    attempts: int, chance: float, wish: int | None
) -> None:
    at = next_try(attempts, NOON, chance=chance, retry_after=None if wish is None else str(wish))

    if attempts > len(PAUSES):
        assert at is None
        return
    assert at is not None
    wished = min(LONGEST_WISH, SECOND * min(wish or 0, 10**6))
    pause = PAUSES[attempts - 1]
    assert max(pause, wished) <= at - NOON <= max(pause * (1 + JITTER), wished)


@pytest.mark.parametrize(
    ("wish", "pause"),
    [
        ("60", 60 * SECOND),
        (" 60 ", 60 * SECOND),
        (format_datetime(NOON + 90 * SECOND, usegmt=True), 90 * SECOND),
        (format_datetime(NOON + 9 * DAY, usegmt=True), DAY),
        (format_datetime(NOON - DAY, usegmt=True), 5 * SECOND),
        ("9" * 5000, DAY),
        ("-60", 5 * SECOND),
        ("1e9", 5 * SECOND),
        ("soon", 5 * SECOND),
        ("٦٠", 5 * SECOND),
        ("", 5 * SECOND),
        ("Fri, 31 Dec 99999 23:59:59 GMT", 5 * SECOND),
    ],
)
def test_a_wish_is_seconds_or_a_date_and_anything_else_is_none(wish: str, pause: timedelta) -> None:
    at = next_try(1, NOON, chance=0.0, retry_after=wish)

    assert at is not None
    assert at - NOON == pause
