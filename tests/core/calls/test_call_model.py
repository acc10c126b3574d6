"""What may become of a call, by whom, and by time alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.calls.model import (
    ANSWERED,
    HELD_FOR,
    RENEWED_EVERY,
    RING_FOR,
    RING_GRACE,
    RUNNING,
    Call,
    CallStatus,
    Direction,
    Line,
    LogEntry,
    Reason,
)
from functions.core.errors import Conflict
from tests.builders import NOON
from tests.core.calls.builders import A1, A2, ANNA, B1, B2, B3, BERT, a_call

LATER = NOON + timedelta(seconds=10)
ALLOWED = {
    CallStatus.RINGING: {
        CallStatus.ACCEPTED,
        CallStatus.DECLINED,
        CallStatus.BUSY,
        CallStatus.CANCELLED,
        CallStatus.MISSED,
    },
    CallStatus.ACCEPTED: {CallStatus.CONNECTED, CallStatus.ENDED, CallStatus.FAILED},
    CallStatus.CONNECTED: {CallStatus.ENDED, CallStatus.FAILED},
}


def accepted(**changes: Any) -> Call:
    defaults = {"status": CallStatus.ACCEPTED, "callee_device": B1, "answered_at": LATER}
    return a_call(**defaults | changes)


def connected(**changes: Any) -> Call:
    return accepted(**{"status": CallStatus.CONNECTED, "connected_at": LATER} | changes)


def code_of(move: Callable[[], object]) -> str:
    with pytest.raises(Conflict) as caught:
        move()
    return caught.value.code


def test_the_first_device_that_accepts_has_the_call() -> None:
    call = a_call().accepted(B1, LATER)

    assert (call.status, call.callee_device, call.answered_at) == (CallStatus.ACCEPTED, B1, LATER)
    assert code_of(lambda: call.accepted(B2, LATER)) == "answered-elsewhere"


def test_accepting_again_changes_nothing_even_when_the_call_is_over() -> None:
    call = accepted()
    over = call.hung_up(ANNA, A1, None, LATER)

    assert call.accepted(B1, LATER) is call
    assert over.accepted(B1, LATER) is over


def test_a_device_without_an_offer_cannot_accept() -> None:
    assert code_of(lambda: a_call().accepted(B3, LATER)) == "no-device"


@pytest.mark.parametrize("status", [CallStatus.CANCELLED, CallStatus.MISSED, CallStatus.DECLINED])
def test_a_call_that_is_over_cannot_be_accepted_or_rung(status: CallStatus) -> None:
    call = a_call(status=status, ended_at=LATER)

    assert code_of(lambda: call.accepted(B1, LATER)) == "call-over"
    assert code_of(lambda: call.rung(B1)) == "call-over"
    assert code_of(lambda: call.connected(ANNA, A1, LATER)) == "call-over"


@pytest.mark.parametrize("reason", ["declined", "busy"])
def test_declining_ends_it_for_all_devices_and_may_be_said_twice(reason: Any) -> None:
    call = a_call().declined(B2, reason, LATER)

    assert (call.status.value, call.ended_by, call.ended_at) == (reason, B2, LATER)
    assert call.declined(B2, reason, LATER) is call
    assert code_of(lambda: call.declined(B1, reason, LATER)) == "call-over"
    assert code_of(lambda: call.accepted(B1, LATER)) == "call-over"


def test_declining_does_not_end_what_another_device_has_accepted() -> None:
    assert code_of(lambda: accepted().declined(B2, "declined", LATER)) == "answered-elsewhere"
    assert code_of(lambda: accepted().declined(B1, "declined", LATER)) == "wrong-state"


@pytest.mark.parametrize(
    ("call", "unique_id", "device_id", "status"),
    [
        (a_call(), ANNA, A1, CallStatus.CANCELLED),
        (a_call(), BERT, B2, CallStatus.DECLINED),
        (accepted(), ANNA, A1, CallStatus.ENDED),
        (accepted(), BERT, B1, CallStatus.ENDED),
        (connected(), BERT, B1, CallStatus.ENDED),
    ],
)
def test_hanging_up_means_what_it_means_at_that_moment(
    call: Call, unique_id: str, device_id: str, status: CallStatus
) -> None:
    over = call.hung_up(unique_id, device_id, "user", LATER)

    assert (over.status, over.reason, over.ended_by, over.ended_at) == (status, "user", device_id, LATER)
    assert over.hung_up(unique_id, device_id, "again", LATER + timedelta(seconds=1)) is over


@pytest.mark.parametrize(
    ("call", "unique_id", "device_id"),
    [(a_call(), ANNA, A2), (accepted(), ANNA, A2), (accepted(), BERT, B2), (connected(), BERT, B2)],
)
def test_a_device_that_is_not_in_the_call_cannot_hang_it_up(call: Call, unique_id: str, device_id: str) -> None:
    assert code_of(lambda: call.hung_up(unique_id, device_id, None, LATER)) == "answered-elsewhere"


def test_either_of_the_two_connects_it_once() -> None:
    call = accepted().connected(BERT, B1, LATER)

    assert (call.status, call.connected_at) == (CallStatus.CONNECTED, LATER)
    assert call.connected(ANNA, A1, LATER + timedelta(seconds=1)) is call
    assert code_of(lambda: a_call().connected(ANNA, A1, LATER)) == "wrong-state"
    assert code_of(lambda: accepted().connected(BERT, B2, LATER)) == "answered-elsewhere"


def test_it_is_missed_at_the_end_of_its_ring_and_not_before() -> None:
    call = a_call()

    assert call.judged((), call.ring_until - timedelta(microseconds=1)) is call
    missed = call.judged((), call.ring_until + timedelta(hours=1))
    assert (missed.status, missed.reason, missed.ended_at) == (CallStatus.MISSED, "no-answer", call.ring_until)


def test_it_is_lost_when_one_line_is_held_by_nobody() -> None:
    call = connected()
    held = Line(id=ANNA, call_id=call.id, until=LATER + timedelta(minutes=10))
    forgotten = Line(id=BERT, call_id=call.id, until=LATER)
    until = LATER + HELD_FOR

    assert call.judged([held, forgotten], until - timedelta(seconds=1)) is call
    lost = call.judged([held, forgotten], until + timedelta(seconds=5))
    assert (lost.status, lost.reason, lost.ended_at) == (CallStatus.FAILED, Reason.LOST, until)
    assert call.judged([held], until) is call


def test_a_line_is_taken_held_and_freed() -> None:
    line = Line(id=BERT, until=NOON, version=3).taken(a_call())

    assert (line.call_id, line.other, line.until) == (a_call().id, ANNA, NOON + RING_FOR + RING_GRACE)
    held = line.held(LATER)
    assert held.until == LATER + HELD_FOR
    assert held.freed(LATER) == Line(id=BERT, until=LATER, version=3)


def test_a_line_is_written_only_now_and_then() -> None:
    line = Line(id=BERT, call_id=a_call().id, until=NOON)
    almost = RENEWED_EVERY - timedelta(seconds=1)

    assert not a_call().is_due(line, LATER + RENEWED_EVERY)
    assert not connected().is_due(line, LATER + almost)
    assert connected().is_due(line, LATER + RENEWED_EVERY)
    assert not connected().is_due(line.held(LATER + RENEWED_EVERY), LATER + RENEWED_EVERY + almost)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["accept", "decline", "hang up", "connect", "judge"]),
        st.sampled_from([(ANNA, A1), (ANNA, A2), (BERT, B1), (BERT, B2), (BERT, B3)]),
        st.integers(0, 60),
    ),
    max_size=12,
)


@given(STEPS)
def test_a_call_makes_only_allowed_moves_and_keeps_its_winner(steps: list[tuple[str, tuple[str, str], int]]) -> None:
    call, now = a_call(), NOON
    for what, (unique_id, device_id), seconds in steps:
        now += timedelta(seconds=seconds)
        after = tried(call, what, unique_id, device_id, now)
        if after is not call:
            assert after.status in ALLOWED[call.status]
            assert call.callee_device in {None, after.callee_device}
            assert after.is_over == (after.ended_at is not None)
            assert (after.status in ANSWERED) <= (after.callee_device is not None)
            assert after.ended_at is None or after.created_at <= after.ended_at <= now
        call = after


def tried(call: Call, what: str, unique_id: str, device_id: str, now: datetime) -> Call:
    lines = [Line(id=one, call_id=call.id, until=call.created_at) for one in call.people]
    try:
        match what:
            case "accept":
                return call.accepted(device_id, now)
            case "decline":
                return call.declined(device_id, "declined", now)
            case "hang up":
                return call.hung_up(unique_id, device_id, None, now)
            case "connect":
                return call.connected(unique_id, device_id, now)
            case _:
                return call.judged(lines, now)
    except Conflict:
        return call


def test_both_logs_say_the_same_but_who_was_on_the_telephone_has_missed_a_call() -> None:
    busy = a_call(is_caller_secret=True).found_busy()
    callers, callees = (LogEntry.of(busy, unique_id) for unique_id in (ANNA, BERT))

    assert (callers.status, callers.direction, callers.other) == (CallStatus.BUSY, Direction.OUTGOING, BERT)
    assert (callees.status, callees.direction, callees.other) == (CallStatus.MISSED, Direction.INCOMING, ANNA)
    assert callees.is_missed
    assert not callers.is_missed
    assert (callers.is_secret, callees.is_secret) == (False, True)


def test_a_call_that_is_declined_as_busy_is_not_missed() -> None:
    declined = a_call().declined(B1, "busy", LATER)

    assert declined.has_rung
    assert LogEntry.of(declined, BERT).status is CallStatus.BUSY
    assert not LogEntry.of(declined, BERT).is_missed


def test_a_caller_cannot_pass_a_cancelled_call_off_as_one_to_a_taken_line() -> None:
    cancelled = a_call().hung_up(ANNA, A1, Reason.LINE_TAKEN, LATER)

    assert cancelled.has_rung
    assert LogEntry.of(cancelled, BERT).status is CallStatus.CANCELLED


def test_the_duration_is_what_they_could_talk() -> None:
    over = connected().hung_up(ANNA, A1, None, LATER + timedelta(minutes=2))

    assert LogEntry.of(over, ANNA).duration == timedelta(minutes=2)
    assert LogEntry.of(a_call().declined(B1, "declined", LATER), ANNA).duration == timedelta()


def test_every_status_runs_or_is_final() -> None:
    assert ALLOWED.keys() == RUNNING
    assert set(CallStatus) - RUNNING == {status for status in CallStatus if a_call(status=status).is_over}
