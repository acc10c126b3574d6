from collections.abc import Callable
from dataclasses import dataclass

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from functions.core.aws import client
from functions.core.keys.kms_provider import KmsProvider
from functions.core.keys.provider import KeyProvider, KeyRefused
from functions.core.keys.providers import provider_for
from functions.core.keys.ring import KeyRing, Purpose
from functions.core.keys.sealing import Sealer
from functions.core.keys.secret_provider import SHORTEST_SECRET, SecretProvider
from functions.core.settings import DataKeys
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable

CONTEXT = {"service": "parley", "purpose": "sessions", "number": "1"}
SECRET = "a secret of more than thirty-two characters"


@dataclass
class Keys:
    """A provider, the same one in another process, and one with other keys."""

    provider: KeyProvider
    again: KeyProvider
    foreign: KeyProvider


def a_kms_provider() -> Callable[[], KeyProvider]:
    """Make the template's two keys; returns what makes a provider of them."""
    kms = boto3.client("kms")
    wrapping = kms.create_key(KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    index = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
    return lambda: KmsProvider(wrapping_key=wrapping, index_key=index)


@pytest.fixture(params=["secret", "kms"])
def keys(request: pytest.FixtureRequest) -> Keys:
    if request.param == "secret":
        return Keys(SecretProvider(SECRET), SecretProvider(SECRET), SecretProvider(f"not {SECRET}"))
    request.getfixturevalue("moto_names")
    make = a_kms_provider()
    return Keys(make(), make(), a_kms_provider()())


@pytest.fixture
def kms_provider(moto_names: object) -> KeyProvider:
    return a_kms_provider()()


def test_a_data_key_has_thirty_two_bytes_and_is_another_one_each_time(keys: Keys) -> None:
    made = [keys.provider.new_data_key(CONTEXT) for _ in range(3)]

    assert {len(secret) for secret, _ in made} == {32}
    assert len({secret for secret, _ in made}) == len({wrapped for _, wrapped in made}) == 3
    assert not any(secret in wrapped for secret, wrapped in made)


def test_a_wrapped_key_is_unwrapped_in_every_process(keys: Keys) -> None:
    secret, wrapped = keys.provider.new_data_key(CONTEXT)

    assert keys.provider.unwrap(wrapped, CONTEXT) == secret
    assert keys.again.unwrap(wrapped, dict(reversed(CONTEXT.items()))) == secret


@pytest.mark.parametrize(
    "context", [{}, CONTEXT | {"purpose": "codes"}, CONTEXT | {"number": "2"}, CONTEXT | {"more": ""}]
)
def test_another_context_is_refused(keys: Keys, context: dict[str, str]) -> None:
    _, wrapped = keys.provider.new_data_key(CONTEXT)

    with pytest.raises(KeyRefused):
        keys.provider.unwrap(wrapped, context)


def test_a_changed_wrapping_is_refused(keys: Keys) -> None:
    _, wrapped = keys.provider.new_data_key(CONTEXT)

    with pytest.raises(KeyRefused):
        keys.provider.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), CONTEXT)


@pytest.mark.parametrize("nonsense", [b"x", b"0123456789ab"])
def test_what_was_never_wrapped_is_refused(keys: Keys, nonsense: bytes) -> None:
    with pytest.raises(KeyRefused):
        keys.provider.unwrap(nonsense, CONTEXT)


def test_what_another_kind_of_provider_wrapped_is_refused(kms_provider: KeyProvider) -> None:
    by_secret = SecretProvider(SECRET)

    with pytest.raises(KeyRefused):
        by_secret.unwrap(kms_provider.new_data_key(CONTEXT)[1], CONTEXT)
    with pytest.raises(KeyRefused):
        kms_provider.unwrap(by_secret.new_data_key(CONTEXT)[1], CONTEXT)


def test_what_another_secret_wrapped_is_refused() -> None:
    _, wrapped = SecretProvider(SECRET).new_data_key(CONTEXT)

    with pytest.raises(KeyRefused):
        SecretProvider(f"not {SECRET}").unwrap(wrapped, CONTEXT)


@pytest.mark.parametrize("code", ["IncorrectKeyException", "InvalidCiphertextException"])
def test_what_another_kms_key_wrapped_is_refused(code: str) -> None:
    # As KMS says it; moto says AccessDeniedException here.
    provider = KmsProvider(wrapping_key="ours", index_key="")

    with Stubber(client("kms")) as kms:
        kms.add_client_error("decrypt", code)
        with pytest.raises(KeyRefused):
            provider.unwrap(b"x", CONTEXT)


@pytest.mark.parametrize("code", ["AccessDeniedException", "DisabledException", "KMSInvalidStateException"])
def test_a_kms_that_does_not_do_its_work_is_no_refusal(code: str) -> None:
    provider = KmsProvider(wrapping_key="ours", index_key="")

    with Stubber(client("kms")) as kms:
        kms.add_client_error("decrypt", code)
        with pytest.raises(ClientError, match=code):
            provider.unwrap(b"x", CONTEXT)


def test_an_index_is_the_same_in_every_process(keys: Keys) -> None:
    index = keys.provider.blind_index(b"phone/1|+79161234567")

    assert len(index) == 32
    assert keys.again.blind_index(b"phone/1|+79161234567") == index


def test_an_index_differs_by_message_and_by_key(keys: Keys) -> None:
    indexes = {
        keys.provider.blind_index(b"anna@example.com"),
        keys.provider.blind_index(b"bert@example.com"),
        keys.provider.blind_index("аня@example.com".encode()),
        keys.foreign.blind_index(b"anna@example.com"),
    }

    assert len(indexes) == 4


def test_a_ring_and_its_seals_work_over_either(keys: Keys, clock: FakeClock) -> None:
    table = FakeTable()
    here, there = (KeyRing(table, provider, clock=clock) for provider in (keys.provider, keys.again))

    sealed = Sealer(here).seal("Анна", pk="USER#1", attribute="name")

    assert Sealer(there).open(sealed, pk="USER#1", attribute="name") == "Анна"
    assert there.current(Purpose.PERSONAL_DATA) == here.current(Purpose.PERSONAL_DATA)


@pytest.mark.parametrize("secret", ["", "x", "x" * (SHORTEST_SECRET - 1)])
def test_a_short_secret_is_refused_at_start(secret: str) -> None:
    with pytest.raises(ValueError, match="at least 32 characters"):
        SecretProvider(secret)
    with pytest.raises(ValueError, match="KEY_SECRET"):
        provider_for(DataKeys(key_secret=secret))


def test_a_secret_that_is_just_long_enough_serves() -> None:
    assert len(SecretProvider("x" * SHORTEST_SECRET).blind_index(b"")) == 32


def test_a_named_key_of_kms_does_the_secrets_work() -> None:
    assert isinstance(provider_for(DataKeys(wrapping_key="arn:key")), KmsProvider)
    assert isinstance(provider_for(DataKeys(key_secret=SECRET)), SecretProvider)
