import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.calls.actions import AddCandidates, CloseMedia, MakeAnswer, MakeOffer, News, Send, TakeAnswer, Tell
from parley.calls.call import CONNECT_WITHIN, GAP_FOR, Call, Me, Outcome, Phase
from parley.calls.view import read_view
from parley.sealed import Refused
from tests.parley.calls.switchboard import RING_SECONDS, moment
from tests.parley.calls.world import CALL_ID, CALLEE, CALLER, START, Network, PlainSeals, World

ANSWERED = {"ended", "failed"}


def quiet_world(callee_devices: int = 1) -> World:
    return World(Network(Random(0), slowest=0.02), callee_devices=callee_devices)


def view(status: str, version: int, **changes: object) -> dict[str, object]:
    return {
        "id": CALL_ID,
        "status": status,
        "version": version,
        "caller": CALLER,
        "callee": CALLEE,
        "caller_device": "dev_a",
        "callee_device": None if status == "ringing" else "dev_b0",
        "reason": None,
        "ring_until": moment(START + RING_SECONDS),
    } | changes


class Lone:
    """One end alone; the test is its server and its other side."""

    def __init__(self, *, is_caller: bool) -> None:
        self.now = START
        self.me = Me(CALLER, "dev_a") if is_caller else Me(CALLEE, "dev_b0")
        self.other = PlainSeals(Me(CALLEE, "dev_b0") if is_caller else Me(CALLER, "dev_a"))
        self._seq = 0
        if is_caller:
            self.call = Call.place(
                CALL_ID,
                me=self.me,
                to=CALLEE,
                devices=["dev_b0", "dev_b1"],
                seals=PlainSeals(self.me),
                clock=lambda: self.now,
            )
            self.call.offer_made("offer fp=dev_a")
            self.call.answered({"type": "call.invite"}, {"call": view("ringing", 1)})
        else:
            self.call = Call.receive(
                read_view(view("ringing", 1)),
                self.envelope("offer", {"sdp": "offer fp=dev_a"}),
                me=self.me,
                seals=PlainSeals(self.me),
                clock=lambda: self.now,
            )
        self.begun = self.call.take_actions()

    def envelope(self, kind: str, body: dict[str, object], seq: int | None = None) -> dict[str, object]:
        if seq is None:
            seq, self._seq = self._seq, self._seq + 1
        return self.other.seal(device=self.me.device_id, call_id=CALL_ID, kind=kind, seq=seq, body=body)

    def signal(self, kind: str, body: dict[str, object], seq: int | None = None) -> None:
        self.call.take({"type": "signal", "envelope": self.envelope(kind, body, seq)})

    def state(self, status: str, version: int, **changes: object) -> None:
        self.call.take({"type": "call.state", "call": view(status, version, **changes)})

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.call.tick()

    def sent(self) -> list[str]:
        return [action.kind for action in self.call.take_actions() if isinstance(action, Send)]


def connected_caller() -> Lone:
    end = Lone(is_caller=True)
    end.state("accepted", 2)
    end.signal("answer", {"sdp": "answer fp=dev_b0"})
    end.call.media_connected()
    end.call.take_actions()
    return end


def test_a_call_is_placed_answered_connected_and_hung_up() -> None:
    world = quiet_world()
    world.place()
    callee = world.callees[0]
    world.wish(5, callee, Call.accept)
    world.wish(20, world.caller, Call.hang_up)
    world.run()

    assert world.switchboard.history[CALL_ID] == ["ringing", "accepted", "connected", "ended"]
    assert world.caller.news == [News.RINGING_THERE, News.ACCEPTED, News.CONNECTED, News.OVER]
    assert callee.news == [News.RING, News.ACCEPTED, News.CONNECTED, News.OVER]
    assert world.caller.media == [MakeOffer(), TakeAnswer("answer fp=dev_b0"), CloseMedia()]
    assert callee.media == [MakeAnswer("offer fp=dev_a"), CloseMedia()]


def test_nothing_of_the_sound_is_opened_before_the_person_accepts() -> None:
    world = quiet_world()
    world.place()
    world.run(until=RING_SECONDS - 1)

    assert world.callees[0].media == []


