from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.retries import MAX_DELIVERIES, MAX_TRIES, is_last_try, wait_before_retry


def test_waits_grow_from_try_to_try() -> None:
    waits = [wait_before_retry(tries) for tries in range(1, MAX_TRIES)]

    assert waits == sorted(waits)
    assert waits[0] > 0


def test_the_last_try_comes_long_before_sqs_loses_patience() -> None:
    assert is_last_try(MAX_TRIES)
    assert not is_last_try(MAX_TRIES - 1)
    assert MAX_TRIES < MAX_DELIVERIES


@given(st.integers(min_value=0, max_value=1000))
def test_a_wait_is_one_that_sqs_takes(tries: int) -> None:
    assert 0 < wait_before_retry(tries) <= 43_200
