"""Calls as the switchboard puts them through: who is answered what, who is told, and what is kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.core.calls.model import HELD_FOR, RING_FOR, CallStatus
from functions.core.collection import RACES
from functions.core.errors import Refused, Unavailable
from functions.core.table import Changed, Write
from tests.core.calls.builders import (
    A1,
    A2,
    ANNA,
    B1,
    B2,
    B3,
    BERT,
    CALL_ID,
    D1,
    DORA,
    E1,
    EVE,
    a_connection,
    an_envelope,
)
from tests.core.calls.switchboards import House, about, answer, from_anna, from_bert, invitation
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

OTHER_ID = "call_01KAJ0000000000000000000BB"


@pytest.fixture
def house(clock: FakeClock) -> House:
    house = House(clock)
    for unique_id, device_id in ((ANNA, A1), (ANNA, A2), (BERT, B1), (BERT, B2), (DORA, D1), (EVE, E1)):
        house.connect(unique_id, device_id)
    return house


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def test_an_invitation_rings_at_every_device_with_its_own_offer(house: House) -> None:
    reply = house.invite()

    assert reply["type"] == "ack"
    assert (reply["call"]["status"], reply["call"]["version"]) == ("ringing", 1)
    for device_id, number in ((B1, 0), (B2, 1)):
        [event] = house.told(device_id)
        assert event["type"] == "call.incoming"
        assert event["call"] == reply["call"]
        assert event["envelope"] == invitation()["offers"][number]
    assert house.posts.posts == []
    assert house.lines() == [CALL_ID, CALL_ID]
    assert house.ringer.rung == []


def test_no_account_id_and_no_sealed_text_is_in_a_call_of_the_wire(house: House) -> None:
    call = house.invite()["call"]

    assert set(call) == {
        "id", "status", "version", "caller", "callee", "caller_device", "callee_device", "reason",
        "created_at", "ring_until", "answered_at", "connected_at", "ended_at",
    }  # fmt: skip
    assert "usr_" not in str(call)
    assert call["ring_until"] == "2026-11-21T12:00:45Z"


def test_ringing_is_told_to_the_calling_device_only(house: House) -> None:
    house.invite()
    house.posts.posts.clear()

    house.say(B2, about("call.ringing"))

    assert house.told(A1) == [{"type": "call.ringing", "call_id": CALL_ID, "device_id": B2}]
    assert house.posts.posts == []


def test_the_first_to_accept_wins_and_all_others_stop_ringing(house: House) -> None:
    house.invite()
    house.posts.posts.clear()

    won = house.say(B1, about("call.accept", envelope=answer()))
    lost = house.say(B2, about("call.accept"))

    assert (won["type"], won["call"]["status"], won["call"]["callee_device"]) == ("ack", "accepted", B1)
    assert (lost["type"], lost["code"], lost["call"]) == ("error", "answered-elsewhere", won["call"])
    assert house.told(A1) == [
        {"type": "call.state", "call": won["call"]},
        {"type": "signal", "envelope": answer()},
    ]
    assert house.told(A2) == house.told(B2) == [{"type": "call.state", "call": won["call"]}]
    # Who has accepted is answered, not told.
    assert house.posts.posts == []


def test_frames_that_come_again_are_answered_as_the_first_time(house: House) -> None:
    first = house.invite()
    assert house.invite() == first
    accept = about("call.accept", envelope=answer())
    accepted = house.say(B1, accept)
    assert house.say(B1, accept) == accepted
    signal = {"type": "signal", "envelope": from_anna()}
    assert house.say(A1, signal) == house.say(A1, signal) == {"type": "ack"}
    connected = house.say(A1, about("call.connected"))
    assert house.say(A1, about("call.connected")) == house.say(B1, about("call.connected")) == connected
    over = house.say(A1, about("call.hangup"))
    assert house.say(A1, about("call.hangup")) == house.say(B1, about("call.hangup")) == over
    assert over["call"]["version"] == 4


def test_an_invitation_that_comes_again_rings_again(house: House) -> None:
    house.invite()
    house.posts.posts.clear()

    house.invite()

    assert kinds(house.told(B1)) == ["call.incoming"]


def test_what_rings_again_is_what_was_kept(house: House) -> None:
    house.invite()
    house.posts.posts.clear()
    changed = invitation()
    changed["offers"][0] = an_envelope(sealed=b"x" * 48)

    house.say(A1, changed)

    assert house.told(B1) == []
    assert kinds(house.told(B2)) == ["call.incoming"]


def test_an_id_cannot_be_used_for_another_call(house: House) -> None:
    house.connected[A2] = house.connected[A2]
    house.invite()
    again = invitation()
    again["offers"] = [{**an_envelope(fd=A2)}]

    assert house.say(A2, again)["code"] == "call-id-used"


@pytest.mark.parametrize(("reason", "status"), [(None, "declined"), ("busy", "busy")])
def test_declining_tells_all_and_frees_the_lines(house: House, reason: str | None, status: str) -> None:
    house.invite()
    house.posts.posts.clear()

    reply = house.say(B2, about("call.decline", **({"reason": reason} if reason else {})))

    assert reply["call"]["status"] == status
    for device_id in (A1, A2, B1):
        assert house.told(device_id) == [{"type": "call.state", "call": reply["call"]}]
    assert house.lines() == [None, None]
    assert house.say(B1, about("call.accept"))["code"] == "call-over"


def test_the_caller_can_cancel_and_the_callee_is_told(house: House) -> None:
    house.invite()
    house.posts.posts.clear()

    assert house.say(A1, about("call.hangup", reason="changed-mind"))["call"]["status"] == "cancelled"
    assert house.told(B1)[0]["call"]["reason"] == "changed-mind"
    assert house.say(B1, about("call.decline"))["code"] == "call-over"


def test_signals_go_to_the_addressed_device_only(house: House) -> None:
    house.answered()

    house.say(A1, {"type": "signal", "envelope": from_anna()})
    house.say(B1, {"type": "signal", "envelope": from_bert()})

    assert house.told(B1) == [{"type": "signal", "envelope": from_anna()}]
    assert house.told(A1) == [{"type": "signal", "envelope": from_bert()}]
    assert house.posts.posts == []


def test_while_it_rings_only_the_caller_signals(house: House) -> None:
    house.invite()
    house.posts.posts.clear()

    assert house.say(A1, {"type": "signal", "envelope": from_anna(td=B2)}) == {"type": "ack"}
    assert house.say(B1, {"type": "signal", "envelope": from_bert()})["code"] == "wrong-state"
    assert house.say(A1, {"type": "signal", "envelope": from_anna(td=B3)})["code"] == "bad-envelope"
    assert [connection for connection, _ in house.posts.posts] == [house.connected[B2].id]


@pytest.mark.parametrize(
    ("device_id", "envelope", "code"),
    [
        (A1, from_anna(td=B2), "answered-elsewhere"),
        (A1, from_anna(td=B3), "bad-envelope"),
        (A1, from_anna(to=DORA, td=D1), "bad-envelope"),
        (A1, from_anna(to=ANNA, td=A2), "bad-envelope"),
        (A1, from_anna(fd=A2), "bad-envelope"),
        (A1, from_bert(), "bad-envelope"),
        (A1, from_anna(call=OTHER_ID), "not-found"),
        (A2, from_anna(fd=A2), "answered-elsewhere"),
        (B2, from_bert(fd=B2), "answered-elsewhere"),
        (B1, from_bert(td=A2), "bad-envelope"),
        (E1, from_anna(**{"from": EVE, "fd": E1}), "not-found"),
        (E1, from_anna(), "bad-envelope"),
    ],
)
def test_a_signal_that_does_not_belong_to_the_call_goes_nowhere(
    house: House, device_id: str, envelope: dict[str, Any], code: str
) -> None:
    house.answered()
    before = dict(house.table.documents)

    assert house.say(device_id, {"type": "signal", "envelope": envelope})["code"] == code
    assert house.posts.posts == []
    assert house.table.documents == before


def test_a_number_is_used_for_one_envelope(house: House) -> None:
    house.answered()
    house.say(A1, {"type": "signal", "envelope": from_anna()})

    other = from_anna(sealed=b"y" * 48)
    assert house.say(A1, {"type": "signal", "envelope": other})["code"] == "bad-envelope"
    assert house.told(B1) == [{"type": "signal", "envelope": from_anna()}]


def test_a_signal_that_comes_again_after_the_end_is_answered_and_a_new_one_refused(house: House) -> None:
    house.answered()
    house.say(A1, {"type": "signal", "envelope": from_anna()})
    house.say(A1, about("call.hangup"))
    house.posts.posts.clear()

    assert house.say(A1, {"type": "signal", "envelope": from_anna()}) == {"type": "ack"}
    assert house.say(A1, {"type": "signal", "envelope": from_anna(seq=2)})["code"] == "call-over"
    assert house.posts.posts == []


@pytest.mark.parametrize(
    "kind", ["ping", "sync", "call.ringing", "call.accept", "call.decline", "call.hangup", "call.connected"]
)
def test_others_calls_are_as_if_they_were_not(house: House, kind: str) -> None:
    house.answered()
    before = dict(house.table.documents)

    theirs = house.say(E1, about(kind))
    nobodys = house.say(E1, about(kind, OTHER_ID))

    assert theirs == nobodys == {"type": "error", "code": "not-found"}
    assert house.posts.posts == []
    assert house.table.documents == before


def test_the_caller_cannot_answer_for_the_callee(house: House) -> None:
    house.invite()

    assert house.say(A1, about("call.accept"))["code"] == "wrong-state"
    assert house.say(A1, about("call.decline"))["code"] == "wrong-state"
    assert house.say(A1, about("call.ringing"))["code"] == "wrong-state"


def test_whoever_cannot_be_reached_looks_the_same(house: House) -> None:
    house.people.pairs.clear()
    seen = []
    for number in range(3):
        if number == 1:
            # They are in a call.
            house.people.pairs = {frozenset((BERT, DORA))}
            offer = an_envelope(call=OTHER_ID, **{"from": DORA, "fd": D1})
            house.say(D1, {"type": "call.invite", "call_id": OTHER_ID, "to": BERT, "offers": [offer]})
        if number == 2:
            # They have no device.
            house.people.pairs = {frozenset((ANNA, BERT))}
        before, asked = house.table.calls.copy(), len(house.people.asked)
        frame = invitation() if number < 2 else {**invitation(), "offers": []}
        seen.append((house.say(A1, frame), house.table.calls - before, len(house.people.asked) - asked))

    assert seen[0][0]["code"] == "unreachable"
    assert seen[0] == seen[1] == seen[2]


def test_nobody_calls_themselves(house: House) -> None:
    house.people.pairs.add(frozenset((ANNA,)))
    offer = an_envelope(to=ANNA, td=A2)

    frame = {"type": "call.invite", "call_id": CALL_ID, "to": ANNA, "offers": [offer]}
    assert house.say(A1, frame)["code"] == "unreachable"


def test_a_busy_callee_misses_a_call_and_the_caller_is_told_so_every_time(house: House) -> None:
    house.people.pairs.add(frozenset((BERT, DORA)))
    house.answered()
    offer = an_envelope(call=OTHER_ID, **{"from": DORA, "fd": D1})
    frame = {"type": "call.invite", "call_id": OTHER_ID, "to": BERT, "offers": [offer]}

    assert house.say(D1, frame)["code"] == "busy"
    heard = house.told(B2)
    assert [(event["type"], event["call"]["status"]) for event in heard] == [("call.state", "busy")]
    assert house.say(D1, frame)["code"] == "busy"
    assert house.lines() == [CALL_ID, CALL_ID]
    [missed] = house.calls.log_of(BERT, before=None, limit=10).things
    [busy] = house.calls.log_of(DORA, before=None, limit=10).things
    assert (missed.status, missed.is_missed, missed.other) == (CallStatus.MISSED, True, DORA)
    assert (busy.status, busy.is_missed, busy.other) == (CallStatus.BUSY, False, BERT)


def test_who_calls_whom_they_are_called_by_learns_which_call_to_accept(house: House) -> None:
    house.invite()
    offer = an_envelope(call=OTHER_ID, **{"from": BERT, "fd": B1, "to": ANNA, "td": A1})
    frame = {"type": "call.invite", "call_id": OTHER_ID, "to": ANNA, "offers": [offer]}

    assert house.say(B1, frame) == {"type": "error", "code": "glare", "call_id": CALL_ID}
    house.say(B1, about("call.accept"))
    assert house.say(B1, frame)["code"] == "line-taken"


def test_a_person_has_one_line(house: House) -> None:
    house.invite()
    offer = an_envelope(call=OTHER_ID, fd=A2)

    frame = {"type": "call.invite", "call_id": OTHER_ID, "to": BERT, "offers": [offer]}
    assert house.say(A2, frame)["code"] == "line-taken"


def test_invitations_are_limited_for_a_pair_but_not_those_that_come_again(house: House) -> None:
    for number in range(3):
        call_id = f"call_01KAJ000000000000000000{number}CC"
        for _ in range(5):
            assert house.invite(call_id)["type"] == "ack"
        house.say(A1, about("call.hangup", call_id))

    refused = house.invite(OTHER_ID)
    assert refused["code"] == "too-fast"
    assert 0 < refused["retry_after"] <= 60


def test_who_is_not_connected_is_rung_otherwise_and_that_is_taken_back(house: House) -> None:
    house.posts.gone.add(house.connected[B2].id)

    house.invite()
    assert house.ringer.rung == [(BERT, CALL_ID)]
    house.say(B1, about("call.accept"))
    assert house.ringer.stopped == [(BERT, CALL_ID)]
    house.say(B1, about("call.hangup"))
    assert house.ringer.stopped == [(BERT, CALL_ID)]


def test_nobody_is_rung_otherwise_whose_devices_all_hear_it(house: House) -> None:
    house.invite()
    house.say(A1, about("call.hangup"))

    assert house.ringer.rung == house.ringer.stopped == []


def test_neighbours_that_fail_after_the_write_change_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("no network")

    for thing, method in ((house.timers, "start"), (house.ringer, "ring"), (house.connections, "of")):
        monkeypatch.setattr(thing, method, fail)

    assert house.invite()["call"]["status"] == "ringing"
    assert house.say(B1, about("call.accept"))["call"]["status"] == "accepted"


def test_a_call_that_nobody_answers_is_missed_when_its_timer_comes(house: House) -> None:
    house.invite()
    house.posts.posts.clear()
    house.pass_time(46)
    assert house.timers.receive() == []
    house.pass_time(1)
    [timer] = house.timers.receive()

    house.board.expire(timer.call_id)
    house.board.expire(timer.call_id)

    for device_id in (A1, A2, B1, B2):
        [event] = house.told(device_id)
        assert (event["call"]["status"], event["call"]["reason"]) == ("missed", "no-answer")
    assert house.lines() == [None, None]
    assert [entry.is_missed for entry in house.calls.log_of(BERT, before=None, limit=5).things] == [True]


def test_a_timer_that_comes_too_early_is_put_back(house: House) -> None:
    house.invite()
    house.timers.waiting.clear()
    house.pass_time(20)

    house.board.expire(CALL_ID)

    call = house.calls.get(CALL_ID)
    assert call.status is CallStatus.RINGING
    assert [at for at, _ in house.timers.waiting] == [call.ring_until.timestamp() + 2]


def test_a_timer_does_nothing_to_what_was_answered_or_is_not_there(house: House) -> None:
    house.answered()
    house.pass_time(47)
    before = dict(house.table.documents)

    house.board.expire(CALL_ID)
    house.board.expire(OTHER_ID)

    assert house.table.documents == before


@pytest.mark.parametrize(
    "frame",
    [about("call.accept"), about("call.ringing"), about("call.decline"), about("call.connected")],
)
def test_every_read_judges_by_the_time_it_may_ring(house: House, frame: dict[str, Any]) -> None:
    house.invite()
    house.pass_time(RING_FOR.total_seconds())

    reply = house.say(B1, frame)

    assert (reply["code"], reply["call"]["status"]) == ("call-over", "missed")
    assert house.lines() == [None, None]


def test_a_call_goes_on_as_long_as_both_ping(house: House) -> None:
    house.answered()
    house.say(A1, about("call.connected"))
    for _ in range(40):
        house.pass_time(25)
        for device_id in (A1, B1):
            assert house.say(device_id, about("ping"))["call"]["status"] == "connected"

    assert house.calls.get(CALL_ID).status is CallStatus.CONNECTED


def test_a_call_is_lost_when_one_of_the_two_is_silent(house: House) -> None:
    house.answered()
    house.posts.posts.clear()
    for _ in range(3):
        house.pass_time(29)
        assert house.say(A1, about("ping"))["call"]["status"] == "accepted"
    house.pass_time(29)

    call = house.say(A1, about("ping"))["call"]

    assert (call["status"], call["reason"]) == ("failed", "lost")
    assert call["ended_at"] == "2026-11-21T12:01:30Z"
    assert house.told(B1)[-1] == {"type": "call.state", "call": call}
    assert house.lines() == [None, None]


def test_pings_of_other_devices_hold_no_line(house: House) -> None:
    house.answered()
    for _ in range(4):
        house.pass_time(29)
        house.say(A2, about("ping"))
        house.say(B2, about("ping"))

    assert house.calls.get(CALL_ID).status is CallStatus.FAILED


def test_signals_hold_the_line_too(house: House) -> None:
    house.answered()
    for seq in range(1, 8):
        house.pass_time(29)
        for device_id, envelope in ((A1, from_anna(seq=seq)), (B1, from_bert(seq=seq))):
            assert house.say(device_id, {"type": "signal", "envelope": envelope}) == {"type": "ack"}


def test_a_lost_call_makes_room_for_the_next_and_is_in_the_log(house: House) -> None:
    house.answered()
    house.pass_time(HELD_FOR.total_seconds() + 1)

    assert house.invite(OTHER_ID)["call"]["status"] == "ringing"
    [lost] = house.calls.log_of(ANNA, before=None, limit=5).things
    assert (lost.call_id, lost.status) == (CALL_ID, CallStatus.FAILED)


def test_the_log_notices_a_call_that_both_have_left(house: House) -> None:
    house.answered()
    assert house.calls.log_of(BERT, before=None, limit=5).things == []
    house.pass_time(HELD_FOR.total_seconds())

    assert [entry.status for entry in house.calls.log_of(BERT, before=None, limit=5).things] == [CallStatus.FAILED]


def test_logs_go_on_page_by_page_and_end(house: House) -> None:
    for number in range(3):
        house.invite(f"call_01KAJ000000000000000000{number}CC")
        house.say(A1, about("call.hangup", f"call_01KAJ000000000000000000{number}CC"))
        house.pass_time(61)

    first = house.calls.log_of(BERT, before=None, limit=2)
    rest = house.calls.log_of(BERT, before=first.following, limit=2)

    assert [entry.call_id[-3] for entry in first.things + rest.things] == ["2", "1", "0"]
    assert rest.following is None


def test_secret_contacts_are_marked_in_the_log_of_who_keeps_them_so(house: House) -> None:
    house.people.secrets.add((BERT, ANNA))
    house.invite()
    house.say(A1, about("call.hangup"))

    assert [entry.is_secret for entry in house.calls.log_of(BERT, before=None, limit=5).things] == [True]
    assert [entry.is_secret for entry in house.calls.log_of(ANNA, before=None, limit=5).things] == [False]


def test_erasing_leaves_the_others_log(house: House) -> None:
    house.invite()
    house.say(A1, about("call.hangup"))

    house.calls.erase_of(ANNA)

    assert house.calls.log_of(ANNA, before=None, limit=5).things == []
    assert len(house.calls.log_of(BERT, before=None, limit=5).things) == 1
    assert not [pk for pk in house.table.documents if pk.endswith(ANNA)]


def test_a_call_ends_even_if_one_of_the_two_was_erased(house: House) -> None:
    house.answered()
    house.calls.erase_of(BERT)

    assert house.say(A1, about("call.hangup"))["call"]["status"] == "ended"


def test_sync_brings_the_call_that_rings_here_with_its_offer(house: House) -> None:
    call = house.invite()["call"]
    house.say(A1, {"type": "signal", "envelope": from_anna()})

    assert house.say(B1, {"type": "sync"}) == {
        "type": "synced",
        "call": call,
        "offer": an_envelope(),
        "envelopes": [from_anna()],
        "more": False,
    }
    assert house.say(A1, {"type": "sync"}) == {
        "type": "synced",
        "call": call,
        "offer": None,
        "envelopes": [],
        "more": False,
    }


def test_sync_brings_what_is_missing_25_at_a_time(house: House) -> None:
    house.answered()
    for seq in range(1, 30):
        house.say(A1, {"type": "signal", "envelope": from_anna(seq=seq)})

    first = house.say(B1, about("sync", have={A1: 1}))
    rest = house.say(B1, about("sync", have={A1: 26}))

    assert (first["envelopes"], first["more"]) == ([from_anna(seq=seq) for seq in range(1, 26)], True)
    assert (rest["envelopes"], rest["more"]) == ([from_anna(seq=seq) for seq in range(26, 30)], False)


def test_sync_stays_within_a_message(house: House) -> None:
    house.answered()
    for seq in range(1, 7):
        house.say(A1, {"type": "signal", "envelope": from_anna(seq=seq, sealed=bytes(20_000))})

    synced = house.say(B1, about("sync", have={A1: 1}))

    assert synced["more"]
    assert 0 < len(synced["envelopes"]) < 6


def test_sync_brings_nothing_to_devices_that_are_not_in_the_call(house: House) -> None:
    house.answered()

    for device_id in (A2, B2):
        synced = house.say(device_id, {"type": "sync"})
        assert synced["call"]["status"] == "accepted"
        assert (synced["offer"], synced["envelopes"]) == (None, [])


def test_sync_without_a_call_says_that_there_is_none(house: House) -> None:
    nothing: dict[str, Any] = {"type": "synced", "call": None, "offer": None, "envelopes": [], "more": False}

    assert house.say(A1, {"type": "sync"}) == nothing
    house.invite()
    house.pass_time(46)
    assert house.say(A1, {"type": "sync"}) == nothing
    assert house.say(A1, about("sync"))["call"]["status"] == "missed"


def test_a_connection_without_a_device_takes_part_in_no_call(house: House) -> None:
    bare = a_connection(ANNA, None)

    assert house.board.handle({"type": "sync"}, bare)["call"] is None
    pong = house.board.handle({"type": "ping"}, bare)
    assert pong == {"type": "pong", "server_time": 1795262400000, "until": "2026-11-21T14:00:00Z"}
    for frame in (invitation(), about("ping"), about("sync"), about("call.hangup")):
        with pytest.raises(Refused) as refused:
            house.board.handle(frame, bare)
        assert refused.value.code == "no-device"


def test_offers_must_come_from_the_device_of_the_connection(house: House) -> None:
    assert house.say(A2, invitation())["code"] == "bad-envelope"
    house.invite()
    assert house.say(B1, about("call.accept", envelope=answer(fd=B2)))["code"] == "bad-envelope"
    assert house.say(B1, about("call.accept", envelope=answer(td=A2)))["code"] == "bad-envelope"
    assert house.calls.get(CALL_ID).status is CallStatus.RINGING


class InterruptedTable(FakeTable):
    """Somebody else does something before the next write."""

    interruption: Callable[[], None] | None = None

    def write(self, *writes: Write) -> None:
        interruption, self.interruption = self.interruption, None
        if interruption is not None:
            interruption()
        super().write(*writes)


def test_a_lost_call_that_cannot_be_ended_at_once_keeps_its_lines(clock: FakeClock) -> None:
    table = InterruptedTable()
    house = House(clock, table)
    for unique_id, device_id in ((ANNA, A1), (BERT, B1), (BERT, B2), (DORA, D1)):
        house.connect(unique_id, device_id)
    house.people.pairs.add(frozenset((ANNA, DORA)))
    offer = an_envelope(call=OTHER_ID, to=DORA, td=D1)
    house.say(A1, {"type": "call.invite", "call_id": OTHER_ID, "to": DORA, "offers": [offer]})
    house.say(D1, about("call.accept", OTHER_ID))
    house.pass_time(HELD_FOR.total_seconds() + 1)
    # A sign of life of the other one that was on its way when the line was over.
    table.interruption = lambda: house.calls.hold(house.calls.lines([DORA])[DORA])

    assert house.invite()["call"]["status"] == "ringing"

    assert house.calls.get(OTHER_ID).status is CallStatus.FAILED
    assert house.lines() == [CALL_ID, CALL_ID]
    assert house.calls.lines([DORA])[DORA].call_id is None


class ContestedTable(FakeTable):
    """Somebody else wins every race."""

    is_contested = False
    is_throttled = False

    def write(self, *writes: Write) -> None:
        if self.is_contested:
            raise Changed
        if self.is_throttled:
            raise Unavailable("The table takes no more at the moment; try again.", code="busy")
        super().write(*writes)


def test_busy_means_somebodys_line_and_never_the_table(clock: FakeClock) -> None:
    table = ContestedTable()
    house = House(clock, table)
    house.connect(ANNA, A1)

    table.is_throttled = True
    assert house.invite()["code"] == "unavailable"
    table.is_throttled, table.is_contested = False, True
    assert house.invite()["code"] == "conflict"
    assert RACES > 1


def test_what_a_typical_call_costs(house: House) -> None:
    """Reads and writes of calls alone: without who is connected, whose credential it is, and how often they send."""
    costs: dict[str, tuple[int, int, int]] = {}

    def count(name: str, device_id: str, frame: dict[str, Any]) -> None:
        pushes = sum(1 for _ in house.posts.posts)
        before, written = house.table.calls.copy(), house.table.writes
        assert house.say(device_id, frame)["type"] in {"ack", "pong"}
        # One read of who is connected for whatever was told.
        told = 1 if sum(1 for _ in house.posts.posts) > pushes else 0
        spent = house.table.calls - before
        costs[name] = (spent["get"] + spent["get_many"] - told, spent["write"], house.table.writes - written)

    count("invite", A1, invitation())
    count("ringing", B1, about("call.ringing"))
    count("accept", B1, about("call.accept", envelope=answer()))
    count("signal", A1, {"type": "signal", "envelope": from_anna()})
    count("connected", B1, about("call.connected"))
    house.clock.pass_time(timedelta(seconds=5))
    count("ping", A1, about("ping"))
    house.clock.pass_time(timedelta(seconds=25))
    count("ping that writes", A1, about("ping"))
    count("hang up", A1, about("call.hangup"))

    # Reads, write requests, documents written.
    assert costs == {
        "invite": (1, 1, 5),
        "ringing": (1, 0, 0),
        "accept": (2, 1, 2),
        "signal": (1, 1, 1),
        "connected": (1, 1, 1),
        "ping": (1, 0, 0),
        "ping that writes": (2, 1, 1),
        "hang up": (2, 1, 5),
    }
