"""Device bundles as clients give them: public keys, signed by the device itself; pure.

The form stands in docs/security.md. Nothing is believed before it is verified, and a bundle proves no more than that
whoever made it has the key: who that is, the two ends find out between themselves.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from functions.core.devices.signed import KEY_BYTES, exact_bytes, fields_of, is_signed, read_body, text_of, whole_number
from functions.core.errors import Invalid

LABEL: Final = b"parley/dev/1\0"
_UNIQUE_ID: Final = re.compile(r"[0-9]{8}")
_DEVICE_ID: Final = re.compile(r"dev_[0-7][0-9A-HJKMNP-TV-Z]{25}")
_LATEST: Final = 4_102_444_800
"""The year 2100, in seconds."""
_P: Final = 2**255 - 19
_LOW_ORDER_IDENTITIES: Final = frozenset(
    {
        0,
        1,
        _P - 1,
        _P,
        _P + 1,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    }
)
"""y of the points whose order divides 8, and the same written above p: under them anybody can sign."""
_LOW_ORDER_EXCHANGES: Final = frozenset(
    {
        0,
        1,
        _P - 1,
        _P,
        _P + 1,
        0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
        0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
    }
)
"""u of the points whose order divides 8: what is agreed with them is zero, and no secret (RFC 7748 section 6.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKeys:
    """What a bundle says."""

    unique_id: str
    device_id: str
    identity_key: bytes
    """Ed25519."""
    exchange_key: bytes
    """X25519."""
    issued_at: datetime
    """By the device's clock, which may be wrong."""


def read_bundle(bundle: Mapping[str, str]) -> DeviceKeys:
    """Return whose keys these are; raises Invalid `bad-bundle`."""
    try:
        body, signature = read_body(bundle)
        keys = _read(fields_of(body))
    except ValueError as error:
        raise Invalid(f"The bundle cannot be taken: {error}.", code="bad-bundle") from None
    if not is_signed(keys.identity_key, signature, LABEL + body):
        raise Invalid("The bundle is not signed by the key in it.", code="bad-bundle")
    return keys


def _read(fields: Mapping[str, Any]) -> DeviceKeys:
    if whole_number(fields, "v") != 1:
        raise ValueError("its version is not 1")
    keys = DeviceKeys(
        unique_id=text_of(fields, "uid"),
        device_id=text_of(fields, "dev"),
        identity_key=exact_bytes(fields.get("ik"), KEY_BYTES, "ik"),
        exchange_key=exact_bytes(fields.get("dh"), KEY_BYTES, "dh"),
        issued_at=datetime.fromtimestamp(whole_number(fields, "iat", most=_LATEST), UTC),
    )
    if not _UNIQUE_ID.fullmatch(keys.unique_id):
        raise ValueError("uid is to be eight digits")
    if not _DEVICE_ID.fullmatch(keys.device_id):
        raise ValueError("dev is to be dev_ and a ULID")
    if _without_top_bit(keys.identity_key) in _LOW_ORDER_IDENTITIES:
        raise ValueError("ik is a key under which anybody can sign")
    if _without_top_bit(keys.exchange_key) in _LOW_ORDER_EXCHANGES:
        raise ValueError("dh is a key that hides nothing")
    return keys


def _without_top_bit(raw: bytes) -> int:
    return int.from_bytes(raw, "little") & (2**255 - 1)
