import pytest

from parley.calls.consent import Consent, Turn
from parley.sealed import Device, Refused

CALL_ID = "call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF"
NOW = 1_700_000_000.0


@pytest.fixture
def devices() -> tuple[Device, Device]:
    return Device.create("11111111"), Device.create("22222222")


@pytest.fixture
def ends(devices: tuple[Device, Device]) -> tuple[Consent, Consent]:
    one, other = devices
    return Consent(CALL_ID, one, other.peer, lambda: NOW), Consent(CALL_ID, other, one.peer, lambda: NOW)


def test_both_may_record_once_one_has_asked_and_the_other_agreed(ends: tuple[Consent, Consent]) -> None:
    asking, asked = ends
    assert asked.take(asking.ask()) is Turn.ASKED
    assert [one.is_given for one in ends] == [False, False]
    assert asking.take(asked.agree()) is Turn.GRANTED
    assert [one.is_given for one in ends] == [True, True]
    assert (asking.request, asking.grant) == (asked.request, asked.grant)


def test_nobody_records_where_it_is_refused(ends: tuple[Consent, Consent]) -> None:
    asking, asked = ends
    asked.take(asking.ask())
    assert asking.take(asked.refuse()) is Turn.DENIED
    assert not asking.is_given
    assert not asked.is_given


def test_an_agreement_that_nobody_asked_for_is_none(ends: tuple[Consent, Consent]) -> None:
    asking, asked = ends
    assert asking.take(asked.agree()) is None
    assert not asking.is_given


def test_either_side_stops_both(ends: tuple[Consent, Consent]) -> None:
    asking, asked = ends
    asked.take(asking.ask())
    asking.take(asked.agree())
    assert asked.take(asking.stop()) is Turn.STOPPED
    assert not asking.is_given
    assert not asked.is_given


def test_a_statement_for_another_call_is_refused(devices: tuple[Device, Device], ends: tuple[Consent, Consent]) -> None:
    asking, asked = ends
    asked.take(asking.ask())
    elsewhere = devices[1].consent("grant", call="call_01JD3Z6Q4B2VJ6V5T6X0Q2M8AG", at=int(NOW * 1000))
    with pytest.raises(Refused):
        asking.take({"kind": "grant", "statement": elsewhere})
    assert not asking.is_given


def test_a_request_is_no_agreement(ends: tuple[Consent, Consent]) -> None:
    asking, asked = ends
    statement = asking.ask()["statement"]
    asked.take({"kind": "request", "statement": statement})
    with pytest.raises(Refused):
        asking.take({"kind": "grant", "statement": statement})


@pytest.mark.parametrize("body", [{}, {"kind": 7}, {"kind": "grant"}, {"kind": "nonsense", "statement": {}}], ids=str)
def test_what_is_no_statement_changes_nothing(ends: tuple[Consent, Consent], body: dict[str, object]) -> None:
    asked = ends[1]
    assert asked.take(body) is None
    assert not asked.is_given


@pytest.mark.parametrize("statement", [None, "text", {}, {"b": "e30", "s": "AA"}], ids=str)
def test_a_statement_that_cannot_be_understood_is_refused(ends: tuple[Consent, Consent], statement: object) -> None:
    with pytest.raises(Refused):
        ends[0].take({"kind": "request", "statement": statement})
