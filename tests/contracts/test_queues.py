from functions.core.jobs.queue import JobMessage
from gpu_worker.inbox import MOST_AT_ONCE, Delivery
from gpu_worker.retries import MAX_DELIVERIES
from tests.builders import a_job
from tests.contracts.conftest import LaneQueue


def test_an_enqueued_job_is_delivered_with_its_request_id(lane_queue: LaneQueue) -> None:
    job = a_job(request_id="req_42", owner_id="usr_boris")

    lane_queue.queues.enqueue(job)
    delivery = lane_queue.inbox.receive(hidden_for=30)

    assert delivery is not None
    assert JobMessage.from_json(delivery.body) == JobMessage(
        job_id=job.id, kind=job.kind, request_id="req_42", owner_id="usr_boris"
    )
    assert delivery.deliveries == 1


def test_a_message_in_hand_is_hidden_from_others(lane_queue: LaneQueue) -> None:
    lane_queue.queues.enqueue(a_job())
    lane_queue.inbox.receive(hidden_for=30)

    assert lane_queue.inbox.receive(hidden_for=30) is None


def test_a_message_that_is_given_back_comes_again_and_counts(lane_queue: LaneQueue) -> None:
    lane_queue.queues.enqueue(a_job())
    first = lane_queue.inbox.receive(hidden_for=30)
    assert first is not None

    lane_queue.inbox.hide(first, seconds=0)
    second = lane_queue.inbox.receive(hidden_for=30)

    assert second is not None
    assert (second.body, second.deliveries) == (first.body, 2)


def test_a_deleted_message_never_comes_again(lane_queue: LaneQueue) -> None:
    lane_queue.queues.enqueue(a_job())
    first = lane_queue.inbox.receive(hidden_for=0)
    assert first is not None

    lane_queue.inbox.delete(first)

    assert lane_queue.inbox.receive(hidden_for=0) is None


def test_a_message_that_nobody_settles_is_dead_after_the_last_delivery(lane_queue: LaneQueue) -> None:
    lane_queue.queues.enqueue(a_job())

    delivered = [lane_queue.inbox.receive(hidden_for=0) for _ in range(MAX_DELIVERIES + 1)]

    assert [one is not None for one in delivered] == [True] * MAX_DELIVERIES + [False]


def test_hiding_a_message_that_is_gone_is_no_error(lane_queue: LaneQueue) -> None:
    lane_queue.queues.enqueue(a_job())
    first = lane_queue.inbox.receive(hidden_for=30)
    assert first is not None
    lane_queue.inbox.delete(first)

    lane_queue.inbox.hide(first, seconds=30)


def job_ids(deliveries: list[Delivery]) -> set[str]:
    return {JobMessage.from_json(delivery.body).job_id for delivery in deliveries}


def test_several_messages_are_received_at_once_and_each_is_hidden(lane_queue: LaneQueue) -> None:
    jobs = [a_job() for _ in range(3)]
    for job in jobs:
        lane_queue.queues.enqueue(job)

    found = lane_queue.inbox.receive_many(most=5, hidden_for=30, wait=False)

    assert job_ids(found) == {job.id for job in jobs}
    assert {delivery.deliveries for delivery in found} == {1}
    assert len({delivery.receipt for delivery in found}) == 3
    assert lane_queue.inbox.receive_many(most=5, hidden_for=30, wait=False) == []


def test_many_jobs_are_enqueued_at_once(lane_queue: LaneQueue) -> None:
    jobs = [a_job() for _ in range(23)]

    lane_queue.queues.enqueue_many(jobs)

    found = [lane_queue.inbox.receive_many(most=10, hidden_for=30, wait=False) for _ in range(4)]
    assert job_ids([delivery for part in found for delivery in part]) == {job.id for job in jobs}


def test_no_more_is_received_than_was_asked_for_and_the_rest_stays(lane_queue: LaneQueue) -> None:
    jobs = [a_job() for _ in range(5)]
    for job in jobs:
        lane_queue.queues.enqueue(job)

    first = lane_queue.inbox.receive_many(most=2, hidden_for=30, wait=False)
    rest = lane_queue.inbox.receive_many(most=5, hidden_for=30, wait=False)

    assert (len(first), len(rest)) == (2, 3)
    assert job_ids(first + rest) == {job.id for job in jobs}


def test_more_may_be_asked_for_than_is_handed_out_at_once(lane_queue: LaneQueue) -> None:
    for _ in range(MOST_AT_ONCE + 2):
        lane_queue.queues.enqueue(a_job())

    assert len(lane_queue.inbox.receive_many(most=32, hidden_for=30, wait=False)) == MOST_AT_ONCE
    assert len(lane_queue.inbox.receive_many(most=32, hidden_for=30, wait=True)) == 2


def test_of_several_messages_each_is_settled_for_itself(lane_queue: LaneQueue) -> None:
    for _ in range(3):
        lane_queue.queues.enqueue(a_job())
    done, given_back, _ = lane_queue.inbox.receive_many(most=3, hidden_for=30, wait=True)

    lane_queue.inbox.delete(done)
    lane_queue.inbox.hide(given_back, seconds=0)

    again = lane_queue.inbox.receive_many(most=3, hidden_for=30, wait=False)
    assert [(one.body, one.deliveries) for one in again] == [(given_back.body, 2)]