@pytest.mark.parametrize("loss", [0.0, 1.0])
def test_a_call_that_nobody_answers_ends_at_both_ends_whatever_is_lost(loss: float) -> None:
    world = World(Network(Random(1), slowest=0.02))
    world.place()
    world.after(1, lambda: setattr(world.network, "loss", loss))
    world.run()

    assert world.callees[0].call is not None
    assert world.callees[0].call.outcome == Outcome("missed")
    assert world.caller.call is not None
    assert world.caller.call.outcome == Outcome("missed")


def test_ringing_ends_here_at_its_end_though_no_event_comes() -> None:
    end = Lone(is_caller=False)
    end.wait(RING_SECONDS - 0.1)
    assert not end.call.is_over
    end.wait(0.1)
    assert end.call.outcome == Outcome("missed")


def test_the_other_devices_stop_ringing_when_one_answers() -> None:
    world = quiet_world(callee_devices=3)
    world.place()
    world.wish(5, world.callees[1], Call.accept)
    world.run(until=10)

    outcomes = [end.call.outcome for end in world.callees if end.call]
    assert outcomes == [Outcome("accepted", "answered-elsewhere"), None, Outcome("accepted", "answered-elsewhere")]


def test_declining_ends_it_everywhere() -> None:
    world = quiet_world(callee_devices=2)
    world.place()
    world.wish(5, world.callees[1], Call.decline)
    world.run()

    assert {end.call.outcome for end in world.ends.values() if end.call} == {Outcome("declined")}


def test_a_version_that_is_not_higher_changes_nothing() -> None:
    end = connected_caller()
    end.state("ended", 2)
    assert end.call.phase is Phase.CONNECTED
    end.state("ended", 3)
    assert end.call.outcome == Outcome("ended")


def test_candidates_wait_for_the_description_and_for_nothing_else() -> None:
    end = Lone(is_caller=True)
    end.state("accepted", 2)
    end.signal("ice", {"candidates": [{"candidate": "one"}]}, seq=1)
    end.signal("ice", {"candidates": [{"candidate": "three"}, None]}, seq=3)
    assert not [action for action in end.call.take_actions() if isinstance(action, AddCandidates)]
    end.signal("answer", {"sdp": "answer fp=dev_b0"}, seq=0)
    end.signal("ice", {"candidates": [{"candidate": "nine"}]}, seq=9)

    assert end.call.take_actions() == [
        TakeAnswer("answer fp=dev_b0"),
        AddCandidates(({"candidate": "one"}, {"candidate": "three"}, None)),
        AddCandidates(({"candidate": "nine"},)),
    ]


def test_an_answer_that_comes_before_its_acceptance_is_kept() -> None:
    end = Lone(is_caller=True)
    end.signal("answer", {"sdp": "answer fp=dev_b0"})
    assert end.call.take_actions() == []
    end.state("accepted", 2)
    assert TakeAnswer("answer fp=dev_b0") in end.call.take_actions()


def test_a_device_that_did_not_win_is_not_listened_to() -> None:
    end = Lone(is_caller=True)
    end.state("accepted", 2, callee_device="dev_b1")
    end.signal("answer", {"sdp": "answer fp=dev_b0"})
    assert not [action for action in end.call.take_actions() if isinstance(action, TakeAnswer)]


def test_somebody_who_was_not_invited_cannot_answer() -> None:
    end = Lone(is_caller=True)
    end.state("accepted", 2, callee_device="dev_x")
    assert Tell(News.DISTRUSTED, {"code": "pin"}) in end.call.take_actions()
    assert end.call.phase is Phase.ENDING


