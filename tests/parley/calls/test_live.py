import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import NotSignedIn, Problem, Unreachable
from parley.realtime.backoff import FIRST, LONGEST, Backoff
from parley.realtime.errors import Refusal
from parley.realtime.live import CONNECTED, Live
from parley.realtime.server_clock import ServerClock
from parley.realtime.ticket import Ticket
from parley.realtime.wire import PING_EVERY, PING_IN_CALL, RENEW_EARLIEST, RENEW_LATEST, RESEND_AFTER, Wire
from tests.parley.calls.fake_socket import FakeRealtime, FakeSocket, now, wall
from tests.parley.calls.virtual_time import run_virtually

Frame = dict[str, Any]


def live_with(server: FakeRealtime, chance: Callable[[], float] = lambda: 0.5) -> Live:
    return Live(server.ticket, server.open, chance=chance, wall=wall)


def connected(server: FakeRealtime, work: Callable[[Live], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        async with live_with(server) as live:
            return await work(live)

    return run_virtually(run())


def test_a_frame_is_answered_by_its_id() -> None:
    def answer(_socket: FakeSocket, frame: Frame) -> Frame:
        return {"type": "ack", "echo": frame["n"]}

    async def work(live: Live) -> list[Frame]:
        return await asyncio.gather(*(live.ask({"type": "signal", "n": number}) for number in range(5)))

    assert [reply["echo"] for reply in connected(FakeRealtime(answer), work)] == [0, 1, 2, 3, 4]


def test_a_frame_without_reply_is_sent_again_under_the_same_id() -> None:
    def answer(socket: FakeSocket, frame: Frame) -> Frame | None:
        return {"type": "ack"} if socket.types().count("signal") == 3 else None

    async def work(live: Live) -> float:
        await live.ask({"type": "signal"})
        return now()

    server = FakeRealtime(answer)
    assert connected(server, work) == pytest.approx(RESEND_AFTER + 2 * RESEND_AFTER)
    ids = [frame["id"] for _, frame in server.sockets[0].sent if frame["type"] == "signal"]
    assert len(ids) == 3
    assert len(set(ids)) == 1


def test_a_frame_that_nobody_answers_is_given_up() -> None:
    with pytest.raises(Unreachable):
        connected(FakeRealtime(lambda _socket, _frame: None), lambda live: live.ask({"type": "signal"}))


def test_a_refusal_has_the_servers_words() -> None:
    def answer(_socket: FakeSocket, _frame: Frame) -> Frame:
        return {"type": "error", "code": "glare", "call_id": "call_1"}

    with pytest.raises(Refusal) as caught:
        connected(FakeRealtime(answer), lambda live: live.ask({"type": "call.invite"}))
    assert caught.value.code == "glare"
    assert caught.value.frame["call_id"] == "call_1"


def test_too_fast_is_slowed_down_and_not_told() -> None:
    def answer(socket: FakeSocket, _frame: Frame) -> Frame:
        if socket.types().count("signal") == 1:
            return {"type": "error", "code": "too-fast", "retry_after": 2}
        return {"type": "ack"}

    async def work(live: Live) -> float:
        await live.ask({"type": "signal"})
        return now()

    assert 2 <= connected(FakeRealtime(answer), work) <= 4.1


def test_who_must_wait_long_is_told() -> None:
    def answer(_socket: FakeSocket, _frame: Frame) -> Frame:
        return {"type": "error", "code": "too-fast", "retry_after": 40}

    with pytest.raises(Refusal):
        connected(FakeRealtime(answer), lambda live: live.ask({"type": "call.invite"}))


def test_events_come_in_their_order_after_the_news_of_the_connection() -> None:
    async def work(live: Live) -> list[str]:
        server.sockets[0].say({"type": "job"})
        server.sockets[0].say({"type": "recording"})
        events = live.events()
        return [(await anext(events))["type"] for _ in range(3)]

    server = FakeRealtime()
    assert connected(server, work) == [CONNECTED, "job", "recording"]


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"message": "Internal server error"}', '{"type": 3}', "null"])
def test_what_cannot_be_read_is_left_alone(text: str) -> None:
    wire = Wire(ids=lambda: "1", chance=lambda: 0.5, wall=lambda: 0)
    assert wire.take(text, 0) is None


def test_a_lost_connection_is_replaced_and_what_is_unanswered_sent_again() -> None:
    def answer(socket: FakeSocket, frame: Frame) -> Frame | None:
        if len(server.sockets) == 1:
            socket.cut()
            return None
        return {"type": "ack", "on": len(server.sockets)}

    server = FakeRealtime(answer)
    reply = connected(server, lambda live: live.ask({"type": "signal"}))

    assert reply["on"] == 2
    assert server.tickets == ["ticket-0", "ticket-1"]
    assert [one.ticket.secret for one in server.sockets] == server.tickets
    first, second = ([frame["id"] for _, frame in one.sent if frame["type"] == "signal"] for one in server.sockets)
    assert first == second


def test_pauses_between_tries_grow_up_to_their_bound() -> None:
    async def work(live: Live) -> None:
        server.failing = 12
        server.sockets[0].cut()
        await live.ask({"type": "signal"}, within=1000)

    server = FakeRealtime()
    connected(server, work)
    pauses = [later - earlier for earlier, later in itertools.pairwise(server.attempts[1:])]
    # Half of the bound, as chance is one half: the first pause is before the first try.
    assert pauses[:4] == pytest.approx([0.5, 1, 2, 4])
    assert pauses[4:] == pytest.approx([LONGEST / 2] * 8)


@given(chances=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=50))
def test_no_pause_is_longer_than_its_bound(chances: list[float]) -> None:
    chance = iter(chances)
    backoff = Backoff(lambda: next(chance))
    for tried in range(len(chances)):
        assert 0 <= backoff.next() <= min(LONGEST, FIRST * 2**tried)


