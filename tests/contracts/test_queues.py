from functions.core.jobs.queue import JobMessage
from gpu_worker.retries import MAX_DELIVERIES
from tests.builders import a_job
from tests.contracts.conftest import LaneQueue


def test_an_enqueued_job_is_delivered_with_its_request_id(lane_queue: LaneQueue) -> None:
    job = a_job(request_id="req_42", owner_id=job.owner_id)

    lane_queue.queues.enqueue(job)
    delivery = lane_queue.inbox.receive(hidden_for=30)

    assert delivery is not None
    assert JobMessage.from_json(delivery.body) == JobMessage(job_id=job.id, kind=job.kind, request_id="req_42", owner_id=job.owner_id)
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