def test_a_gap_is_waited_for_then_asked_for_then_given_up() -> None:
    end = connected_caller()
    end.signal("record", {"kind": "request"}, seq=3)
    assert end.call.take_actions() == []
    end.wait(GAP_FOR - 0.01)
    assert end.sent() == []
    end.wait(0.01)
    [sync] = end.call.take_actions()
    assert sync == Send({"type": "sync", "call_id": CALL_ID, "have": {"dev_b0": 1}})
    assert isinstance(sync, Send)
    found = [end.envelope("record", {"kind": "stop"}, seq=2)]
    end.call.answered(sync.frame, {"type": "synced", "call": view("accepted", 2), "envelopes": found, "more": False})

    assert end.call.take_actions() == [Tell(News.RECORD, {"kind": "stop"}), Tell(News.RECORD, {"kind": "request"})]


def test_messages_are_handled_once() -> None:
    end = connected_caller()
    envelope = end.envelope("record", {"kind": "request"})
    end.call.take({"type": "signal", "envelope": envelope})
    end.call.take({"type": "signal", "envelope": envelope})
    assert end.call.take_actions() == [Tell(News.RECORD, {"kind": "request"})]


def test_a_description_with_another_fingerprint_ends_the_call() -> None:
    end = connected_caller()
    end.signal("negotiate", {"sdp": "offer fp=dev_b0", "kind": "offer"})
    assert end.call.take_actions() == [MakeAnswer("offer fp=dev_b0", is_again=True)]
    end.signal("negotiate", {"sdp": "offer fp=mallory", "kind": "offer"})
    assert end.call.take_actions() == [
        Tell(News.DISTRUSTED, {"code": "fingerprint"}),
        CloseMedia(),
        Send({"type": "call.hangup", "call_id": CALL_ID, "reason": "bad-description"}),
    ]


@pytest.mark.parametrize("body", [{}, {"sdp": 1}, {"sdp": None, "kind": "offer"}], ids=json.dumps)
def test_an_answer_that_is_none_ends_the_call(body: dict[str, object]) -> None:
    end = Lone(is_caller=True)
    end.state("accepted", 2)
    end.signal("answer", body)
    assert end.call.phase is Phase.ENDING


@pytest.mark.parametrize(
    ("kind", "body"), [("offer", {"sdp": "no fingerprint"}), ("offer", {}), ("answer", {"sdp": "offer fp=dev_a"})]
)
def test_an_offer_that_is_none_does_not_ring(kind: str, body: dict[str, object]) -> None:
    me = Me(CALLEE, "dev_b0")
    sender = PlainSeals(Me(CALLER, "dev_a"))
    envelope = sender.seal(device="dev_b0", call_id=CALL_ID, kind=kind, seq=0, body=body)
    with pytest.raises(Refused):
        Call.receive(read_view(view("ringing", 1)), envelope, me=me, seals=PlainSeals(me), clock=lambda: START)


def test_an_offer_of_another_device_than_the_callers_does_not_ring() -> None:
    me = Me(CALLEE, "dev_b0")
    sender = PlainSeals(Me(CALLER, "dev_other"))
    envelope = sender.seal(device="dev_b0", call_id=CALL_ID, kind="offer", seq=0, body={"sdp": "offer fp=x"})
    with pytest.raises(Refused):
        Call.receive(read_view(view("ringing", 1)), envelope, me=me, seals=PlainSeals(me), clock=lambda: START)


def test_no_sound_within_its_time_ends_the_call() -> None:
    end = Lone(is_caller=True)
    end.state("accepted", 2)
    end.wait(CONNECT_WITHIN)
    assert Send({"type": "call.hangup", "call_id": CALL_ID, "reason": "ice-timeout"}) in end.call.take_actions()


def test_an_answer_that_was_lost_is_asked_for() -> None:
    end = Lone(is_caller=True)
    end.state("accepted", 2)
    end.call.take_actions()
    end.wait(3)
    assert end.sent() == ["sync"]


def test_glare_names_the_call_to_accept() -> None:
    end = Lone(is_caller=True)
    call = Call.place("call_2", me=end.me, to=CALLEE, devices=["dev_b0"], seals=PlainSeals(end.me), clock=lambda: 0)
    call.offer_made("offer fp=dev_a")
    call.refused({"type": "call.invite"}, "glare", {"call_id": CALL_ID})
    assert call.outcome == Outcome("failed", "glare", glare=CALL_ID)