def test_a_server_that_ends_each_connection_is_asked_more_and_more_seldom() -> None:
    class Slamming(FakeRealtime):
        async def open(self, ticket: Ticket) -> FakeSocket:
            socket = await super().open(ticket)
            if len(self.sockets) > 1:
                socket.cut()
            return socket

    async def work(live: Live) -> int:
        server.sockets[0].cut()
        await asyncio.sleep(60)
        return len(server.attempts)

    server = Slamming()
    assert connected(server, work) < 15


def test_silence_is_broken_by_pings_and_their_pauses_vary() -> None:
    async def work(live: Live) -> list[float]:
        await asyncio.sleep(3000)
        return [at for at, frame in server.sockets[0].sent if frame["type"] == "ping"]

    server = FakeRealtime()
    chances = iter(number % 10 / 10 for number in range(1000))

    async def run() -> list[float]:
        async with live_with(server, lambda: next(chances)) as live:
            return await work(live)

    times = run_virtually(run())
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(PING_EVERY * 0.9 <= pause <= PING_EVERY * 1.1 for pause in pauses)
    assert len({round(pause) for pause in pauses}) > 3


def test_in_a_call_pings_come_often_and_name_it() -> None:
    async def work(live: Live) -> list[Frame]:
        live.attend("call_1")
        await asyncio.sleep(4 * PING_IN_CALL - 5)
        live.attend(None)
        await asyncio.sleep(100)
        return [frame for _, frame in server.sockets[0].sent if frame["type"] == "ping"]

    server = FakeRealtime()
    pings = connected(server, work)
    assert [frame.get("call_id") for frame in pings] == [None, "call_1", "call_1", "call_1", None]


def test_nobody_at_the_other_end_is_noticed_by_a_ping() -> None:
    class Mute(FakeRealtime):
        def answer(self, socket: FakeSocket, frame: Frame) -> Frame | None:
            is_dead = socket is self.sockets[0] and socket.types().count("ping") > 1
            return None if is_dead else super().answer(socket, frame)

    async def work(live: Live) -> None:
        await asyncio.sleep(PING_EVERY + 10)

    server = Mute()
    connected(server, work)
    assert len(server.sockets) == 2
    assert server.sockets[0].closed_at == pytest.approx(PING_EVERY + 5)


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_the_next_connection_is_made_before_the_old_one_ends(chance: float) -> None:
    async def run() -> None:
        async with live_with(server, lambda: chance):
            await asyncio.sleep(2 * 3600)

    server = FakeRealtime()
    run_virtually(run())
    old, new = server.sockets[:2]
    left = 2 * 3600 - new.opened_at
    assert RENEW_LATEST - 1 <= left <= RENEW_EARLIEST + 1
    assert old.closed_at is not None
    assert old.closed_at > new.opened_at


