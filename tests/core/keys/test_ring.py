import base64
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from functions.core.keys.provider import KeyRefused
from functions.core.keys.ring import Key, KeyRing, Purpose, UnknownKey
from functions.core.keys.secret_provider import SecretProvider
from functions.core.table import Document
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

SECRET = "a secret of more than thirty-two characters"
QUARTER = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


class CountingTable(FakeTable):
    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def get(self, pk: str) -> Document | None:
        self.reads += 1
        return super().get(pk)


class CountingProvider:
    def __init__(self) -> None:
        self._real = SecretProvider(SECRET)
        self.made = self.unwrapped = 0

    def new_data_key(self, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        self.made += 1
        return self._real.new_data_key(context)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        self.unwrapped += 1
        return self._real.unwrap(wrapped, context)

    def blind_index(self, message: bytes) -> bytes:
        return self._real.blind_index(message)


@pytest.fixture
def table() -> CountingTable:
    return CountingTable()


@pytest.fixture
def provider() -> CountingProvider:
    return CountingProvider()


def a_ring(table: FakeTable, clock: FakeClock, provider: CountingProvider | None = None) -> KeyRing:
    return KeyRing(table, provider or SecretProvider(SECRET), clock=clock)


@pytest.mark.parametrize("purpose", Purpose)
def test_two_rings_on_one_table_agree(table: CountingTable, clock: FakeClock, purpose: Purpose) -> None:
    here, there = a_ring(table, clock), a_ring(table, clock)

    key = here.current(purpose)

    assert (key.number, len(key.secret)) == (1, 32)
    assert there.current(purpose) == key
    assert there.get(purpose, 1) == key


def test_each_purpose_has_a_key_of_its_own(table: CountingTable, clock: FakeClock) -> None:
    ring = a_ring(table, clock)

    assert len({ring.current(purpose).secret for purpose in Purpose}) == len(Purpose)


def test_those_who_ask_first_at_one_moment_get_one_key(table: CountingTable, clock: FakeClock) -> None:
    start = threading.Barrier(8)

    def ask(_: int) -> Key:
        ring = a_ring(table, clock)
        start.wait()
        return ring.current(Purpose.SESSIONS)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(ask, range(8)))

    assert len(keys) == 1
    assert a_ring(table, clock).numbers(Purpose.SESSIONS) == [1]


def test_threads_that_share_a_ring_get_one_key(
    table: CountingTable, clock: FakeClock, provider: CountingProvider
) -> None:
    ring, start = a_ring(table, clock, provider), threading.Barrier(8)

    def ask(_: int) -> Key:
        start.wait()
        return ring.current(Purpose.SESSIONS)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(ask, range(8)))

    assert (len(keys), provider.made, provider.unwrapped) == (1, 1, 1)


def test_whoever_loses_the_race_for_the_first_key_takes_the_winners(clock: FakeClock) -> None:
    class Overtaken(FakeTable):
        def get(self, pk: str) -> Document | None:
            found = super().get(pk)
            if found is None and not self.is_overtaken:
                self.is_overtaken = True
                a_ring(self, clock).current(Purpose.CODES)
            return found

        is_overtaken = False

    table = Overtaken()

    assert a_ring(table, clock).current(Purpose.CODES) == a_ring(table, clock).current(Purpose.CODES)
    assert a_ring(table, clock).numbers(Purpose.CODES) == [1]


def test_a_rotation_elsewhere_is_known_by_its_number_at_once(table: CountingTable, clock: FakeClock) -> None:
    here, there = a_ring(table, clock), a_ring(table, clock)
    old = there.current(Purpose.SESSIONS)

    new = here.rotate(Purpose.SESSIONS)

    assert (old.number, new.number) == (1, 2)
    assert there.get(Purpose.SESSIONS, 2) == new
    assert there.get(Purpose.SESSIONS, 1) == old


