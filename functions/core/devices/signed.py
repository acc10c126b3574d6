"""Signed JSON as clients send it, `{"b": bytes of JSON, "s": signature}`: read strictly, whatever it is; pure.

What two readers could understand differently is refused: padding, other alphabets, NaN, byte order marks.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
LONGEST_BODY: Final = 1024
"""Characters of `b`: an honest one has about 280."""
LONGEST_TEXT: Final = 64
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
MOST_EXACT: Final = 2**53 - 1
"""The largest whole number that JavaScript tells from its neighbours."""


def read_body(signed: object) -> tuple[bytes, bytes]:
    """Return the bytes that were signed, and the signature; raises ValueError, which says what is wrong."""
    if not isinstance(signed, Mapping):
        raise ValueError("it is no object with b and s")  # noqa: TRY004 - one kind of error for all that is unreadable
    body = _unb64(signed.get("b"), "b", most=LONGEST_BODY)
    return body, exact_bytes(signed.get("s"), SIGNATURE_BYTES, "s")


def fields_of(body: bytes) -> dict[str, Any]:
    """Read a JSON object; raises ValueError."""
    try:
        fields = json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ValueError("b is no JSON in UTF-8") from None
    if not isinstance(fields, dict):
        raise ValueError("b is no JSON object")  # noqa: TRY004 - as above
    return fields


def exact_bytes(text: object, size: int, name: str) -> bytes:
    """Read so many bytes and no others; raises ValueError."""
    raw = _unb64(text, name, most=(size * 4 + 2) // 3)
    if len(raw) != size:
        raise ValueError(f"{name} is to have {size} bytes")
    return raw


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """Take a text; raises ValueError."""
    value = fields.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        raise ValueError(f"{name} is to be a text of 1 to {LONGEST_TEXT} characters")
    return value


def whole_number(fields: Mapping[str, Any], name: str, *, most: int = MOST_EXACT) -> int:
    """Take a whole number from 0; raises ValueError."""
    value = fields.get(name)
    # True is a number to Python and to nobody else.
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name} is to be a whole number from 0 to {most}")
    return value


def is_signed(identity_key: bytes, signature: bytes, content: bytes) -> bool:
    """Tell whether the owner of a key signed this (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(identity_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _unb64(text: object, name: str, *, most: int) -> bytes:
    if not isinstance(text, str) or len(text) > most or not _BASE64URL.fullmatch(text):
        raise ValueError(f"{name} is to be base64url without padding, of {most} characters at most")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise ValueError(f"{name} is no base64url") from None
    # Each bytes have one text only: unused bits of the last character must be zero.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise ValueError(f"{name} is no base64url")
    return raw


def _refuse(constant: str) -> None:
    raise ValueError(constant)
