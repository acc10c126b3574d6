"""Calls are kept and read alike in memory and in DynamoDB."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from functions.core.calls.envelope_header import read_envelope
from functions.core.calls.mail import Mail
from functions.core.calls.model import Call, CallStatus
from functions.core.calls.store import Calls
from functions.core.ids import new_id
from functions.core.table import Changed, Table
from tests.builders import NOON
from tests.core.calls.builders import A1, B1, B2, a_call, an_envelope
from tests.fakes.clock import FakeClock

LATER = NOON + timedelta(seconds=10)


@pytest.fixture
def calls(table: Table, clock: FakeClock) -> Calls:
    return Calls(table, clock=clock)


@pytest.fixture
def begun(calls: Calls) -> Callable[[], Call]:
    people = new_id("call")[-8:], new_id("call")[-8:]

    def begin() -> Call:
        call = a_call(id=new_id("call"), caller=people[0], callee=people[1], version=0)
        return calls.begin(call, calls.lines(people), mail_of(call))

    return begin


def mail_of(call: Call) -> list[Mail]:
    offers = [an_envelope(call=call.id), an_envelope(call=call.id, td=B2)]
    return [Mail.of(read_envelope(offer), NOON) for offer in offers]


def test_a_call_is_kept_with_its_lines_and_offers(calls: Calls, begun: Callable[[], Call]) -> None:
    call = begun()

    found, lines = calls.read_with_lines(call.id, call.people)

    assert found == call
    assert [line.call_id for line in lines.values()] == [call.id, call.id]
    assert [line.other for line in lines.values()] == [call.callee, call.caller]
    assert calls.on(lines) == {call.caller: call, call.callee: call}
    assert [one.envelope for one in calls.mail([one.id for one in mail_of(call)])] == [
        one.envelope for one in mail_of(call)
    ]


def test_the_second_of_two_writers_loses(calls: Calls, begun: Callable[[], Call]) -> None:
    call = begun()
    calls.save(call.accepted(B1, LATER), [])

    with pytest.raises(Changed):
        calls.save(call.accepted(B2, LATER), [])
    with pytest.raises(Changed):
        calls.end(call.hung_up(call.caller, A1, None, LATER), {})
    assert calls.get(call.id).callee_device == B1


def test_lines_are_taken_by_one_call_at_a_time(calls: Calls, begun: Callable[[], Call]) -> None:
    call = begun()
    lines = calls.lines(call.people)
    calls.hold(lines[call.caller])
    second = a_call(id=new_id("call"), caller=call.caller, callee=call.callee, version=0)

    with pytest.raises(Changed):
        calls.begin(second, lines, [])


def test_an_end_frees_both_lines_and_stands_in_both_logs(calls: Calls, begun: Callable[[], Call]) -> None:
    first = begun()
    over = calls.end(first.declined(B1, "busy", LATER), {})
    second = begun()
    calls.end(second.hung_up(second.caller, A1, "user", LATER), {})

    assert calls.read(first.id) == over
    assert all(line.call_id is None for line in calls.lines(first.people).values())
    for unique_id in first.people:
        listed = calls.log_of(unique_id, before=None, limit=5).things
        assert [entry.call_id for entry in listed] == sorted([first.id, second.id], reverse=True)
        assert {entry.status for entry in listed} == {CallStatus.BUSY, CallStatus.CANCELLED}


def test_a_message_is_kept_once_and_another_one_is_not_in_its_place(calls: Calls, begun: Callable[[], Call]) -> None:
    mail = mail_of(begun())[0]
    other = Mail.of(read_envelope(an_envelope(call=mail.id.split("#")[0], sealed=b"z" * 48)), NOON)

    assert calls.keep(mail)
    assert not calls.keep(other)
    assert calls.has(mail)


def test_what_has_rung_elsewhere_is_known(calls: Calls, begun: Callable[[], Call]) -> None:
    call = begun()

    assert not calls.was_rung(call)
    calls.note_rung(call)
    calls.note_rung(call)
    assert calls.was_rung(call)
