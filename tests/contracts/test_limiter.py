"""Limits in memory and in DynamoDB, by the same laws."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from functions.core.aws import client
from functions.core.limits.model import MOST_EXACT_CALLS, Limit, Limiter, Verdict
from functions.core.limits.store import DynamoLimiter
from tests.fakes.limiter import FakeLimiter

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIVE = Limit(name="login", calls=5, seconds=60, is_exact=True)
BUCKET = Limit(name="requests", calls=5, seconds=60)
STEP = 12
"""Seconds after which BUCKET lets one more through."""

shared_fixture = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def dynamo(moto_names: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> DynamoLimiter:
    dynamodb, lock = client("dynamodb"), threading.Lock()
    update_item = dynamodb.update_item

    def update_alone(**request: Any) -> Any:
        with lock:
            return update_item(**request)

    # DynamoDB judges a condition and writes in one; moto does not, where threads call it at once.
    monkeypatch.setattr(dynamodb, "update_item", update_alone)
    return DynamoLimiter(moto_names["AccountsTable"])


@pytest.fixture(params=["fake", "moto"])
def limiter(request: pytest.FixtureRequest) -> Limiter:
    return FakeLimiter() if request.param == "fake" else request.getfixturevalue("dynamo")


def a_key() -> str:
    return str(uuid4())


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def take_at(limiter: Limiter, limit: Limit, *seconds: float, key: str | None = None) -> list[Verdict]:
    key = key or a_key()
    return [limiter.take(limit, key, now=at(one)) for one in seconds]


def allowed_of(limiter: Limiter, limit: Limit, times: list[datetime]) -> list[datetime]:
    key = a_key()
    return [now for now in times if limiter.take(limit, key, now=now).is_allowed]


def assert_no_window_holds_more(limit: Limit, allowed: list[datetime]) -> None:
    """Check all windows that begin with a call: if any window held too many, one of these would."""
    times, window = sorted(allowed), timedelta(seconds=limit.seconds)
    for first, one_too_many in zip(times, times[limit.calls :], strict=False):
        assert one_too_many - first >= window


# Exact limits


def test_so_many_calls_are_allowed_and_the_next_one_is_not(limiter: Limiter) -> None:
    verdicts = take_at(limiter, FIVE, 0, 1, 2, 3, 4, 10)

    assert [one.is_allowed for one in verdicts] == [True] * 5 + [False]
    assert {one.limit for one in verdicts} == {FIVE}


def test_what_remains_counts_down(limiter: Limiter) -> None:
    assert [one.remaining for one in take_at(limiter, FIVE, 0, 1, 2, 3, 4, 5, 6)] == [4, 3, 2, 1, 0, 0, 0]


def test_what_remains_grows_again_as_the_window_slides(limiter: Limiter) -> None:
    assert [one.remaining for one in take_at(limiter, FIVE, 0, 1, 2, 60, 61.5, 200)] == [4, 3, 2, 2, 2, 4]


def test_an_allowed_call_is_forgotten_after_the_whole_window(limiter: Limiter) -> None:
    assert [one.resets_after for one in take_at(limiter, FIVE, 0, 30)] == [60, 60]


@pytest.mark.parametrize("later", [4, 5.25, 59, 59.999999])
def test_a_refusal_says_when_the_next_call_is_allowed(limiter: Limiter, later: float) -> None:
    refused = take_at(limiter, FIVE, 0, 1, 2, 3, 4, later)[-1]

    assert not refused.is_allowed
    assert refused.resets_after == pytest.approx(60 - later, abs=2e-6)


@pytest.mark.parametrize("microseconds", [0, 1, 499, 500, 999, 1000, 123_456, 999_999])
def test_a_call_is_allowed_again_exactly_when_the_window_has_slid(limiter: Limiter, microseconds: int) -> None:
    key, first = a_key(), NOON + timedelta(microseconds=microseconds)
    free = first + timedelta(seconds=60)
    for now in (first, *[first + timedelta(seconds=7)] * 4):
        assert limiter.take(FIVE, key, now=now).is_allowed

    assert not limiter.take(FIVE, key, now=free - MICROSECOND).is_allowed
    assert limiter.take(FIVE, key, now=free).is_allowed
    assert not limiter.take(FIVE, key, now=free).is_allowed


def test_a_refused_call_is_not_counted(limiter: Limiter) -> None:
    verdicts = take_at(limiter, FIVE, 0, 0, 0, 0, 0, *range(1, 60), 60, 60, 60, 60, 60, 60)

    assert [one.is_allowed for one in verdicts] == [True] * 5 + [False] * 59 + [True] * 5 + [False]


def test_one_call_may_be_all(limiter: Limiter) -> None:
    once = Limit(name="once", calls=1, seconds=30, is_exact=True)

    verdicts = take_at(limiter, once, 0, 29, 30, 31, 60)

    assert [one.is_allowed for one in verdicts] == [True, False, True, False, True]
    assert [one.remaining for one in verdicts] == [0] * 5


def test_the_largest_exact_limit_is_kept(limiter: Limiter) -> None:
    most = Limit(name="most", calls=MOST_EXACT_CALLS, seconds=3600, is_exact=True)

    verdicts = take_at(limiter, most, *range(MOST_EXACT_CALLS + 1), 3600, 3600)

    assert [one.is_allowed for one in verdicts] == [True] * MOST_EXACT_CALLS + [False, True, False]


@pytest.mark.parametrize("limit", [FIVE, BUCKET], ids=["exact", "rate"])
def test_keys_do_not_disturb_each_other(limiter: Limiter, limit: Limit) -> None:
    take_at(limiter, limit, *[0] * 6, key=(first := a_key()))

    assert not limiter.take(limit, first, now=NOON).is_allowed
    assert limiter.take(limit, a_key(), now=NOON).remaining == 4


@pytest.mark.parametrize("is_exact", [True, False], ids=["exact", "rate"])
def test_limits_do_not_disturb_each_other(limiter: Limiter, is_exact: bool) -> None:
    key = a_key()
    limits = [Limit(name=name, calls=5, seconds=60, is_exact=is_exact) for name in ("one", "two")]
    take_at(limiter, limits[0], *[0] * 6, key=key)

    assert [limiter.take(limit, key, now=NOON).is_allowed for limit in limits] == [False, True]


LIMITS = st.builds(
    Limit, name=st.just("law"), calls=st.integers(1, 6), seconds=st.integers(1, 90), is_exact=st.just(True)
)
MOMENTS = st.integers(min_value=0, max_value=120_000_000)


@shared_fixture
@given(limit=LIMITS, steps=st.lists(st.sampled_from([0, 1, 10**6, 13 * 10**6]) | MOMENTS, max_size=25))
@example(limit=FIVE, steps=[900, *[0] * 4, 59_999_100, 899, 1])
def test_no_window_holds_too_many_and_nobody_is_refused_before(
    limiter: Limiter, limit: Limit, steps: list[int]
) -> None:
    key, now, window = a_key(), NOON, timedelta(seconds=limit.seconds)
    allowed: list[datetime] = []
    for step in steps:
        now += step * MICROSECOND
        in_window = sum(one > now - window for one in allowed)

        verdict = limiter.take(limit, key, now=now)

        assert verdict.is_allowed == (in_window < limit.calls)
        assert verdict.remaining == (limit.calls - in_window - 1 if verdict.is_allowed else 0)
        allowed += [now] if verdict.is_allowed else []
    assert_no_window_holds_more(limit, allowed)


@shared_fixture
@given(limit=LIMITS, moments=st.lists(MOMENTS, max_size=30))
@example(limit=FIVE, moments=[0, 10**6, 2 * 10**6, 70 * 10**6, *[3 * 10**6] * 8])
def test_no_window_holds_too_many_whatever_clocks_do(limiter: Limiter, limit: Limit, moments: list[int]) -> None:
    """Each call is judged by the time that it came with, and these jump to and fro."""
    assert_no_window_holds_more(limit, allowed_of(limiter, limit, [NOON + one * MICROSECOND for one in moments]))


def test_a_clock_that_is_a_little_slow_is_served_and_lets_no_sixth_through(limiter: Limiter) -> None:
    seconds = [10, 9.99, 10.01, 9.98, 9.97, 9.96, 10.02, 69.9, 70.2, 70.1, 70.15]

    verdicts = take_at(limiter, FIVE, *seconds)

    assert [one.is_allowed for one in verdicts] == [True] * 5 + [False] * 3 + [True] * 3
    assert_no_window_holds_more(
        FIVE, [at(one) for one, verdict in zip(seconds, verdicts, strict=True) if verdict.is_allowed]
    )


def test_a_slow_clock_is_told_to_wait_for_the_fast_one(limiter: Limiter) -> None:
    _, allowed, refused = take_at(limiter, Limit(name="two", calls=2, seconds=60, is_exact=True), 2, 0, 0)

    # Counted a little beyond the fast clock, or with it.
    assert allowed.resets_after == pytest.approx(62, abs=0.1)
    assert (refused.is_allowed, refused.resets_after) == (False, pytest.approx(62))


# Rates


def test_a_bucket_lets_a_burst_through_and_then_a_rate(limiter: Limiter) -> None:
    key = a_key()

    allowed = [second for second in range(600) if limiter.take(BUCKET, key, now=at(second)).is_allowed]

    assert allowed == [0, 1, 2, 3, 4, *range(STEP, 600, STEP)]
    assert len(allowed) == 54


def test_a_bucket_says_what_remains_and_when_it_is_empty(limiter: Limiter) -> None:
    verdicts = take_at(limiter, BUCKET, 0, 0, 0, 0, 0)

    assert [one.remaining for one in verdicts] == [4, 3, 2, 1, 0]
    assert [one.resets_after for one in verdicts] == pytest.approx([12, 24, 36, 48, 60])


def test_a_full_bucket_says_when_the_next_call_is_allowed(limiter: Limiter) -> None:
    *_, refused, too_early, allowed = take_at(limiter, BUCKET, *[0] * 5, 2, 11.999, 12)

    assert [refused.is_allowed, too_early.is_allowed, allowed.is_allowed] == [False, False, True]
    assert (refused.remaining, refused.resets_after) == (0, pytest.approx(10))
    assert too_early.resets_after == pytest.approx(0.001, abs=2e-6)


def test_an_unused_bucket_is_whole_again_and_no_more_than_that(limiter: Limiter) -> None:
    assert [one.is_allowed for one in take_at(limiter, BUCKET, *[0] * 6, *[3600] * 6)] == [*[True] * 5, False] * 2


@shared_fixture
@given(
    limit=st.builds(Limit, name=st.just("law"), calls=st.sampled_from([1, 2, 3, 5, 10]), seconds=st.just(30)),
    steps=st.lists(st.sampled_from([0, 1]) | st.integers(min_value=0, max_value=40), max_size=25),
)
def test_a_bucket_never_lets_more_through_than_its_size_and_its_rate(
    limiter: Limiter, limit: Limit, steps: list[int]
) -> None:
    now, times = NOON, list[datetime]()
    for step in steps:
        now += timedelta(seconds=step)
        times.append(now)

    allowed = allowed_of(limiter, limit, times)

    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            elapsed = (allowed[last] - allowed[first]).total_seconds()
            assert last - first + 1 <= limit.calls + elapsed * limit.calls / limit.seconds


# Many at once


def allowed_by_threads(limiter: Limiter, limit: Limit, clock: Callable[[], datetime], *, each: int) -> list[datetime]:
    """Return the times of what eight threads were allowed, each calling so many times."""
    key, start = a_key(), threading.Barrier(8)

    def call(_: int) -> list[datetime]:
        start.wait()
        return [now for now in (clock() for _ in range(each)) if limiter.take(limit, key, now=now).is_allowed]

    with ThreadPoolExecutor(8) as pool:
        return [now for times in pool.map(call, range(8)) for now in times]


@pytest.mark.parametrize("limit", [FIVE, BUCKET], ids=["exact", "rate"])
def test_threads_at_one_instant_get_as_many_as_one(limiter: Limiter, limit: Limit) -> None:
    assert len(allowed_by_threads(limiter, limit, lambda: NOON, each=4)) == 5


@pytest.mark.parametrize("seconds", [0.37, 1.7, 13])
def test_threads_never_get_more_in_any_window_while_time_passes(limiter: Limiter, seconds: float) -> None:
    lock, now = threading.Lock(), NOON

    def clock() -> datetime:
        nonlocal now
        with lock:
            now += timedelta(seconds=seconds)
            return now

    allowed = allowed_by_threads(limiter, FIVE, clock, each=25)

    assert len(allowed) >= 5
    assert_no_window_holds_more(FIVE, allowed)


def overtake_once(monkeypatch: pytest.MonkeyPatch, overtaking: Callable[[], object]) -> None:
    """Have something happen between the two tries of the next call."""
    dynamodb, update_item, waiting = client("dynamodb"), client("dynamodb").update_item, [overtaking]

    def update(**request: Any) -> Any:
        try:
            return update_item(**request)
        finally:
            if waiting:
                waiting.pop()()

    monkeypatch.setattr(dynamodb, "update_item", update)


def test_a_slow_call_that_is_overtaken_is_judged_by_its_own_clock(
    dynamo: DynamoLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = a_key()
    take_at(dynamo, FIVE, 0, 30, 31, 32, 70, key=key)
    overtake_once(monkeypatch, lambda: take_at(dynamo, FIVE, 91, key=key))

    # When it began, only the call at 0 was out of the window; now that one's place is taken.
    verdict = dynamo.take(FIVE, key, now=at(65))

    assert not verdict.is_allowed
    assert verdict.resets_after == pytest.approx(25)


def test_a_call_overtaken_where_there_was_no_first_one_is_refused_or_counted(
    dynamo: DynamoLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = a_key()
    dynamo.take(FIVE, key, now=at(1))
    overtake_once(monkeypatch, lambda: take_at(dynamo, FIVE, 1.02, key=key))

    assert dynamo.take(FIVE, key, now=at(0.99)).remaining == 2


def test_a_call_that_faster_clocks_keep_overtaking_is_refused_for_a_second(
    dynamo: DynamoLimiter, moto_names: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb, update_item, faster = client("dynamodb"), client("dynamodb").update_item, iter((10, 20))

    def update(**request: Any) -> Any:
        times = {f"c{slot}": {"N": "0"} for slot in range(4)} | {
            "c4": {"N": f"{at(next(faster)).timestamp():.0f}000000"}
        }
        dynamodb.put_item(TableName=moto_names["AccountsTable"], Item=request["Key"] | times)
        return update_item(**request)

    monkeypatch.setattr(dynamodb, "update_item", update)

    verdict = dynamo.take(FIVE, a_key(), now=NOON)

    assert (verdict.is_allowed, verdict.resets_after) == (False, 1)


def test_a_rate_that_does_not_divide_is_rounded_to_the_safe_side(dynamo: DynamoLimiter) -> None:
    times = [NOON] * 7 + [at(60) - 3 * MICROSECOND] * 7

    assert len(allowed_of(dynamo, Limit(name="seven", calls=7, seconds=60), times)) == 13


def test_what_else_fails_is_no_verdict(dynamo: DynamoLimiter) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        DynamoLimiter("no-such-table").take(FIVE, a_key(), now=NOON)


# What DynamoDB is asked


@contextmanager
def requests_counted() -> Iterator[list[str]]:
    events, requests = client("dynamodb").meta.events, list[str]()

    def count(model: Any, **_: Any) -> None:
        requests.append(model.name)

    events.register("before-call.dynamodb", count)
    try:
        yield requests
    finally:
        events.unregister("before-call.dynamodb", count)


@pytest.mark.parametrize("limit", [FIVE, BUCKET], ids=["exact", "rate"])
def test_a_first_call_costs_one_write(dynamo: DynamoLimiter, limit: Limit) -> None:
    with requests_counted() as requests:
        assert dynamo.take(limit, a_key(), now=NOON).is_allowed

    assert requests == ["UpdateItem"]


def test_an_exact_limit_costs_one_write_a_call(dynamo: DynamoLimiter) -> None:
    with requests_counted() as requests:
        take_at(dynamo, FIVE, *range(0, 120, 7))

    assert requests == ["UpdateItem"] * 18


def test_a_bucket_that_is_idle_or_full_costs_one_write(dynamo: DynamoLimiter) -> None:
    key = a_key()
    with requests_counted() as idle:
        take_at(dynamo, BUCKET, *range(0, 120, STEP), key=key)
    take_at(dynamo, BUCKET, *[200] * 5, key=key)
    with requests_counted() as full:
        take_at(dynamo, BUCKET, 200, 201, 202, key=key)

    assert (idle, full) == (["UpdateItem"] * 10, ["UpdateItem"] * 3)


@settings(shared_fixture, max_examples=20)
@given(is_exact=st.booleans(), moments=st.lists(MOMENTS, min_size=1, max_size=20))
def test_no_call_costs_more_than_two_writes_or_any_read(
    dynamo: DynamoLimiter, is_exact: bool, moments: list[int]
) -> None:
    key, limit = a_key(), FIVE if is_exact else BUCKET
    for moment in moments:
        with requests_counted() as requests:
            dynamo.take(limit, key, now=NOON + moment * MICROSECOND)

        assert requests in (["UpdateItem"], ["UpdateItem"] * 2)


def items_of(table_name: str) -> list[dict[str, Any]]:
    return boto3.client("dynamodb").scan(TableName=table_name)["Items"]


@pytest.mark.parametrize("key", ["+79161234567", "anna@example.com", "203.0.113.77", "анна"])
@pytest.mark.parametrize("limit", [FIVE, BUCKET], ids=["exact", "rate"])
def test_the_table_never_holds_a_key_in_clear(
    dynamo: DynamoLimiter, moto_names: Mapping[str, str], limit: Limit, key: str
) -> None:
    take_at(dynamo, limit, *[0] * 7, key=key)

    items = items_of(moto_names["AccountsTable"])
    assert items
    assert key not in repr(items)
    assert all(item["pk"]["S"].startswith("RATE#") for item in items)


def test_counts_leave_the_table_soon_after_they_count_no_more(
    dynamo: DynamoLimiter, moto_names: Mapping[str, str]
) -> None:
    for limit in (FIVE, BUCKET):
        name = Limit(name=f"ttl-{a_key()}", calls=limit.calls, seconds=limit.seconds, is_exact=limit.is_exact)
        take_at(dynamo, name, 0, 3, 7.5)

        ttl = next(
            int(item["ttl"]["N"]) for item in items_of(moto_names["AccountsTable"]) if name.name in item["pk"]["S"]
        )
        assert 60 <= ttl - at(7.5).timestamp() <= 180


def test_stored_times_never_fall(dynamo: DynamoLimiter, moto_names: Mapping[str, str]) -> None:
    limit = Limit(name=f"times-{a_key()}", calls=5, seconds=60, is_exact=True)
    take_at(dynamo, limit, 10, 5, 12, 3, 12)

    (item,) = (one for one in items_of(moto_names["AccountsTable"]) if limit.name in one["pk"]["S"])
    times = [int(item[f"c{slot}"]["N"]) for slot in range(5)]
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[0] == at(10).timestamp() * 1_000_000


# What a limit may be


@pytest.mark.parametrize(
    "impossible",
    [
        {"calls": 0, "seconds": 60},
        {"calls": -1, "seconds": 60},
        {"calls": 5, "seconds": 0},
        {"calls": MOST_EXACT_CALLS + 1, "seconds": 60, "is_exact": True},
    ],
)
def test_a_limit_that_cannot_be_kept_is_none(impossible: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="impossible limit"):
        Limit(name="x", **impossible)
