"""What happens to keys while others rotate them, and the form of what they seal."""

import hmac
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from functions.core.keys import kms_provider
from functions.core.keys.kms_provider import KmsProvider
from functions.core.keys.ring import KeyRing, Purpose
from functions.core.keys.sealing import Sealer
from functions.core.keys.secret_provider import SecretProvider
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

SECRET = "a secret of more than thirty-two characters"


class Overtaken(SecretProvider):
    def __init__(self, before_making: Callable[[], object]) -> None:
        super().__init__(SECRET)
        self._before_making = before_making

    def new_data_key(self, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        self._before_making()
        return super().new_data_key(context)


def test_a_sealed_text_has_the_form_that_is_written_down(clock: FakeClock) -> None:
    ring = KeyRing(FakeTable(), SecretProvider(SECRET), clock=clock)
    sealed = Sealer(ring).seal("Анна", pk="USER#1", attribute="name")
    raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))

    # RFC 5869 by hand: extract, then the only block of expand.
    extracted = hmac.digest(raw[3:19], ring.current(Purpose.PERSONAL_DATA).secret, "sha256")
    key = hmac.digest(extracted, b"parley/personal-data/1|name\x01", "sha256")

    assert raw[:3] == b"\x01\x00\x01"
    assert AESGCM(key).decrypt(raw[19:31], raw[31:], b"parley/personal-data/1|USER#1|name|1").decode() == "Анна"


def test_whoever_is_overtaken_while_rotating_takes_the_others_key(clock: FakeClock) -> None:
    table = FakeTable()
    there = KeyRing(table, SecretProvider(SECRET), clock=clock)
    there.current(Purpose.SESSIONS)
    here = KeyRing(table, Overtaken(lambda: there.rotate(Purpose.SESSIONS)), clock=clock)

    assert here.rotate(Purpose.SESSIONS) == there.current(Purpose.SESSIONS)
    assert here.numbers(Purpose.SESSIONS) == [1, 2]


def test_a_drop_spares_what_another_process_has_rotated_to(clock: FakeClock) -> None:
    table = FakeTable()
    here, there = (KeyRing(table, SecretProvider(SECRET), clock=clock) for _ in range(2))
    here.current(Purpose.CODES)
    newest = there.rotate(Purpose.CODES)

    here.drop_older(Purpose.CODES, newest=1)

    assert here.numbers(Purpose.CODES) == [1, 2]
    assert here.current(Purpose.CODES) == newest


def test_a_drop_goes_as_far_as_it_was_told_to(clock: FakeClock) -> None:
    ring = KeyRing(FakeTable(), SecretProvider(SECRET), clock=clock)
    for _ in range(4):
        ring.rotate(Purpose.CODES)

    ring.drop_older(Purpose.CODES, newest=3)

    assert ring.numbers(Purpose.CODES) == [3, 4]


def test_no_client_of_kms_is_made_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(kms_provider, "client", asked.append)

    KmsProvider(wrapping_key="wrapping", index_key="index")

    assert asked == []


def test_a_collection_loads_no_cryptography() -> None:
    # Where pyOpenSSL is installed, as for calls at a desk, botocore loads it with all that it needs; Lambda has none.
    program = (
        "import sys; sys.modules['OpenSSL'] = None; import functions.core.collection; "
        "sys.exit('cryptography' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
