"""Bytes as text and JSON, read strictly: what two readers could understand differently is refused."""

import base64
import json
import re
from typing import Any, Final

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
MOST_EXACT: Final = 2**53 - 1
"""The largest whole number that JavaScript tells from its neighbours."""


def b64(raw: bytes) -> str:
    """Write bytes as base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: object, *, most: int) -> bytes:
    """Read base64url without padding, of so many characters at most; raises ValueError.

    Each bytes have one text only: unused bits of the last character must be zero.
    """
    if not isinstance(text, str) or len(text) > most or not _BASE64URL.fullmatch(text):
        raise ValueError("not base64url, or too long")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64(raw) != text:
        raise ValueError("not the only way to write these bytes")
    return raw


def unb64_exact(text: object, size: int) -> bytes:
    """Read so many bytes and no others; raises ValueError."""
    raw = unb64(text, most=(size * 4 + 2) // 3)
    if len(raw) != size:
        raise ValueError("wrong length")
    return raw


def write_json(value: object) -> bytes:
    """Write JSON; raises ValueError or TypeError where a value is none."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def read_json(raw: bytes) -> Any:
    """Read JSON in UTF-8 as RFC 8259 has it: no NaN, no byte order mark; raises ValueError."""
    try:
        return json.loads(raw.decode(), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def read_object(raw: bytes) -> dict[str, Any]:
    """Read a JSON object; raises ValueError."""
    value = read_json(raw)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for all that is unreadable
    return value


def read_text(value: object, *, most: int) -> str:
    """Take a text of 1 to so many characters; raises ValueError."""
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise ValueError("not a text, or too long")
    return value


def read_number(value: object, *, most: int = MOST_EXACT) -> int:
    """Take a whole number from 0; raises ValueError."""
    # True is a number to Python and to nobody else.
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("not a whole number, or too large")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