def test_a_rotation_elsewhere_is_used_within_a_quarter_of_an_hour(table: CountingTable, clock: FakeClock) -> None:
    here, there = a_ring(table, clock), a_ring(table, clock)
    old = there.current(Purpose.SESSIONS)
    new = here.rotate(Purpose.SESSIONS)

    assert here.current(Purpose.SESSIONS) == new
    clock.pass_time(QUARTER - SECOND)
    assert there.current(Purpose.SESSIONS) == old
    clock.pass_time(SECOND)
    assert there.current(Purpose.SESSIONS) == new


def test_two_who_rotate_one_after_the_other_add_two_keys(table: CountingTable, clock: FakeClock) -> None:
    here, there = a_ring(table, clock), a_ring(table, clock)
    here.current(Purpose.SESSIONS)
    there.current(Purpose.SESSIONS)

    here.rotate(Purpose.SESSIONS)
    there.rotate(Purpose.SESSIONS)

    assert there.numbers(Purpose.SESSIONS) == [1, 2, 3]


def test_made_up_numbers_cost_one_read_in_five_seconds(table: CountingTable, clock: FakeClock) -> None:
    ring = a_ring(table, clock)
    ring.public_key(ring.current(Purpose.TOKENS).number)

    reads = []
    for number in range(2, 62):
        before = table.reads
        with pytest.raises(UnknownKey):
            ring.public_key(number)
        reads.append(table.reads - before)
        clock.pass_time(SECOND)

    assert reads == [1, 0, 0, 0, 0] * 12


def test_made_up_numbers_cost_no_more_where_there_is_no_key_yet(table: CountingTable, clock: FakeClock) -> None:
    ring = a_ring(table, clock)

    for number in range(60):
        with pytest.raises(UnknownKey):
            ring.get(Purpose.TOKENS, number)

    # The line itself, and one look for what may have been added since.
    assert table.reads == 2
    assert table.documents == {}


def test_a_first_key_made_elsewhere_is_found_where_none_was(table: CountingTable, clock: FakeClock) -> None:
    here, there = a_ring(table, clock), a_ring(table, clock)
    assert there.numbers(Purpose.TOKENS) == []

    key = here.current(Purpose.TOKENS)

    assert there.public_key(key.number) == here.public_key(key.number)
    assert there.current(Purpose.TOKENS) == key


def test_whoever_saw_no_key_uses_the_one_made_elsewhere(table: CountingTable, clock: FakeClock) -> None:
    here, there = a_ring(table, clock), a_ring(table, clock)
    assert there.age(Purpose.CODES) is None

    assert here.current(Purpose.CODES) == there.current(Purpose.CODES)
    assert there.numbers(Purpose.CODES) == [1]


def test_a_key_costs_nothing_for_a_quarter_of_an_hour(
    table: CountingTable, clock: FakeClock, provider: CountingProvider
) -> None:
    ring = a_ring(table, clock, provider)
    ring.current(Purpose.SESSIONS)
    reads, unwrapped = table.reads, provider.unwrapped

    clock.pass_time(QUARTER - SECOND)
    ring.current(Purpose.SESSIONS)
    ring.get(Purpose.SESSIONS, 1)
    assert (table.reads, provider.unwrapped) == (reads, unwrapped)

    clock.pass_time(SECOND)
    ring.current(Purpose.SESSIONS)
    assert (table.reads, provider.unwrapped) == (reads + 1, unwrapped + 1)


def test_no_document_holds_a_secret(table: CountingTable, clock: FakeClock) -> None:
    ring = a_ring(table, clock)
    secrets = []
    for purpose in Purpose:
        secrets += [ring.current(purpose).secret, ring.rotate(purpose).secret]

    written = repr(table.documents).lower()
    wrapped = [base64.b64decode(key["wrapped"]) for one in table.documents.values() for key in one["keys"]]

    assert len(wrapped) == len(secrets) == 2 * len(Purpose)
    for secret in secrets:
        encoded = {secret.hex(), *(encode(secret).decode().rstrip("=") for encode in ENCODINGS), repr(secret)[2:-1]}
        assert not any(form.lower() in written for form in encoded)
    assert not any(secret in one for secret, one in product(secrets, wrapped))