def test_who_hangs_up_before_the_invitation_is_confirmed_hangs_up_when_it_is() -> None:
    me = Me(CALLER, "dev_a")
    call = Call.place(CALL_ID, me=me, to=CALLEE, devices=["dev_b0"], seals=PlainSeals(me), clock=lambda: START)
    call.offer_made("offer fp=dev_a")
    call.hang_up()
    call.take_actions()
    call.answered({"type": "call.invite"}, {"call": view("ringing", 1)})
    assert call.take_actions() == [Send({"type": "call.hangup", "call_id": CALL_ID})]
    call.answered({"type": "call.hangup"}, {"call": view("cancelled", 2)})
    assert call.outcome == Outcome("cancelled")


def test_a_call_that_the_server_has_lost_is_over() -> None:
    end = connected_caller()
    end.call.reconnected()
    [sync] = end.call.take_actions()
    assert isinstance(sync, Send)
    end.call.answered(sync.frame, {"type": "synced", "call": None, "envelopes": [], "more": False})
    assert end.call.outcome == Outcome("failed", "lost")


@pytest.mark.parametrize("wish", [Call.accept, Call.decline, Call.hang_up, Call.media_connected, Call.reconnected])
def test_what_is_over_stays_over(wish: Callable[[Call], None]) -> None:
    end = connected_caller()
    end.state("ended", 9)
    end.call.take_actions()
    wish(end.call)
    end.signal("record", {"kind": "request"})
    end.wait(1000)
    assert end.call.take_actions() == []


@dataclass(frozen=True)
class Script:
    """What the network does, and what people do when; numbers of devices and seconds."""

    seed: int
    loss: float
    repeats: float
    slowest: float
    devices: int
    accepts: list[tuple[int, float]]
    declines: list[tuple[int, float]]
    caller_ends: float | None
    callee_ends: float | None


SCRIPTS = st.builds(
    Script,
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.2, 0.6]),
    repeats=st.sampled_from([0.0, 0.3]),
    slowest=st.sampled_from([0.02, 0.5, 4.0]),
    devices=st.integers(1, 3),
    accepts=st.lists(st.tuples(st.integers(0, 2), st.floats(0, 50)), max_size=3),
    declines=st.lists(st.tuples(st.integers(0, 2), st.floats(0, 50)), max_size=1),
    caller_ends=st.one_of(st.none(), st.floats(0, 120)),
    callee_ends=st.one_of(st.none(), st.floats(0, 120)),
)


def played(script: Script) -> World:
    network = Network(Random(script.seed), loss=script.loss, repeats=script.repeats, slowest=script.slowest)
    world = World(network, callee_devices=script.devices)
    world.place()
    for number, at in script.accepts:
        world.wish(at, world.callees[number % script.devices], Call.accept)
    for number, at in script.declines:
        world.wish(at, world.callees[number % script.devices], Call.decline)
    if script.caller_ends is not None:
        world.wish(script.caller_ends, world.caller, Call.hang_up)
    if script.callee_ends is not None:
        for end in world.callees:
            world.wish(script.callee_ends, end, Call.hang_up)
    world.wish(200, world.caller, Call.hang_up)
    world.after(RING_SECONDS + 4, lambda: world.switchboard.expire(CALL_ID))
    world.run()
    return world


@given(script=SCRIPTS)
def test_all_ends_agree_over_any_network(script: Script) -> None:
    world = played(script)

    final = world.switchboard.calls.get(CALL_ID, {"status": "cancelled", "callee_device": None})
    outcomes = {end.me.device_id: end.call.outcome for end in world.ends.values() if end.call}
    assert None not in outcomes.values()
    statuses = {device: outcome.status for device, outcome in outcomes.items() if outcome}
    assert statuses["dev_a"] == final["status"]
    assert statuses.get(final["callee_device"], final["status"]) == final["status"]
    heard = [end.me.device_id for end in world.ends.values() if News.CONNECTED in end.news]
    assert set(heard) <= {"dev_a", final["callee_device"]}
    assert not heard or final["status"] in ANSWERED
