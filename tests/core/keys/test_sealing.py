import base64
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.core.keys.ring import KeyRing, Purpose
from functions.core.keys.sealing import SealBroken, Sealer, key_number_of
from functions.core.keys.secret_provider import SecretProvider
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

SECRET = "a secret of more than thirty-two characters"
PK, ATTRIBUTE, TEXT = "USER#usr_1", "email", "аня@example.com 👋"


def a_ring() -> KeyRing:
    return KeyRing(FakeTable(), SecretProvider(SECRET), clock=FakeClock())


@pytest.fixture
def ring() -> KeyRing:
    return a_ring()


@pytest.fixture
def sealer(ring: KeyRing) -> Sealer:
    return Sealer(ring)


ONE_SEALER = Sealer(a_ring())
"""Making a key for each example would say nothing more."""


def bytes_of(sealed: str) -> bytes:
    return base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@given(text=st.text(), pk=st.text(), attribute=st.text())
@example(text="", pk=PK, attribute=ATTRIBUTE)
@example(text="Привет, Анна Сергеевна", pk=PK, attribute="name")
@example(text="👩‍👩‍👧‍👦 e\u0301\x00", pk=PK, attribute="nickname")
def test_what_was_sealed_is_opened_in_its_place(text: str, pk: str, attribute: str) -> None:
    sealed = ONE_SEALER.seal(text, pk=pk, attribute=attribute)

    assert ONE_SEALER.open(sealed, pk=pk, attribute=attribute) == text


@given(data=st.data())
def test_any_changed_byte_is_refused(data: st.DataObject) -> None:
    raw = bytes_of(ONE_SEALER.seal(TEXT, pk=PK, attribute=ATTRIBUTE))
    place = data.draw(st.integers(min_value=0, max_value=len(raw) - 1))
    change = data.draw(st.integers(min_value=1, max_value=255))
    changed = raw[:place] + bytes([raw[place] ^ change]) + raw[place + 1 :]

    with pytest.raises(SealBroken):
        ONE_SEALER.open(text_of(changed), pk=PK, attribute=ATTRIBUTE)


def test_every_place_of_a_sealed_text_counts(sealer: Sealer) -> None:
    raw = bytes_of(sealer.seal("", pk=PK, attribute=ATTRIBUTE))

    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(SealBroken):
            sealer.open(text_of(changed), pk=PK, attribute=ATTRIBUTE)


def test_a_cut_text_is_refused(sealer: Sealer) -> None:
    raw = bytes_of(sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE))

    for length in range(len(raw)):
        with pytest.raises(SealBroken):
            sealer.open(text_of(raw[:length]), pk=PK, attribute=ATTRIBUTE)
    with pytest.raises(SealBroken):
        sealer.open(text_of(raw + b"\0"), pk=PK, attribute=ATTRIBUTE)


@given(text=st.text())
def test_a_text_that_was_never_sealed_is_refused(text: str) -> None:
    with pytest.raises(SealBroken):
        ONE_SEALER.open(text, pk=PK, attribute=ATTRIBUTE)


@pytest.mark.parametrize("nonsense", ["", "A", "not sealed", "аня@example.com", text_of(b"\1\0\1")])
def test_what_was_never_sealed_has_no_key_number(nonsense: str) -> None:
    with pytest.raises(SealBroken):
        key_number_of(nonsense)


@pytest.mark.parametrize(
    ("pk", "attribute"), [("USER#usr_2", "email"), ("PENDING#usr_1", "email"), (PK, "phone"), (PK, ""), ("", ATTRIBUTE)]
)
def test_a_sealed_text_opens_in_no_other_place(sealer: Sealer, pk: str, attribute: str) -> None:
    sealed = sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE)

    with pytest.raises(SealBroken):
        sealer.open(sealed, pk=pk, attribute=attribute)