def test_what_the_old_connection_still_says_is_heard() -> None:
    async def work(live: Live) -> list[str]:
        await asyncio.sleep(2 * 3600 - RENEW_LATEST)
        return []

    class Late(FakeRealtime):
        async def open(self, ticket: Ticket) -> FakeSocket:
            socket = await super().open(ticket)
            if len(self.sockets) == 2:
                asyncio.get_running_loop().call_later(1, self.sockets[0].say, {"type": "job"})
            return socket

    async def collect(live: Live) -> list[str]:
        seen: list[str] = []

        async def read() -> None:
            async for event in live.events():
                seen.append(event["type"])  # noqa: PERF401 - it never ends

        reader = asyncio.create_task(read())
        await work(live)
        reader.cancel()
        return seen

    assert connected(Late(), collect) == [CONNECTED, CONNECTED, "job"]


def test_a_connection_that_the_server_disowns_is_replaced() -> None:
    def answer(_socket: FakeSocket, _frame: Frame) -> Frame:
        if len(server.sockets) == 1:
            return {"type": "error", "code": "connection-over"}
        return {"type": "ack"}

    server = FakeRealtime(answer)
    assert connected(server, lambda live: live.ask({"type": "sync"}))["type"] == "ack"
    assert len(server.sockets) == 2


def test_a_ping_that_is_refused_is_a_sign_of_life() -> None:
    class Refusing(FakeRealtime):
        def answer(self, socket: FakeSocket, frame: Frame) -> Frame | None:
            if frame.get("call_id"):
                return {"type": "error", "code": "not-found"}
            return super().answer(socket, frame)

    async def work(live: Live) -> None:
        live.attend("call_gone")
        await asyncio.sleep(200)

    server = Refusing()
    connected(server, work)
    assert len(server.sockets) == 1


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 600.0])
def test_the_servers_clock_is_followed(ahead: float) -> None:
    async def work(live: Live) -> float:
        return live.server_now() - wall()

    server = FakeRealtime()
    server.clock_ahead = ahead
    assert connected(server, work) == pytest.approx(ahead, abs=0.001)


def test_the_quickest_answer_tells_the_time_best() -> None:
    clock = ServerClock()
    clock.learn(1000, took=4, arrived=900)
    clock.learn(1000, took=0.2, arrived=1000)
    clock.learn(1000, took=9, arrived=1100)
    assert clock.offset == pytest.approx(0.1)


def test_who_is_not_signed_in_is_told_and_not_tried_again() -> None:
    async def refused() -> Ticket:
        raise NotSignedIn("The credential is wrong.")

    async def run() -> None:
        async with Live(refused, FakeRealtime().open, chance=lambda: 0.5, wall=wall):
            pass

    with pytest.raises(NotSignedIn):
        run_virtually(run())


def test_a_server_without_realtime_is_tried_a_few_times_then_told() -> None:
    async def run() -> None:
        async with live_with(server):
            pass

    server = FakeRealtime()
    server.failing = 100
    with pytest.raises(Unreachable):
        run_virtually(run())
    assert len(server.attempts) == 4


def test_signed_out_in_the_middle_ends_what_waits() -> None:
    async def work(live: Live) -> None:
        async def refused() -> Ticket:
            raise Problem("Signed out.", status=403, code="forbidden")

        live._tickets = refused
        server.sockets[0].cut()
        await live.ask({"type": "signal"})

    server = FakeRealtime(lambda _socket, _frame: None)
    with pytest.raises(Problem):
        connected(server, work)


def test_frames_are_json_with_an_id() -> None:
    wire = Wire(ids=iter("ab").__next__, chance=lambda: 0.5, wall=lambda: 0)
    wire.ask({"type": "signal", "текст": "да"}, 0)
    [text] = wire.due(0)
    assert json.loads(text) == {"type": "signal", "текст": "да", "id": "a"}
