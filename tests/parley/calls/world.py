"""Two people, their devices and a server that lose, repeat and reorder what they say to each other; time is made up."""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from parley.calls.actions import Action, AddCandidates, CloseMedia, MakeAnswer, MakeOffer, News, Send, TakeAnswer, Tell
from parley.calls.call import Call, Me
from parley.calls.inbox import Message
from parley.calls.view import read_view
from parley.realtime.errors import Refusal
from parley.sealed import Refused
from tests.parley.calls.switchboard import Switchboard

CALLER, CALLEE = "11111111", "22222222"
CALL_ID = "call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF"
START = 1_700_000_000.0
RESENDS = (2.0, 4.0, 8.0)


class PlainSeals:
    """Envelopes of glass: what is in them can be seen, and each opens once."""

    def __init__(self, me: Me) -> None:
        self._me = me
        self._opened: set[tuple[str, str, int]] = set()

    def seal(self, *, device: str, call_id: str, kind: str, seq: int, body: Mapping[str, Any]) -> dict[str, Any]:
        header = {"call": call_id, "type": kind, "fd": self._me.device_id, "td": device, "seq": seq}
        return {"p": header, "e": dict(body)}

    def open(self, envelope: Mapping[str, Any], *, call_id: str) -> Message:
        header = envelope["p"]
        assert header["td"] == self._me.device_id, "a message reached a third party"
        name = (header["call"], header["fd"], header["seq"])
        if header["call"] != call_id:
            raise Refused("unexpected", "")
        if name in self._opened:
            raise Refused("replay", "")
        self._opened.add(name)
        return Message(header["fd"], header["seq"], header["type"], envelope["e"])

    def fingerprint(self, sdp: str) -> str:
        if "fp=" not in sdp:
            raise Refused("fingerprint", "")
        return sdp.split("fp=")[1]


@dataclass
class Network:
    """How bad it is. A frame is lost three times at most: what never comes through is no network."""

    random: Random
    loss: float = 0.0
    repeats: float = 0.0
    slowest: float = 0.0

    def delays(self, *, may_lose: bool = True) -> list[float]:
        """When each copy arrives."""
        if may_lose and self.random.random() < self.loss:
            return []
        copies = 2 if self.random.random() < self.repeats else 1
        return [self.random.uniform(0.001, max(0.001, self.slowest)) for _ in range(copies)]


@dataclass
class End:
    """One device."""

    me: Me
    call: Call | None = None
    news: list[News] = field(default_factory=list)
    media: list[Action] = field(default_factory=list)
    was_rung: bool = False


class World:
    """Runs everything to its end."""

    def __init__(self, network: Network, *, callee_devices: int = 1) -> None:
        self.now = START
        self.network = network
        self.caller = End(Me(CALLER, "dev_a"))
        self.callees = [End(Me(CALLEE, f"dev_b{number}")) for number in range(callee_devices)]
        self.ends = {end.me.device_id: end for end in [self.caller, *self.callees]}
        self.switchboard = Switchboard(
            {CALLER: ("dev_a",), CALLEE: tuple(end.me.device_id for end in self.callees)},
            clock=lambda: self.now,
            post=self._post,
            header_of=lambda envelope: envelope["p"],
        )
        self._order = count()
        self._plan: list[tuple[float, int, Callable[[], None]]] = []

    def place(self) -> Call:
        """Let the caller call."""
        call = Call.place(
            CALL_ID,
            me=self.caller.me,
            to=CALLEE,
            devices=[end.me.device_id for end in self.callees],
            seals=PlainSeals(self.caller.me),
            clock=lambda: self.now,
        )
        self.caller.call = call
        self._perform(self.caller)
        return call

    def after(self, seconds: float, change: Callable[[], None]) -> None:
        """Let something happen."""
        heapq.heappush(self._plan, (self.now + seconds, next(self._order), change))

    def wish(self, seconds: float, end: End, change: Callable[[Call], None]) -> None:
        """Let a person do something, if there is a call at their end."""
        self.after(seconds, lambda: self._change(end, change))

    def run(self, *, until: float = 400.0) -> None:
        """Let time pass until nothing more happens."""
        while True:
            due = min((end.call.next_due() for end in self.ends.values() if end.call), default=START + until)
            planned = self._plan[0][0] if self._plan else START + until
            if min(due, planned) >= START + until:
                return
            self.now = max(self.now, min(due, planned))
            if planned <= due:
                heapq.heappop(self._plan)[2]()
                continue
            for end in self.ends.values():
                if end.call and end.call.next_due() <= self.now:
                    self._change(end, Call.tick)

    def deliver(self, end: End, event: Mapping[str, Any]) -> None:
        """Hand an event to a device."""
        if event["type"] == "call.incoming" and end.call is None and not end.was_rung:
            end.was_rung = True
            view = read_view(event["call"])
            seals = PlainSeals(end.me)
            end.call = Call.receive(view, event["envelope"], me=end.me, seals=seals, clock=lambda: self.now)
            self._perform(end)
        elif end.call is not None:
            self._change(end, lambda call: call.take(event))

    def _change(self, end: End, change: Callable[[Call], None]) -> None:
        if end.call is not None:
            change(end.call)
            self._perform(end)

    def _post(self, device: str, event: dict[str, Any]) -> None:
        # An offer that is lost for good never rings; the rest of an invitation's way is not this model's.
        may_lose = event["type"] != "call.incoming"
        for delay in self.network.delays(may_lose=may_lose):
            self.after(delay, lambda: self.deliver(self.ends[device], event))

    def _perform(self, end: End) -> None:
        assert end.call is not None
        for action in end.call.take_actions():
            match action:
                case Send(frame):
                    self._send(end, frame)
                case Tell(news):
                    end.news.append(news)
                case _:
                    end.media.append(action)
                    self._sound(end, action)

    def _send(self, end: End, frame: dict[str, Any]) -> None:
        answered: list[bool] = []

        def arrive() -> None:
            try:
                reply = self.switchboard.handle(frame, end.me.device_id)
            except Refusal as refusal:
                code, more = refusal.code, refusal.frame
                self._reply(answered, end, lambda call: call.refused(frame, code, more))
            else:
                self._reply(answered, end, lambda call: call.answered(frame, reply))

        def send(tries: tuple[float, ...]) -> None:
            if answered:
                return
            for delay in self.network.delays(may_lose=bool(tries)):
                self.after(delay, arrive)
            if tries:
                self.after(tries[0], lambda: send(tries[1:]))

        send(RESENDS)

    def _reply(self, answered: list[bool], end: End, change: Callable[[Call], None]) -> None:
        def arrive() -> None:
            if not answered:
                answered.append(True)
                self._change(end, change)

        for delay in self.network.delays():
            self.after(delay, arrive)
        # The last reply of all comes through, as the last frame did.
        self.after(sum(RESENDS) + 10, arrive)

    def _sound(self, end: End, action: Action) -> None:
        name = end.me.device_id
        match action:
            case MakeOffer():
                self.wish(0.05, end, lambda call: call.offer_made(f"offer fp={name}"))
            case MakeAnswer():
                self.wish(0.05, end, lambda call: call.answer_made(f"answer fp={name}"))
            case TakeAnswer(sdp):
                other = self.ends[sdp.split("fp=")[1]]
                self.wish(0.1, end, Call.media_connected)
                self.wish(0.1, other, Call.media_connected)
            case AddCandidates() | CloseMedia():
                pass
