"""Nobody's account ends without a notice, whatever days housekeeping runs on and whoever comes back when."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.accounts.housekeeping import FIRST_NOTICE, LAST_NOTICE, Step, days_left, next_step
from tests.builders import NOON

DAY = timedelta(days=1)
LIVES = st.integers(min_value=1, max_value=800)
WAITS = st.one_of(st.integers(0, 3 * 24), st.integers(0, 900 * 24)).map(lambda hours: timedelta(hours=hours, seconds=7))


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[tuple[datetime, bool]]]:
    """Days of life, and what happens when: somebody is here (True), or housekeeping runs."""
    now, events = NOON, []
    for wait, is_use in draw(st.lists(st.tuples(WAITS, st.sampled_from([False, False, False, True])), max_size=40)):
        now += wait
        events.append((now, is_use))
    return draw(LIVES), events


@given(histories())
def test_the_laws_of_disuse(history: tuple[int, list[tuple[datetime, bool]]]) -> None:
    days, events = history
    last_used, warned_at = NOON, None
    notices: list[tuple[datetime, int]] = []
    for now, is_use in events:
        if is_use:
            last_used, notices = now, []
            assert next_step(last_used, warned_at, now, days) is Step.KEEP
            continue
        step = next_step(last_used, warned_at, now, days)
        unused = now - last_used
        if step is Step.WARN:
            assert unused >= min(days * DAY - FIRST_NOTICE, days * DAY / 2)
            notices.append((now, days_left(last_used, now, days)))
            warned_at = now
            # The same day once more: not told twice.
            assert next_step(last_used, warned_at, now, days) is Step.KEEP
        if step is Step.ERASE:
            told_at, told = notices[-1]
            assert unused >= days * DAY
            assert now - told_at >= LAST_NOTICE
            assert now - told_at > told * DAY - DAY
            return
        assert len(notices) <= 2


@given(LIVES, st.integers(0, 23))
def test_with_a_run_a_day_an_account_ends_a_week_after_its_last_notice(days: int, hour: int) -> None:
    warned_at, notices, now = None, list[datetime](), NOON + timedelta(hours=hour)
    while (step := next_step(NOON, warned_at, now, days)) is not Step.ERASE:
        if step is Step.WARN:
            warned_at = now
            notices.append(now)
        now += DAY

    assert timedelta(0) <= now - NOON - days * DAY <= LAST_NOTICE + DAY
    assert len(notices) == (2 if days > 16 else len(notices))
    assert notices


@pytest.mark.parametrize("warned_at", [None, NOON + timedelta(days=9999)])
def test_an_account_of_a_house_that_ends_none_is_kept(warned_at: datetime | None) -> None:
    assert next_step(NOON, warned_at, NOON + timedelta(days=10_000), 0) is Step.KEEP


@pytest.mark.parametrize(
    ("unused", "warned", "step"),
    [
        (699, None, Step.KEEP),
        (700, None, Step.WARN),
        (701, 700, Step.KEEP),
        (722, 700, Step.KEEP),
        (723, 700, Step.WARN),
        (729, 723, Step.KEEP),
        (730, 723, Step.ERASE),
        (730, 725, Step.KEEP),
        (5000, None, Step.WARN),
        (5000, 700, Step.WARN),
        (5000, 4994, Step.KEEP),
        (5000, 4993, Step.ERASE),
        (730, -1, Step.WARN),
    ],
)
def test_a_life_of_two_years(unused: int, warned: int | None, step: Step) -> None:
    warned_at = None if warned is None else NOON + warned * DAY

    assert next_step(NOON, warned_at, NOON + unused * DAY, 730) is step


@pytest.mark.parametrize(("unused", "days"), [(700, 30), (700.4, 30), (723, 7), (723.9, 7), (728, 7), (5000, 7)])
def test_a_notice_says_how_long_there_is_at_least(unused: float, days: int) -> None:
    assert days_left(NOON, NOON + unused * DAY, 730) == days
