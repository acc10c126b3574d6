"""The server takes what an honest device gives, and nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from functions.core.devices.bundle import read_bundle
from functions.core.errors import Invalid
from parley.sealed.encoding import b64, unb64
from tests import sealed_vectors

VECTORS: dict[str, Any] = json.loads(sealed_vectors.FILE.read_bytes())
NAMES = [vector["name"] for vector in VECTORS["forged bundles"]]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["b", "s", "v"]), inner, max_size=3),
)


@pytest.mark.parametrize("vector", VECTORS["devices"], ids=lambda vector: str(vector["name"]))
def test_an_honest_bundle_is_understood(vector: dict[str, Any]) -> None:
    keys = read_bundle(vector["bundle"])

    assert (keys.unique_id, keys.device_id) == (vector["uid"], vector["id"])
    assert b64(keys.identity_key) == vector["identity"]["public"]
    assert b64(keys.exchange_key) == vector["exchange"]["public"]
    assert keys.issued_at == datetime.fromtimestamp(VECTORS["issued at"], UTC)


@pytest.mark.parametrize("vector", VECTORS["forged bundles"], ids=NAMES)
def test_a_forged_bundle_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        read_bundle(vector["bundle"])

    assert refused.value.code == "bad-bundle"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"uid": "1234"}, "uid is to be eight digits"),
        ({"dev": "phone"}, "dev is to be dev_ and a ULID"),
        ({"iat": -1}, "iat is to be a whole number"),
        ({"iat": 10**20}, "iat is to be a whole number"),
        ({"ik": "AAAA"}, "ik is to have 32 bytes"),
        ({"dh": 7}, "dh is to be base64url"),
        ({"v": 3}, "its version is not 1"),
    ],
)
def test_a_refusal_says_what_is_wrong(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read_bundle(sealed_vectors.ANNA.bundle(**change))


@given(bundle=JSON)
def test_whatever_comes_it_is_refused_and_nothing_breaks(bundle: Any) -> None:
    with pytest.raises(Invalid):
        read_bundle(bundle)


@given(body=st.binary(max_size=600) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_was_signed_it_is_refused_and_nothing_breaks(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_bundle(sealed_vectors.ANNA.signed(body, b"parley/dev/1\0"))


@given(part=st.sampled_from("bs"), where=st.floats(0, 1, exclude_max=True))
def test_one_flipped_bit_is_refused(part: str, where: float) -> None:
    bundle = VECTORS["devices"][0]["bundle"]
    raw = bytearray(unb64(bundle[part], most=1024))
    bit = int(where * len(raw) * 8)
    raw[bit // 8] ^= 1 << bit % 8

    with pytest.raises(Invalid):
        read_bundle(bundle | {part: b64(bytes(raw))})
