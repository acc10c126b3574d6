"""What one call asks of the server: frames by the real client, and what the switchboard asks of DynamoDB for them."""

import json
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, WebSocket

from bench.calls.setup_times import SETTINGS
from tests.browser import Telephones, make_contacts, telephones_at
from tests.core.calls.builders import A1, ANNA, B1, BERT, an_envelope
from tests.core.calls.switchboards import House, about, answer, from_anna, from_bert
from tests.fakes.clock import FakeClock
from tests.journeys.caller import Caller
from tests.local_system import running_system

MINUTES: Final = 3
PING_EVERY: Final = 25


class Traffic:
    """What went over the WebSockets of some pages."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.received: Counter[str] = Counter()

    def listen(self, page: Page) -> None:
        """Count what is opened from now on."""
        page.on("websocket", self._count)

    def forget(self) -> None:
        """Begin anew."""
        self.sent.clear()
        self.received.clear()

    def _count(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self.sent.update([_type_of(frame)]))
        socket.on("framereceived", lambda frame: self.received.update([_type_of(frame)]))


def say_costs() -> None:
    """Print what a call of Chromium says, and what a call of three minutes asks of the table."""
    traffic = _traffic_of_a_call()
    print("A call between two Chromium with one device each: invited, answered, 10 s of talk, hung up. Both ends:\n")
    print("| direction | frames | by type |\n|---|---|---|")
    for name, counts in (("sent", traffic.sent), ("received", traffic.received)):
        print(f"| {name} | {counts.total()} | {', '.join(f'{kind} {count}' for kind, count in counts.most_common())} |")
    print(f"\nThe switchboard, for a call of {MINUTES} minutes with as many signals, and pings every {PING_EVERY} s:\n")
    print("| step | requests to DynamoDB | items written | posts |\n|---|---|---|---|")
    for step, counts in _costs_of_steps().items():
        print(f"| {step} | {counts['requests']} | {counts['items']} | {counts['posts']} |")


def _traffic_of_a_call() -> Traffic:
    traffic = Traffic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        system = stack.enter_context(running_system(folder / "data", environ=SETTINGS))
        telephones: Telephones = stack.enter_context(telephones_at(system.url, folder))
        anna, boris = (stack.enter_context(Caller.registered(system.url)) for _ in range(2))
        make_contacts(anna, boris)
        one, other = (
            telephones.open(person, name, opened=traffic.listen) for person, name in ((anna, "Anna"), (boris, "Boris"))
        )
        traffic.forget()
        one.call(other)
        other.rings()
        other.accept()
        for telephone in (one, other):
            telephone.comes_to(phase="connected")
        one.page.wait_for_timeout(10_000)
        one.hang_up()
        other.comes_to(phase="over")
        other.page.wait_for_timeout(1_000)
    return traffic


def _type_of(frame: Any) -> str:
    said = json.loads(frame)
    return str(said.get("type")) if isinstance(said, dict) else "?"


def _costs_of_steps() -> dict[str, Counter[str]]:
    clock = FakeClock()
    house = House(clock)
    house.connect(ANNA, A1)
    house.connect(BERT, B1)
    costs: dict[str, Counter[str]] = {}

    def do(step: str, device: str, frame: dict[str, Any]) -> None:
        before = house.table.calls.total(), house.table.writes, len(house.posts.posts)
        reply = house.say(device, frame)
        assert reply["type"] != "error", reply
        after = house.table.calls.total(), house.table.writes, len(house.posts.posts)
        spent = (late - early for late, early in zip(after, before, strict=True))
        costs.setdefault(step, Counter()).update(dict(zip(("requests", "items", "posts"), spent, strict=True)))

    offers = [an_envelope()]
    do("invite", A1, about("call.invite", to=BERT, offers=offers))
    do("ringing", B1, about("call.ringing"))
    house.pass_time(5)
    do("accept", B1, about("call.accept", envelope=answer()))
    do("candidates, one batch each", A1, {"type": "signal", "envelope": from_anna()})
    do("candidates, one batch each", B1, {"type": "signal", "envelope": from_bert()})
    do("connected, both", A1, about("call.connected"))
    do("connected, both", B1, about("call.connected"))
    for _ in range(MINUTES * 60 // PING_EVERY):
        house.pass_time(PING_EVERY)
        for device in (A1, B1):
            do(f"{MINUTES} minutes of pings, both", device, about("ping"))
    do("hang up", A1, about("call.hangup"))
    total = Counter[str]()
    for one in costs.values():
        total.update(one)
    return costs | {"all": total}