def test_a_sealed_text_does_not_say_who_it_is_of(sealer: Sealer) -> None:
    sealed = sealer.seal("anna@example.com", pk=PK, attribute=ATTRIBUTE)

    with pytest.raises(SealBroken, match="email of USER#usr_2") as caught:
        sealer.open(sealed, pk="USER#usr_2", attribute=ATTRIBUTE)
    assert "anna" not in str(caught.value)
    assert b"anna" not in bytes_of(sealed)


def test_two_seals_of_one_text_share_nothing(sealer: Sealer) -> None:
    first, second = (bytes_of(sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE)) for _ in range(2))

    salts, nonces, rests = (
        {raw[part] for raw in (first, second)} for part in (slice(3, 19), slice(19, 31), slice(31, None))
    )
    assert [len(salts), len(nonces), len(rests)] == [2, 2, 2]


def test_a_sealed_text_is_forty_seven_bytes_longer(sealer: Sealer) -> None:
    assert len(bytes_of(sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE))) == len(TEXT.encode()) + 47


def test_after_a_rotation_old_texts_open_and_new_ones_carry_the_new_number(ring: KeyRing, sealer: Sealer) -> None:
    old = sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE)
    ring.rotate(Purpose.PERSONAL_DATA)
    new = sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE)

    assert [key_number_of(sealed) for sealed in (old, new)] == [1, 2]
    assert {sealer.open(sealed, pk=PK, attribute=ATTRIBUTE) for sealed in (old, new)} == {TEXT}


def test_a_text_opens_under_no_other_key_than_the_one_it_names(ring: KeyRing, sealer: Sealer) -> None:
    raw = bytes_of(sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE))
    ring.rotate(Purpose.PERSONAL_DATA)

    with pytest.raises(SealBroken):
        sealer.open(text_of(raw[:1] + (2).to_bytes(2) + raw[3:]), pk=PK, attribute=ATTRIBUTE)


def test_a_dropped_key_opens_nothing_any_more(ring: KeyRing, sealer: Sealer) -> None:
    old = sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE)
    ring.rotate(Purpose.PERSONAL_DATA)
    new = sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE)

    ring.drop_older(Purpose.PERSONAL_DATA, newest=2)

    assert sealer.open(new, pk=PK, attribute=ATTRIBUTE) == TEXT
    with pytest.raises(SealBroken):
        sealer.open(old, pk=PK, attribute=ATTRIBUTE)


def test_a_dropped_key_is_gone_for_other_processes_within_a_quarter_of_an_hour() -> None:
    table, clock = FakeTable(), FakeClock()
    here, there = (KeyRing(table, SecretProvider(SECRET), clock=clock) for _ in range(2))
    old = Sealer(there).seal(TEXT, pk=PK, attribute=ATTRIBUTE)
    here.rotate(Purpose.PERSONAL_DATA)
    here.drop_older(Purpose.PERSONAL_DATA, newest=2)

    clock.pass_time(timedelta(minutes=15))

    with pytest.raises(SealBroken):
        Sealer(there).open(old, pk=PK, attribute=ATTRIBUTE)
    assert key_number_of(Sealer(there).seal(TEXT, pk=PK, attribute=ATTRIBUTE)) == 2


def test_another_installation_opens_nothing() -> None:
    sealed = Sealer(a_ring()).seal(TEXT, pk=PK, attribute=ATTRIBUTE)

    other = a_ring()
    other.current(Purpose.PERSONAL_DATA)
    with pytest.raises(SealBroken):
        Sealer(other).open(sealed, pk=PK, attribute=ATTRIBUTE)


def test_what_is_sealed_for_one_purpose_opens_for_no_other(ring: KeyRing, sealer: Sealer) -> None:
    webhooks = Sealer(ring, Purpose.WEBHOOKS)
    sealed = webhooks.seal(TEXT, pk=PK, attribute=ATTRIBUTE)
    sealer.seal(TEXT, pk=PK, attribute=ATTRIBUTE)

    assert webhooks.open(sealed, pk=PK, attribute=ATTRIBUTE) == TEXT
    with pytest.raises(SealBroken):
        sealer.open(sealed, pk=PK, attribute=ATTRIBUTE)
