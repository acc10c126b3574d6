"""What holds for any message and any keys."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from parley.sealed import Device, Peer, Person, Refused, safety_number, verify_bundle
from parley.sealed.encoding import b64, unb64
from parley.sealed.replays import KEPT_MS, MOST_APART_MS, Replays

ANNA, BORIS = Device.create("12345678"), Device.create("87654321")
NOW = 1_795_262_400_000
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
KEYS = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=5, unique=True)
UIDS = st.from_regex(r"\A[0-9]{8}\Z")


def fresh(device: Device) -> Device:
    """The same device, to which nothing has come yet."""
    return Device(device.uid, device.id, device._secrets, device.bundle)


def sealed(**changes: Any) -> dict[str, Any]:
    values = {"call": "call_1", "type": "ice", "seq": 0, "body": {"candidates": []}, "now": NOW}
    return ANNA.seal(BORIS.peer, **values | changes)


@given(body=JSON, seq=st.integers(0, 999), call=st.text(min_size=1, max_size=64), kind=st.text(min_size=1, max_size=32))
def test_any_body_comes_through_as_it_was(body: object, seq: int, call: str, kind: str) -> None:
    envelope = sealed(body=body, seq=seq, call=call, type=kind)

    opened = fresh(BORIS).open(ANNA.peer, envelope, call=call, type=kind, now=NOW)

    assert opened.body == body
    assert (opened.header.seq, opened.header.call, opened.header.type) == (seq, call, kind)


@settings(max_examples=300)
@given(part=st.sampled_from("pes"), where=st.floats(0, 1, exclude_max=True))
def test_one_flipped_bit_anywhere_is_refused(part: str, where: float) -> None:
    envelope = sealed()
    raw = bytearray(unb64(envelope[part], most=40_000))
    bit = int(where * len(raw) * 8)
    raw[bit // 8] ^= 1 << bit % 8

    with pytest.raises(Refused) as refused:
        fresh(BORIS).open(ANNA.peer, envelope | {part: b64(bytes(raw))}, call="call_1", now=NOW)

    assert refused.value.code == "signature"


@given(part=st.sampled_from("bs"), where=st.floats(0, 1, exclude_max=True))
def test_one_flipped_bit_of_a_bundle_is_refused(part: str, where: float) -> None:
    raw = bytearray(unb64(ANNA.bundle[part], most=1024))
    bit = int(where * len(raw) * 8)
    raw[bit // 8] ^= 1 << bit % 8

    with pytest.raises(Refused) as refused:
        verify_bundle(ANNA.bundle | {part: b64(bytes(raw))})

    assert refused.value.code == "bundle"


@given(envelope=JSON | st.dictionaries(st.sampled_from(["v", "p", "e", "s"]), JSON | st.just(1)))
def test_whatever_comes_it_is_refused_and_nothing_breaks(envelope: Any) -> None:
    with pytest.raises(Refused):
        BORIS.open(ANNA.peer, envelope, call="call_1", now=NOW)
    with pytest.raises(Refused):
        verify_bundle(envelope)


@given(raw=st.binary(max_size=200))
def test_bytes_have_one_text_only(raw: bytes) -> None:
    text = b64(raw)

    assert unb64(text, most=300) == raw
    for padded in (text + "=", text + "\n", " " + text, text + "A" * (4 - len(text) % 4) + "A"):
        try:
            assert unb64(padded, most=300) != raw
        except ValueError:
            continue


@settings(max_examples=25)
@given(a=UIDS, b=UIDS, a_keys=KEYS, b_keys=KEYS)
def test_a_safety_number_is_the_same_for_both(a: str, b: str, a_keys: list[bytes], b_keys: list[bytes]) -> None:
    one, other = Person(uid=a, identity_keys=tuple(a_keys)), Person(uid=b, identity_keys=tuple(b_keys))
    turned = Person(uid=a, identity_keys=tuple(reversed(a_keys)))

    number = safety_number(one, other)

    assert number == safety_number(other, turned)
    assert [len(group) for group in number.split(" ")] == [5] * 12
    assert number.replace(" ", "").isdigit()


@settings(max_examples=25)
@given(keys=KEYS, which=st.integers(0, 4), bit=st.integers(0, 255), uid=UIDS)
def test_a_safety_number_changes_with_any_key(keys: list[bytes], which: int, bit: int, uid: str) -> None:
    boris = Person(uid=BORIS.uid, identity_keys=(BORIS.peer.identity_key,))
    changed = list(keys)
    number = int.from_bytes(changed[which % len(keys)]) ^ 1 << bit
    changed[which % len(keys)] = number.to_bytes(32)

    before = safety_number(Person(uid=uid, identity_keys=tuple(keys)), boris)

    assert safety_number(Person(uid=uid, identity_keys=tuple(changed)), boris) != before
    assert safety_number(Person(uid=uid, identity_keys=(*keys, ANNA.peer.identity_key)), boris) != before


def test_somebody_without_a_device_has_no_safety_number() -> None:
    with pytest.raises(ValueError, match="without a device"):
        safety_number(Person(uid="12345678", identity_keys=()), Person(uid="87654321", identity_keys=(bytes(32),)))


@given(
    messages=st.lists(
        st.tuples(st.sampled_from(["call_1", "call_2"]), st.sampled_from(["dev_1", "dev_2"]), st.integers(0, 3)),
        max_size=30,
    )
)
def test_each_number_is_taken_once_whatever_the_order(messages: list[tuple[str, str, int]]) -> None:
    replays = Replays()

    taken = [message for message in messages if replays.claim(*message, NOW)]

    assert sorted(taken) == sorted(set(messages))


@example(sent=0, came=-5, again=6)
@example(sent=0, came=-5, again=10)
@given(sent=st.integers(0, 60), came=st.integers(-5, 5), again=st.integers(0, 12))
def test_a_message_is_never_opened_twice_however_long_it_is_kept_back(sent: int, came: int, again: int) -> None:
    minute = 60_000
    first, second = NOW + (sent + came) * minute, NOW + (sent + came + again) * minute
    opener, envelope = fresh(BORIS), sealed(now=NOW + sent * minute)
    opener.open(ANNA.peer, envelope, call="call_1", now=first)
    # Other messages come meanwhile, and old ones are forgotten.
    opener.open(ANNA.peer, sealed(call="call_2", now=second), call="call_2", now=second)

    with pytest.raises(Refused) as refused:
        opener.open(ANNA.peer, envelope, call="call_1", now=second)

    assert refused.value.code in {"stale", "replay"}


def test_old_calls_are_forgotten() -> None:
    replays = Replays()
    for number in range(100):
        replays.claim(f"call_{number}", "dev_1", 0, NOW + number * MOST_APART_MS)

    assert len(replays._seen) == KEPT_MS // MOST_APART_MS + 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"seq": 1000},
        {"seq": -1},
        {"call": ""},
        {"type": "x" * 33},
        {"now": -1},
        {"body": float("nan")},
        {"body": {"sdp": "x" * 33_000}},
    ],
)
def test_what_nobody_would_open_is_not_sealed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, nothing was sealed
        sealed(**wrong)


@pytest.mark.parametrize("uid", ["1234567", "123456789", "1234567x", ""])
def test_a_device_belongs_to_eight_digits(uid: str) -> None:
    with pytest.raises(ValueError, match="eight digits"):
        Device.create(uid)


def test_two_devices_have_no_key_in_common() -> None:
    one, other = Device.create("12345678"), Device.create("12345678")

    assert one.id != other.id
    assert not {one.peer.identity_key, one.peer.exchange_key} & {other.peer.identity_key, other.peer.exchange_key}


def test_nothing_of_a_message_stands_in_its_refusal() -> None:
    envelope = sealed(body={"sdp": "a=candidate"})

    with pytest.raises(Refused) as refused:
        fresh(BORIS).open(ANNA.peer, envelope, call="call_2", now=NOW)

    assert "call_1" not in str(refused.value)
    assert ANNA.uid not in str(refused.value)


def test_secret_keys_are_not_printed() -> None:
    assert "PrivateKey" not in repr(ANNA._secrets)
    assert isinstance(ANNA.peer, Peer)
