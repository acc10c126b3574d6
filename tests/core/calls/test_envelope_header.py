"""What the server reads of an envelope, and what it refuses."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.calls.envelope_header import SealedType, read_envelope
from functions.core.errors import Invalid
from tests.core.calls.builders import A1, ANNA, B1, BERT, CALL_ID, a_header, an_envelope, b64

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def refused(thing: object) -> str:
    with pytest.raises(Invalid) as caught:
        read_envelope(thing)
    assert caught.value.code == "bad-envelope"
    return caught.value.detail


def with_header(data: bytes) -> dict[str, Any]:
    return {**an_envelope(), "p": b64(data)}


def test_an_envelope_is_read_and_goes_on_as_it_came() -> None:
    envelope = an_envelope(seq=999, type="ice")
    letter = read_envelope(envelope)

    assert letter.envelope.to_wire() == envelope
    header = letter.header
    assert (header.call_id, header.type, header.seq) == (CALL_ID, SealedType.ICE, 999)
    assert (header.sender, header.sender_device, header.receiver, header.receiver_device) == (ANNA, A1, BERT, B1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("call", "call_1"),
        ("call", None),
        ("call", CALL_ID + "\n"),
        ("type", "dance"),
        ("type", ["offer"]),
        ("from", "1234567"),
        ("from", 10000001),
        ("from", "١٠٠٠٠٠٠١"),
        ("fd", "dev_1"),
        ("to", ""),
        ("td", {}),
        ("seq", -1),
        ("seq", 1000),
        ("seq", 1.0),
        ("seq", True),
        ("seq", "1"),
        ("ts", 0),
        ("ts", 2**53),
        ("ts", None),
        ("kid", b64(bytes(7))),
        ("kid", b64(bytes(8)) + "="),
        ("kid", "!"),
    ],
)
def test_a_wrong_field_of_the_header_is_named(field: str, value: object) -> None:
    assert f"`{field}`" in refused(an_envelope(**{field: value}))


@pytest.mark.parametrize(
    "thing",
    [
        None,
        [],
        "envelope",
        {},
        {**an_envelope(), "v": 2},
        {**an_envelope(), "v": True},
        {**an_envelope(), "v": "1"},
        {**an_envelope(), "extra": 1},
        {**an_envelope(), "p": 1},
        {**an_envelope(), "e": b64(bytes(47))},
        {**an_envelope(), "e": "a b"},
        {**an_envelope(), "e": "a"},
        {**an_envelope(), "s": b64(bytes(63))},
        {**an_envelope(), "s": b64(bytes(65))},
        with_header(b""),
        with_header(b"[]"),
        with_header(b"{"),
        with_header(b"\xff\xfe"),
        with_header(b"[" * 1000),
        with_header(json.dumps(a_header(note="x" * 1000)).encode()),
    ],
)
def test_what_is_no_envelope_is_refused(thing: object) -> None:
    assert refused(thing)


@given(JSON)
def test_anything_is_refused_in_words(thing: object) -> None:
    refused(thing)


@given(st.dictionaries(st.sampled_from([*a_header()]), JSON, min_size=1))
def test_any_header_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        header = read_envelope(an_envelope(**changes)).header
    except Invalid:
        refused(an_envelope(**changes))
    else:
        assert 0 <= header.seq < 1000
