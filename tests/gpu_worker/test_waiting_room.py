import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.queue import JobMessage
from gpu_worker.inbox import Delivery
from gpu_worker.waiting_room import SEATS, WaitingRoom
from tests.builders import a_job
from tests.fakes.clock import FakeClock
from tests.fakes.queues import FakeInbox

LEASE = timedelta(seconds=30)
LEASE_SECONDS = 30


class Queue(FakeInbox):
    """A queue that remembers how it was asked, and in which a test may act meanwhile."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.waits: list[bool] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def receive_many(self, *, most: int, hidden_for: int, wait: bool) -> list[Delivery]:
        self.waits.append(wait)
        found = super().receive_many(most=most, hidden_for=hidden_for, wait=wait)
        self.meanwhile()
        return found

    def hide(self, delivery: Delivery, *, seconds: int) -> None:
        self.meanwhile()
        super().hide(delivery, seconds=seconds)

    def visible(self) -> int:
        return self.depth().waiting


@pytest.fixture
def queue(clock: FakeClock) -> Queue:
    return Queue(clock)


@pytest.fixture
def room(queue: Queue) -> WaitingRoom:
    return WaitingRoom(queue)


def send(queue: Queue, owner: str, times: int = 1) -> None:
    for _ in range(times):
        job = a_job(owner_id=owner)
        message = JobMessage(job_id=job.id, kind=job.kind, request_id=job.request_id, owner_id=owner)
        queue.send(message.to_json())


def owner_of(delivery: Delivery | None) -> str | None:
    return JobMessage.from_json(delivery.body).owner_id if delivery else None


def received(room: WaitingRoom, times: int) -> list[str | None]:
    return [owner_of(room.receive(hidden_for=LEASE_SECONDS)) for _ in range(times)]


def seated(room: WaitingRoom) -> list[str | None]:
    return [owner_of(delivery) for delivery in room._waiting.items()]


def test_an_empty_queue_has_nothing(room: WaitingRoom) -> None:
    assert room.receive(hidden_for=LEASE_SECONDS) is None


def test_messages_of_one_owner_come_as_they_were_sent(room: WaitingRoom, queue: Queue) -> None:
    send(queue, "anna", 15)
    bodies = [message.body for message in queue.messages]

    deliveries = [room.receive(hidden_for=LEASE_SECONDS) for _ in range(15)]

    assert [delivery.body for delivery in deliveries if delivery] == bodies


@given(position=st.integers(0, 200))
def test_one_message_among_two_hundred_of_somebody_else_comes_second_once_it_is_in_the_room(position: int) -> None:
    queue = Queue(FakeClock())
    room = WaitingRoom(queue)
    send(queue, "anna", position)
    send(queue, "boris")
    send(queue, "anna", 200 - position)
    waited = 0

    order: list[str | None] = []
    while "boris" not in order:
        was_seated = "boris" in seated(room)
        order += received(room, 1)
        waited += was_seated

    assert waited <= 1
    assert len(order) <= position + 2


def test_every_message_comes_once_whoever_waits_for_it(room: WaitingRoom, queue: Queue) -> None:
    for owner in ("anna", "boris", "вера"):
        send(queue, owner, 40)
    found: list[Delivery] = []
    begin = threading.Barrier(6)

    def work() -> None:
        begin.wait()
        while (delivery := room.receive(hidden_for=LEASE_SECONDS)) is not None:
            found.append(delivery)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(delivery.body for delivery in found) == sorted(message.body for message in queue.messages)
    assert {delivery.deliveries for delivery in found} == {1}


def test_while_one_asks_the_queue_others_do_not(
    room: WaitingRoom, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu_worker.waiting_room._PATIENCE", 0.01)
    send(queue, "anna", 2)
    is_asking, may_go_on = threading.Event(), threading.Event()

    def be_slow() -> None:
        is_asking.set()
        may_go_on.wait()

    queue.meanwhile = be_slow
    first: list[Delivery | None] = []
    thread = threading.Thread(target=lambda: first.append(room.receive(hidden_for=LEASE_SECONDS)))
    thread.start()
    is_asking.wait()

    assert room.receive(hidden_for=LEASE_SECONDS) is None
    may_go_on.set()
    thread.join()
    assert first[0] is not None
    assert len(queue.waits) == 1


def test_a_queue_that_breaks_lets_the_next_one_ask(room: WaitingRoom, queue: Queue) -> None:
    def fail() -> None:
        raise OSError("no route")

    queue.meanwhile = fail
    with pytest.raises(OSError, match="no route"):
        room.receive(hidden_for=LEASE_SECONDS)

    queue.meanwhile = lambda: None
    send(queue, "anna")
    assert received(room, 1) == ["anna"]


def test_no_more_are_held_than_there_are_seats(queue: Queue) -> None:
    room = WaitingRoom(queue, seats=12)
    send(queue, "anna", 50)

    for taken in range(1, 51):
        received(room, 1)
        in_room = len(seated(room))
        assert in_room < 12
        assert queue.visible() == 50 - taken - in_room


def test_there_are_as_many_seats_as_make_sqs_fair(room: WaitingRoom, queue: Queue) -> None:
    send(queue, "anna", 100)

    received(room, 10)

    assert SEATS >= 30
    assert len(seated(room)) == SEATS - 1


def test_the_queue_is_waited_for_only_where_nothing_is_seated(room: WaitingRoom, queue: Queue) -> None:
    send(queue, "anna", 3)

    received(room, 4)

    assert queue.waits == [True, False, False, True]


def test_a_full_room_asks_for_nothing(queue: Queue) -> None:
    room = WaitingRoom(queue, seats=1)
    send(queue, "anna", 2)
    room._seat(queue.receive_many(most=1, hidden_for=LEASE_SECONDS, wait=False))

    assert received(room, 1) == ["anna"]
    assert len(queue.waits) == 1


def test_who_waits_is_kept_hidden_by_beats(room: WaitingRoom, queue: Queue, clock: FakeClock) -> None:
    send(queue, "anna", 5)
    first = room.receive(hidden_for=LEASE_SECONDS)
    assert first is not None
    room.delete(first)

    for _ in range(5):
        clock.pass_time(timedelta(seconds=20))
        room.beat(LEASE)
        assert queue.visible() == 0

    assert received(room, 5) == ["anna"] * 4 + [None]


def test_a_message_that_was_handed_out_is_not_the_rooms_to_keep(
    room: WaitingRoom, queue: Queue, clock: FakeClock
) -> None:
    send(queue, "anna", 2)
    first = room.receive(hidden_for=LEASE_SECONDS)
    assert first is not None

    room.hide(first, seconds=0)
    room.beat(LEASE)

    assert queue.visible() == 1


def test_who_waits_is_given_back_at_the_end(room: WaitingRoom, queue: Queue) -> None:
    send(queue, "anna", 20)
    received(room, 1)
    assert queue.visible() == 10

    room.close()

    assert queue.visible() == 19
    assert received(room, 1) == [None]
    assert queue.visible() == 19


def test_what_a_poll_in_hand_has_brought_is_given_back_too(room: WaitingRoom, queue: Queue) -> None:
    send(queue, "anna", 5)
    queue.meanwhile = room.close
    (handed_out,) = received(room, 1)

    assert handed_out is None
    assert queue.visible() == 5
    assert seated(room) == []


class OpenDoor:
    """A lock: when it is let go of for the first time, something happens before its owner goes on."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._acts = [act]

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        while self._acts:
            self._acts.pop()()


