"""Frames of calls are read, or refused with the name of what is wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.calls.frames import (
    Accept,
    Connected,
    Decline,
    HangUp,
    Invite,
    Ping,
    Ringing,
    Signal,
    Sync,
    read_frame,
)
from functions.core.errors import Invalid
from tests.core.calls.builders import A1, ANNA, B1, B2, BERT, CALL_ID, an_envelope
from tests.core.calls.test_envelope_header import JSON

INVITE = {"type": "call.invite", "call_id": CALL_ID, "to": BERT}


def refused(frame: dict[str, Any]) -> tuple[str, object]:
    with pytest.raises(Invalid) as caught:
        read_frame(frame)
    return caught.value.code, caught.value.facts.get("field")


def test_every_frame_is_read() -> None:
    offers = [an_envelope(), an_envelope(td=B2)]
    answer = an_envelope(type="answer", **{"from": BERT, "fd": B1, "to": ANNA, "td": A1})

    invite = read_frame({**INVITE, "offers": offers})
    assert isinstance(invite, Invite)
    assert [letter.envelope.to_wire() for letter in invite.offers] == offers
    assert read_frame({"type": "call.ringing", "call_id": CALL_ID}) == Ringing(call_id=CALL_ID)
    assert read_frame({"type": "call.accept", "call_id": CALL_ID}) == Accept(call_id=CALL_ID)
    assert isinstance(read_frame({"type": "call.accept", "call_id": CALL_ID, "envelope": answer}), Accept)
    assert read_frame({"type": "call.decline", "call_id": CALL_ID}) == Decline(call_id=CALL_ID)
    assert read_frame({"type": "call.decline", "call_id": CALL_ID, "reason": "busy"}) == Decline(
        call_id=CALL_ID, reason="busy"
    )
    assert read_frame({"type": "call.hangup", "call_id": CALL_ID, "reason": "ice-timeout"}) == HangUp(
        call_id=CALL_ID, reason="ice-timeout"
    )
    assert read_frame({"type": "call.hangup", "call_id": CALL_ID, "reason": None}) == HangUp(call_id=CALL_ID)
    assert read_frame({"type": "call.connected", "call_id": CALL_ID}) == Connected(call_id=CALL_ID)
    signal = read_frame({"type": "signal", "envelope": an_envelope(type="ice")})
    assert isinstance(signal, Signal)
    assert signal.call_id == CALL_ID
    assert read_frame({"type": "sync", "id": "7"}) == Sync(call_id=None, have={})
    assert read_frame({"type": "sync", "call_id": CALL_ID, "have": {A1: 1000}}) == Sync(
        call_id=CALL_ID, have={A1: 1000}
    )
    assert read_frame({"type": "ping"}) == Ping(call_id=None)


@pytest.mark.parametrize("kind", ["dance", "", None, 1, ["ping"], "call.state"])
def test_an_unknown_type_is_named_so(kind: object) -> None:
    assert refused({"type": kind})[0] == "unknown-type"


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ({"type": "call.ringing"}, "call_id"),
        ({"type": "call.accept", "call_id": "call_x"}, "call_id"),
        ({"type": "call.hangup", "call_id": 1}, "call_id"),
        ({"type": "call.hangup", "call_id": CALL_ID, "reason": "Because I say so"}, "reason"),
        ({"type": "call.decline", "call_id": CALL_ID, "reason": "missed"}, "reason"),
        ({"type": "call.decline", "call_id": CALL_ID, "reason": ["busy"]}, "reason"),
        ({**INVITE, "to": "anna", "offers": []}, "to"),
        ({**INVITE}, "offers"),
        ({**INVITE, "offers": {}}, "offers"),
        ({**INVITE, "offers": [an_envelope()] * 6}, "offers"),
        ({"type": "sync", "call_id": ""}, "call_id"),
        ({"type": "sync", "have": []}, "have"),
        ({"type": "sync", "have": {"dev_x": 1}}, "have"),
        ({"type": "sync", "have": {A1: -1}}, "have"),
        ({"type": "sync", "have": {A1: 1001}}, "have"),
        ({"type": "sync", "have": {A1: True}}, "have"),
        ({"type": "sync", "have": {f"{A1[:-2]}{number}": 0 for number in range(10, 31)}}, "have"),
        ({"type": "ping", "call_id": {}}, "call_id"),
    ],
)
def test_a_wrong_field_is_named(frame: dict[str, Any], field: str) -> None:
    assert refused(frame) == ("bad-frame", field)


@pytest.mark.parametrize(
    "frame",
    [
        {**INVITE, "offers": [{}]},
        {**INVITE, "offers": [an_envelope(type="answer")]},
        {**INVITE, "offers": [an_envelope(call="call_01KAJ0000000000000000000BB")]},
        {**INVITE, "offers": [an_envelope(to=ANNA)]},
        {**INVITE, "offers": [an_envelope(), an_envelope(seq=1)]},
        {"type": "call.accept", "call_id": CALL_ID, "envelope": an_envelope()},
        {"type": "call.accept", "call_id": CALL_ID, "envelope": "x"},
        {"type": "signal"},
        {"type": "signal", "envelope": an_envelope(type="offer")},
    ],
)
def test_an_envelope_that_does_not_belong_there_is_refused(frame: dict[str, Any]) -> None:
    assert refused(frame)[0] == "bad-envelope"


KINDS = ["call.invite", "call.accept", "call.decline", "call.hangup", "signal", "sync", "ping"]


@given(
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(["call_id", "to", "offers", "envelope", "have", "reason"]), JSON),
)
def test_anything_is_read_or_refused_in_words(kind: str, fields: dict[str, Any]) -> None:
    try:
        read_frame({"type": kind, **fields})
    except Invalid:
        assert refused({"type": kind, **fields})[0] in {"bad-frame", "bad-envelope"}
