from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.retries import MAX_DELIVERIES, is_last_try, wait_before_retry


def test_waits_grow_until_the_last_try() -> None:
    waits = [wait_before_retry(deliveries) for deliveries in range(1, MAX_DELIVERIES)]

    assert waits == sorted(waits)
    assert waits[0] > 0


def test_after_the_last_try_sqs_may_bury_the_message_at_once() -> None:
    assert is_last_try(MAX_DELIVERIES)
    assert wait_before_retry(MAX_DELIVERIES) == 0


@given(st.integers(min_value=0, max_value=1000))
def test_a_wait_is_one_that_sqs_takes(deliveries: int) -> None:
    assert 0 <= wait_before_retry(deliveries) <= 43_200