ENCODINGS = (base64.b64encode, base64.urlsafe_b64encode, base64.b32encode)


def test_a_key_does_not_show_its_secret(table: CountingTable, clock: FakeClock) -> None:
    assert repr(a_ring(table, clock).current(Purpose.CODES)) == "Key(number=1)"


def test_a_public_key_is_read_without_opening_the_private_one(
    table: CountingTable, clock: FakeClock, provider: CountingProvider
) -> None:
    signer = Ed25519PrivateKey.from_private_bytes(a_ring(table, clock).current(Purpose.TOKENS).secret)

    public = Ed25519PublicKey.from_public_bytes(a_ring(table, clock, provider).public_key(1))

    public.verify(signer.sign(b"a token"), b"a token")
    assert (provider.made, provider.unwrapped) == (0, 0)


def test_only_signing_keys_have_a_public_half(table: CountingTable, clock: FakeClock) -> None:
    ring = a_ring(table, clock)
    for purpose in Purpose:
        ring.current(purpose)

    shown = {pk for pk, document in table.documents.items() if "public" in document["keys"][0]}

    assert shown == {"KEY#tokens"}


def test_a_stored_key_does_no_other_work(table: CountingTable, clock: FakeClock) -> None:
    a_ring(table, clock).current(Purpose.CODES)
    table.documents["KEY#sessions"] = table.documents["KEY#codes"] | {"pk": "KEY#sessions", "id": "sessions"}

    with pytest.raises(KeyRefused):
        a_ring(table, clock).current(Purpose.SESSIONS)


def test_a_ring_tells_the_age_of_the_key_in_use(table: CountingTable, clock: FakeClock) -> None:
    ring = a_ring(table, clock)
    assert ring.age(Purpose.CURSORS) is None

    ring.current(Purpose.CURSORS)
    clock.pass_time(timedelta(days=90))
    assert ring.age(Purpose.CURSORS) == timedelta(days=90)

    ring.rotate(Purpose.CURSORS)
    clock.pass_time(timedelta(days=1))
    assert ring.age(Purpose.CURSORS) == timedelta(days=1)


def test_asking_about_a_key_makes_none(table: CountingTable, clock: FakeClock) -> None:
    ring = a_ring(table, clock)

    assert (ring.age(Purpose.CODES), ring.numbers(Purpose.CODES)) == (None, [])
    ring.drop_older(Purpose.CODES, newest=1)
    with pytest.raises(UnknownKey):
        ring.get(Purpose.CODES, 1)
    assert table.documents == {}


def test_numbers_are_never_used_twice(table: CountingTable, clock: FakeClock) -> None:
    ring = a_ring(table, clock)
    for _ in range(3):
        ring.rotate(Purpose.CODES)
    assert ring.numbers(Purpose.CODES) == [1, 2, 3]

    ring.drop_older(Purpose.CODES, newest=3)
    assert ring.numbers(Purpose.CODES) == [3]
    assert ring.rotate(Purpose.CODES).number == 4
    with pytest.raises(UnknownKey):
        ring.get(Purpose.CODES, 2)


def test_a_value_is_found_by_the_same_index_everywhere_and_by_its_kind_only(
    table: CountingTable, clock: FakeClock
) -> None:
    here, there = a_ring(table, clock), a_ring(FakeTable(), clock)

    index = here.index("email", "anna@example.com")

    assert len(bytes.fromhex(index)) == 32
    assert there.index("email", "anna@example.com") == index
    assert len({index, here.index("phone", "anna@example.com"), here.index("email", "bert@example.com")}) == 3
