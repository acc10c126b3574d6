"""Who is shown what, over a registry in memory; threads only where they are what is tested."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from functions.core.accounts.model import Credential
from functions.core.jobs.ascii_frames import LiveFrame, read_event
from functions.core.jobs.ascii_options import Style
from functions.core.jobs.model import Job, Kind
from functions.core.realtime.model import WATCH_LIFE, Connection, Ticket
from functions.core.realtime.store import Connections
from gpu_worker.live import LOOK_SECONDS, STILL_SECONDS, Live, Projector, Screen
from gpu_worker.pictures.characters import CHARACTERS
from tests.builders import a_job
from tests.fakes.clock import FakeClock
from tests.fakes.posts import FakePosts
from tests.fakes.table import FakeTable
from tests.local_system import eventually

NORMAL = CHARACTERS[Style.NORMAL]


def frame(number: int, looks: int | None = None) -> LiveFrame:
    return LiveFrame(number, number * 40, 4, 2, bytes([(number if looks is None else looks) % 10]) * 8)


class House:
    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.table = FakeTable()
        self.connections = Connections(self.table, clock=clock)
        self.posts = FakePosts()
        self.job: Job = a_job(kind=Kind.ASCII_VIDEO)
        self.seconds = 0.0
        self.screen = Screen(
            self.job,
            NORMAL,
            connections=self.connections,
            posts=self.posts,
            clock=clock,
            now=lambda: self.seconds,
        )

    def connected(self, name: str, *, user_id: str | None = None) -> Connection:
        ticket = Ticket(
            id=name,
            user_id=user_id or self.job.owner_id,
            unique_id="12345678",
            credential=Credential(),
            until=self.clock() + timedelta(seconds=30),
        )
        self.connections.open(name, ticket)
        connection = self.connections.find(name)
        assert connection is not None
        return connection

    def watches(self, name: str, job_id: str | None = None, **who: Any) -> Connection:
        connection = self.connected(name, **who)
        self.connections.watch(connection, job_id or self.job.id)
        return connection

    def look(self) -> None:
        self.seconds += LOOK_SECONDS
        self.screen.look()

    def seen(self, name: str) -> list[int]:
        return [event["frame_number"] for event in self.posts.told(name) if event["type"] == "ascii.frame"]


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock)


def test_whoever_watches_is_shown_frames_as_the_text_files_have_them(house: House) -> None:
    house.watches("tab")
    house.screen.look()
    house.screen.show(frame(3))

    [event] = house.posts.told("tab")
    assert (event["type"], event["job_id"], event["frame_number"]) == ("ascii.frame", house.job.id, 3)
    assert read_event(event).text == "::::\n::::\n".replace(":", NORMAL[3])


def test_only_the_owners_connections_that_watch_this_job_are_shown_it(house: House) -> None:
    house.connected("idle")
    house.watches("elsewhere", "job_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF")
    house.watches("stranger", user_id="usr_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF")
    house.screen.look()
    house.screen.show(frame(0))

    assert not house.screen.is_watched
    assert house.posts.posts == []


def test_who_watches_is_read_every_two_seconds_at_most(house: House) -> None:
    for _ in range(50):
        house.screen.look()
        house.seconds += 0.1
    assert house.table.calls.total() == 3


def test_nobody_is_shown_anything_who_has_not_said_for_a_minute_that_he_watches(house: House) -> None:
    house.watches("tab")
    house.screen.look()
    house.clock.pass_time(WATCH_LIFE)
    house.look()

    assert not house.screen.is_watched


def test_whoever_says_so_again_goes_on_watching_and_whoever_stops_does_not(house: House) -> None:
    tab, other = house.watches("tab"), house.watches("other")
    house.clock.pass_time(WATCH_LIFE - timedelta(seconds=1))
    house.connections.watch(tab, house.job.id)
    house.connections.watch(other, None)
    house.clock.pass_time(timedelta(seconds=2))
    house.screen.look()
    house.screen.show(frame(0))

    assert (house.seen("tab"), house.seen("other")) == ([0], [])


def test_a_picture_that_stays_the_same_is_posted_now_and_then_only(house: House) -> None:
    house.watches("tab")
    house.screen.look()
    for number in range(50):
        house.screen.show(frame(number, looks=1))
        house.seconds += STILL_SECONDS / 20
    assert house.seen("tab") == [0, 20, 40]


def test_whoever_comes_later_sees_at_once_what_stays_the_same(house: House) -> None:
    house.watches("tab")
    house.screen.look()
    house.seconds = LOOK_SECONDS - 0.1
    house.screen.show(frame(0, looks=1))
    house.watches("late")
    house.seconds = LOOK_SECONDS
    house.screen.look()
    house.screen.show(frame(1, looks=1))

    assert house.seen("late") == [1]


def test_a_connection_that_is_gone_is_not_tried_again_and_the_registry_is_left_alone(house: House) -> None:
    house.watches("gone")
    house.watches("tab")
    house.posts.gone.add("gone")
    house.screen.look()
    writes = house.table.writes
    house.screen.show(frame(0))
    house.posts.gone.clear()
    house.look()
    house.screen.show(frame(1))

    assert (house.seen("gone"), house.seen("tab")) == ([], [0, 1])
    assert house.table.writes == writes


def test_a_connection_that_cannot_be_reached_rests_until_the_next_look(house: House) -> None:
    house.watches("tab")
    house.posts.failing.add("tab")
    house.screen.look()
    house.screen.show(frame(0))
    house.posts.failing.clear()
    house.screen.show(frame(1))
    house.look()
    house.screen.show(frame(2))

    assert house.seen("tab") == [2]


def test_the_end_is_told_also_to_whoever_has_just_come(house: House) -> None:
    house.screen.look()
    house.watches("late")
    house.screen.end()

    assert house.posts.told("late") == [{"type": "ascii.end", "job_id": house.job.id}]


def test_the_end_is_told_also_to_whoever_could_not_be_reached_just_now(house: House) -> None:
    house.watches("tab")
    house.posts.failing.add("tab")
    house.screen.look()
    house.screen.show(frame(0))
    house.posts.failing.clear()
    house.screen.end()

    assert [event["type"] for event in house.posts.told("tab")] == ["ascii.end"]


def test_nobody_is_known_to_watch_where_the_registry_cannot_be_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.watches("tab")
    house.screen.look()

    def fail(user_ids: object) -> None:
        raise ConnectionError("the table is away")

    with monkeypatch.context() as patch:
        patch.setattr(house.connections, "of", fail)
        with pytest.raises(ConnectionError):
            house.look()
    assert not house.screen.is_watched
    house.look()
    assert house.screen.is_watched


class SlowScreen:
    """Takes as long for a frame as the test wants."""

    seconds_to_look = 60.0
    is_watched = True

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.may_go_on = threading.Semaphore(0)
        self.shows = threading.Event()
        self.has_ended = False

    def look(self) -> None:
        pass

    def show(self, frame: LiveFrame) -> None:
        self.numbers.append(frame.number)
        self.shows.set()
        self.may_go_on.acquire()
        if frame.number == 99:
            raise ConnectionError("a post failed in an unknown way")

    def end(self) -> None:
        self.has_ended = True


def test_where_posts_are_slow_frames_are_left_out_and_nobody_waits() -> None:
    screen: Any = SlowScreen()
    projector = Projector(screen)
    projector.start()
    projector.show(frame(0))
    assert screen.shows.wait(10)
    for number in range(1, 30):
        projector.show(frame(number))
    screen.may_go_on.release(2)
    eventually(lambda: len(screen.numbers) == 2, within=10)
    projector.stop()
    projector.join(10)

    assert screen.numbers == [0, 29]
    assert screen.has_ended


def test_what_breaks_while_a_frame_is_shown_breaks_nothing_else() -> None:
    screen: Any = SlowScreen()
    projector = Projector(screen)
    screen.may_go_on.release(2)
    projector.start()
    projector.show(frame(99))
    assert screen.shows.wait(10)
    projector.stop()
    projector.join(10)

    assert screen.has_ended


def test_a_job_is_shown_while_it_is_drawn_and_then_its_end(house: House) -> None:
    house.watches("tab")
    live = Live(connections=house.connections, posts=house.posts, clock=house.clock)
    with live.showing(house.job, NORMAL) as projector:
        eventually(lambda: projector.is_there, within=10)
        projector.show(frame(5))
        eventually(lambda: house.seen("tab") == [5], within=10)
    projector.join(10)

    assert house.posts.told("tab")[-1]["type"] == "ascii.end"


def test_the_end_is_told_when_the_work_breaks(house: House) -> None:
    house.watches("tab")
    live = Live(connections=house.connections, posts=house.posts, clock=house.clock)
    with pytest.raises(ZeroDivisionError), live.showing(house.job, NORMAL) as projector:
        raise ZeroDivisionError
    projector.join(10)

    assert house.posts.told("tab") == [{"type": "ascii.end", "job_id": house.job.id}]
