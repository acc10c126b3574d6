"""Two people with several devices, a friend, somebody who listens, and all that can go wrong between them."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from functions.core.calls.switchboard import Switchboard
from functions.core.errors import ParleyError
from functions.core.realtime.model import Connection
from functions.core.realtime.posts import ConnectionGone, NotPosted
from functions.core.realtime.push import Push
from functions.core.realtime.store import Connections
from functions.core.table import Document, Write
from tests.core.calls.builders import (
    A1,
    A2,
    ANNA,
    B1,
    B2,
    B3,
    BERT,
    D1,
    DORA,
    E1,
    EVE,
    EveryoneIsIn,
    FakePeople,
    a_ticket,
    an_envelope,
    header_of,
)
from tests.core.calls.client import ANSWERED, Client, Frame
from tests.core.calls.tasks import Task, current
from tests.fakes.clock import FakeClock
from tests.fakes.ring_timers import FakeRingTimers
from tests.fakes.table import FakeTable

DEVICES = {ANNA: [A1, A2], BERT: [B1, B2, B3], DORA: [D1]}


class Crashed(Exception):
    """A function was stopped in the middle of its work."""


class RacingTable(FakeTable):
    """Lets others in at every read and write, and between the keys of one read; breaks down around a write.

    Only where a function runs as a task: not in the threads that post, nor in the test itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.let_others_in: Callable[[Task], None] = lambda _: None
        self.maybe_crash: Callable[[], None] = lambda: None

    def get(self, pk: str) -> Document | None:
        self._pause()
        return super().get(pk)

    def get_many(self, pks: Sequence[str]) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for pk in pks:
            # BatchGetItem is no snapshot.
            self._pause()
            found |= super().get_many([pk])
        return found

    def write(self, *writes: Write) -> None:
        task = current()
        if task is None:
            super().write(*writes)
            return
        self.let_others_in(task)
        self.maybe_crash()
        super().write(*writes)
        self.maybe_crash()

    def _pause(self) -> None:
        task = current()
        if task is not None:
            self.let_others_in(task)


class Wire:
    """What was posted and has not arrived."""

    def __init__(self) -> None:
        self.lines: dict[str, list[dict[str, Any]]] = {}
        self.gone: set[str] = set()
        self.failing: set[str] = set()

    def post(self, connection_id: str, data: bytes) -> None:
        if connection_id in self.gone:
            raise ConnectionGone
        if connection_id in self.failing:
            raise NotPosted("LimitExceededException")
        # One thread posts to a connection at a time.
        self.lines.setdefault(connection_id, []).append(json.loads(data))

    def close(self, connection_id: str) -> None:
        self.gone.add(connection_id)


@dataclass
class Faults:
    drop: float = 0.0
    double: float = 0.0
    crash: float = 0.0
    interleave: float = 0.0
    fail: float = 0.0


