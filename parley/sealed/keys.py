"""The two kinds of keys: Ed25519 signs (RFC 8032), X25519 agrees (RFC 7748)."""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

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


def is_identity_key(raw: bytes) -> bool:
    """Tell whether bytes can be somebody's Ed25519 key."""
    return len(raw) == KEY_BYTES and _without_top_bit(raw) not in _LOW_ORDER_IDENTITIES


def is_exchange_key(raw: bytes) -> bool:
    """Tell whether bytes can be somebody's X25519 key."""
    return len(raw) == KEY_BYTES and _without_top_bit(raw) not in _LOW_ORDER_EXCHANGES


def is_signed(identity_key: bytes, signature: bytes, content: bytes) -> bool:
    """Tell whether the owner of a key signed this."""
    try:
        Ed25519PublicKey.from_public_bytes(identity_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _without_top_bit(raw: bytes) -> int:
    return int.from_bytes(raw, "little") & (2**255 - 1)