def test_what_was_given_back_during_a_beat_stays_given_back(
    room: WaitingRoom, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(queue, "anna", 4)
    received(room, 1)
    monkeypatch.setattr(room, "_seated", OpenDoor(room.close))

    room.beat(LEASE)

    assert queue.visible() == 3


def test_nothing_is_hidden_again_that_was_given_back(room: WaitingRoom, queue: Queue) -> None:
    send(queue, "anna", 4)
    received(room, 1)
    room.close()

    room.beat(LEASE)

    assert queue.visible() == 3


@pytest.mark.parametrize(
    "body", ["", "{not json", "null", "[]", '"text"', "{}", '{"version": 99}', "не сообщение", "\x00"]
)
def test_a_message_that_cannot_be_read_comes_through_as_it_is(body: str, room: WaitingRoom, queue: Queue) -> None:
    send(queue, "anna", 3)
    queue.send(body)

    found = [room.receive(hidden_for=LEASE_SECONDS) for _ in range(2)]

    assert body in [delivery.body for delivery in found if delivery]


@given(st.lists(st.text(max_size=30), max_size=30))
def test_whatever_the_bodies_are_all_of_them_come(bodies: list[str]) -> None:
    queue = Queue(FakeClock())
    room = WaitingRoom(queue)
    for body in bodies:
        queue.send(body)

    found = [room.receive(hidden_for=LEASE_SECONDS) for _ in bodies]

    assert sorted(delivery.body for delivery in found if delivery) == sorted(bodies)


def test_as_an_inbox_for_one_it_gives_a_list_of_at_most_one(room: WaitingRoom, queue: Queue) -> None:
    send(queue, "anna", 3)

    assert len(room.receive_many(most=10, hidden_for=LEASE_SECONDS, wait=True)) == 1
    received(room, 2)
    assert room.receive_many(most=10, hidden_for=LEASE_SECONDS, wait=True) == []


def test_what_is_done_does_not_come_again(room: WaitingRoom, queue: Queue, clock: FakeClock) -> None:
    send(queue, "anna")
    delivery = room.receive(hidden_for=LEASE_SECONDS)
    assert delivery is not None

    room.delete(delivery)
    clock.pass_time(timedelta(hours=1))

    assert received(room, 1) == [None]