class World:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.clock = FakeClock()
        self.table = RacingTable()
        self.table.let_others_in = self._let_others_in
        self.table.maybe_crash = self._maybe_crash
        self.wire = Wire()
        self.connections = Connections(self.table, clock=self.clock)
        self.timers = FakeRingTimers(self.clock)
        self.board = Switchboard(
            self.table,
            push=Push(self.connections, self.wire, EveryoneIsIn(self.table, clock=self.clock)),
            people=FakePeople((ANNA, BERT), (ANNA, DORA), (BERT, DORA)),
            timers=self.timers,
            clock=self.clock,
        )
        level = self.random.choice([0.0, 0.05, 0.15])
        self.faults = Faults(
            drop=level, double=level, crash=level / 2, fail=level, interleave=self.random.choice([0.0, 0.1, 0.4])
        )
        shape = self.random.choice([(1, 2, 0), (1, 2, 0), (2, 1, 0), (1, 2, 1), (1, 2, 1), (2, 3, 1)])
        self.clients = [
            Client(unique_id, device_id, self.random)
            for unique_id, count in zip(DEVICES, shape, strict=True)
            for device_id in DEVICES[unique_id][:count]
        ]
        self.connected: dict[str, Connection] = {}
        """By device."""
        self.owners: dict[str, tuple[str, str]] = {}
        """By connection: whose it is, with which device; also of those that are over."""
        self.up: list[tuple[Client, Connection, Frame]] = []
        self.down: list[tuple[str, dict[str, Any]]] = []
        self.tasks: list[Task] = []
        """Functions that have begun and are not done."""
        self._names = 0
        for client in self.clients:
            self.connect(client)
        self.eve = self._open(EVE, E1)

    # What happens

    def step(self) -> None:
        what = self.random.choices(
            [self._act, self._meddle, self._send_due, self._deliver_up, self._deliver_down, self._advance,
             self._pass_time, self._doze, self._drop_out, self._come_back, self._listen, self._run_timers, self._fail],
            [14, 3, 16, 30, 30, 60, 5, 1, 1, 4, 3, 3, 1],
        )[0]  # fmt: skip
        what()
        self.collect()
        self.check_lines()

    def settle(self) -> None:
        """Nothing goes wrong any more: everybody comes back, and all that is on its way arrives."""
        while self.tasks:
            self._advance()
        self.faults = Faults()
        self.wire.failing.clear()
        for client in self.clients:
            if client.device_id in self.connected:
                self.disconnect(client)
            self.connect(client)
        self.flush()
        for client in self.clients:
            client.sync([*client.calls], self.clock())
        self.flush()

    def flush(self) -> None:
        for _ in range(60):
            for client in self.clients:
                client.tick(self.clock())
                self._send_all(client)
            while self.up or self.down:
                if self.up:
                    self._deliver_up()
                self.collect()
                if self.down:
                    self._deliver_down()
            self._expire_due()
            self.collect()
            if not self.down and not any(client.unacked for client in self.clients):
                return
            self.clock.pass_time(timedelta(seconds=1))
        raise AssertionError("it never comes to rest")

    def close(self) -> None:
        for task in self.tasks:
            task.abandon()

    def connect(self, client: Client) -> None:
        self.connected[client.device_id] = self._open(client.unique_id, client.device_id)
        client.connect(self.clock())

    def disconnect(self, client: Client) -> None:
        connection = self.connected.pop(client.device_id)
        self.wire.gone.add(connection.id)
        # What was on its way to it is lost; what it has sent may still arrive.
        self.collect()
        self.down = [one for one in self.down if one[0] != connection.id]

    # Steps

    def _act(self) -> None:
        client = self.random.choice(self.clients)
        now = self.clock()
        talks_in, rings = client.talks_in(), sorted(client.rings)
        if talks_in is not None:
            self.random.choices([client.signal, client.connected, client.hang_up], [10, 3, 0.7])[0](talks_in, now)
        elif rings:
            self.random.choices([client.accept, client.decline, lambda *_: None], [5, 1, 3])[0](rings[0], now)
        elif (calling := client.current()) is not None:
            self.random.choices([client.signal, client.hang_up, lambda *_: None], [4, 1, 4])[0](calling, now)
        elif self.random.random() < (0.02 if client.knows_of_a_call() else 0.15) and len(client.invited) < 5:
            callee = self.random.choice(sorted({one.unique_id for one in self.clients} - {client.unique_id}))
            devices = [one.device_id for one in self.clients if one.unique_id == callee]
            client.call(callee, devices[: self.random.randint(1, 4)], now)
            if self.random.random() < 0.1:
                client.hang_up([*client.invited][-1], now)

    def _meddle(self) -> None:
        """Have a device do something with a call of its person that it need not be in."""
        client = self.random.choice(self.clients)
        if client.calls:
            call_id = self.random.choice([*client.calls])
            kind = self.random.choice(["call.accept", "call.decline", "call.hangup", "call.connected", "call.ringing"])
            client.send({"type": kind, "call_id": call_id}, self.clock())

    def _send_due(self) -> None:
        self._send_all(self.random.choice(self.clients))

    def _send_all(self, client: Client) -> None:
        connection = self.connected.get(client.device_id)
        if connection is not None:
            self.up += [(client, connection, frame) for frame in client.due(self.clock())]

    def _deliver_up(self) -> None:
        if not self.up:
            return
        client, connection, frame = self.up.pop(self.random.randrange(len(self.up)))
        if self.random.random() < self.faults.double:
            self.up.append((client, connection, frame))
        if self.random.random() < self.faults.drop:
            return
        self._begin(lambda: self._answer(client, connection, frame))

    def _answer(self, client: Client, connection: Connection, frame: Frame) -> None:
        reply = self._handle(frame, connection)
        assert reply is None or reply.get("code") not in {"conflict", "unavailable"}, reply
        if reply is not None and self.connected.get(client.device_id) is connection:
            self.down.append((connection.id, {**reply, "id": frame["id"]}))

    def _handle(self, frame: Frame, connection: Connection) -> dict[str, Any] | None:
        try:
            return json.loads(json.dumps(self.board.handle(frame, connection)))  # type: ignore[no-any-return]
        except ParleyError as error:
            return {"type": "error", "code": error.code, "detail": error.detail, **error.facts}
        except Crashed:
            return None

    def _begin(self, function: Callable[[], None]) -> None:
        """Start a function; others may go on before it is done."""
        task = Task(function)
        self.tasks.append(task)
        self._run(task)

    def _advance(self) -> None:
        if self.tasks:
            self._run(self.random.choice(self.tasks))

    def _run(self, task: Task) -> None:
        task.advance()
        if task.is_done:
            self.tasks.remove(task)

    def collect(self) -> None:
        """Take what was posted; nobody but those whom it concerns may be among its receivers."""
        for connection_id, events in self.wire.lines.items():
            for event in events:
                self._check_event(event, *self.owners[connection_id])
                self.down.append((connection_id, event))
        self.wire.lines.clear()

    def _deliver_down(self) -> None:
        if not self.down:
            return
        connection_id, event = self.down.pop(self.random.randrange(len(self.down)))
        if self.random.random() < self.faults.double:
            self.down.append((connection_id, event))
        device_id = self.owners[connection_id][1]
        connection = self.connected.get(device_id)
        if connection is None or connection.id != connection_id or self.random.random() < self.faults.drop:
            return
        client = next(one for one in self.clients if one.device_id == device_id)
        if event["type"] in {"ack", "error", "synced", "pong"}:
            client.replied(event, self.clock())
        else:
            client.told(event, self.clock())

    def _pass_time(self) -> None:
        seconds = self.random.choices([0.3, 2, 6, 15, 50, 100], [20, 20, 10, 5, 1, 0.5])[0]
        self.clock.pass_time(timedelta(seconds=seconds))
        for client in self.clients:
            client.tick(self.clock())

    def _drop_out(self) -> None:
        client = self.random.choice(self.clients)
        if client.device_id in self.connected:
            self.disconnect(client)

    def _doze(self) -> None:
        """Have one fall silent for longer than its line is held, while the others go on; then it calls somebody."""
        client = self.random.choice(self.clients)
        if client.talks_in() is None or client.device_id not in self.connected:
            return
        self.disconnect(client)
        for _ in range(self.random.randint(2, 4)):
            self.clock.pass_time(timedelta(seconds=26))
            for other in self.clients:
                if other is not client:
                    other.tick(self.clock())
                    self._send_all(other)
            for _ in range(self.random.randint(0, 20)):
                self._deliver_up()
                self.collect()
                self._deliver_down()
        self.clock.pass_time(timedelta(seconds=self.random.randint(0, 25)))
        self.connect(client)
        callee = self.random.choice(sorted({one.unique_id for one in self.clients} - {client.unique_id}))
        client.call(callee, [one.device_id for one in self.clients if one.unique_id == callee], self.clock())
        for other in self.clients:
            other.tick(self.clock())
            self._send_all(other)

    def _come_back(self) -> None:
        for client in self.clients:
            if client.device_id not in self.connected:
                self.connect(client)

    def _fail(self) -> None:
        if self.random.random() < self.faults.fail:
            self.wire.failing = set(self.random.sample(sorted(self.owners), 1))
        else:
            self.wire.failing.clear()

    def _run_timers(self) -> None:
        self._expire_due()
        if self.timers.waiting and self.random.random() < self.faults.double:
            # One that comes too early, and once more.
            self._expire(json.loads(self.random.choice(self.timers.waiting)[1])["call_id"])

    def _expire_due(self) -> None:
        for timer in self.timers.receive():
            self._expire(timer.call_id)

    def _expire(self, call_id: str) -> None:
        def expire() -> None:
            with suppress(Crashed):
                self.board.expire(call_id)

        self._begin(expire)

    # Somebody who listens

    def _listen(self) -> None:
        """Try something with a call of others: it is always as if there were none."""
        call_ids = [pk.removeprefix("CALL#") for pk in self.table.documents if pk.startswith("CALL#")]
        if not call_ids:
            return
        call_id = self.random.choice(sorted(call_ids))
        as_eve: dict[str, Any] = {
            "call": call_id,
            "from": EVE,
            "fd": E1,
            "type": "ice",
            "to": self.random.choice([ANNA, BERT]),
        }
        envelope = an_envelope(**as_eve, td=self.random.choice([A1, B1]))
        offer = an_envelope(**{**as_eve, "type": "offer", "to": BERT}, td=B1)
        attempts: list[tuple[Frame, str]] = [
            ({"type": "ping", "call_id": call_id}, "not-found"),
            ({"type": "sync", "call_id": call_id, "have": {A1: 0, B1: 0}}, "not-found"),
            ({"type": "call.ringing", "call_id": call_id}, "not-found"),
            ({"type": "call.accept", "call_id": call_id}, "not-found"),
            ({"type": "call.decline", "call_id": call_id}, "not-found"),
            ({"type": "call.hangup", "call_id": call_id}, "not-found"),
            ({"type": "call.connected", "call_id": call_id}, "not-found"),
            ({"type": "signal", "envelope": envelope}, "not-found"),
            ({"type": "signal", "envelope": an_envelope(call=call_id, type="ice")}, "bad-envelope"),
            ({"type": "call.invite", "call_id": call_id, "to": BERT, "offers": [offer]}, "not-found"),
        ]  # fmt: skip
        frame, expected = self.random.choice(attempts)
        before = dict(self.table.documents)
        faults, self.faults = self.faults, Faults()
        reply = self._handle(frame, self.eve)
        self.faults = faults
        assert reply is not None
        assert reply["type"] == "error", reply
        assert reply["code"] == expected, reply
        assert reply.keys() <= {"type", "code", "detail"}, reply
        assert self.table.documents == before

    def _check_event(self, event: dict[str, Any], unique_id: str, device_id: str) -> None:
        assert unique_id != EVE, "a third one has heard something"
        envelope = event.get("envelope")
        if envelope is not None:
            header = header_of(envelope)
            assert (header["to"], header["td"]) == (unique_id, device_id)
        if "call" in event:
            assert unique_id in {event["call"]["caller"], event["call"]["callee"]}
            assert not json.dumps(event).count("usr_"), "account ids stay on the server"
        if event["type"] == "call.ringing":
            call = self.table.documents[f"CALL#{event['call_id']}"]
            assert (unique_id, device_id) == (call["caller"], call["caller_device"])

    # What holds at every moment

    def check_lines(self) -> None:
        """A call that runs has both lines, and no other call has one."""
        documents = self.table.documents
        running = {pk: one for pk, one in documents.items() if pk.startswith("CALL#") and _runs(one)}
        lines = {pk: one.get("call_id") for pk, one in documents.items() if pk.startswith("LINE#")}
        for call in running.values():
            assert lines[f"LINE#{call['caller']}"] == lines[f"LINE#{call['callee']}"] == call["id"]
        assert {call_id for call_id in lines.values() if call_id} == {call["id"] for call in running.values()}

    def _open(self, unique_id: str, device_id: str) -> Connection:
        self._names += 1
        connection_id = f"{device_id[-2:]}-{self._names}"
        self.owners[connection_id] = (unique_id, device_id)
        self.connections.open(connection_id, a_ticket(unique_id, device_id))
        found = self.connections.find(connection_id)
        assert found is not None
        return found

    def _let_others_in(self, task: Task) -> None:
        if self.random.random() < self.faults.interleave:
            task.pause()

    def _maybe_crash(self) -> None:
        if self.random.random() < self.faults.crash:
            raise Crashed


def _runs(call: dict[str, Any]) -> bool:
    return call["status"] in {"ringing", *ANSWERED}
