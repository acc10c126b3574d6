"""Statements about the recording of a call, signed by a device: somebody asks for it, somebody agrees; pure.

The form stands in docs/security.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from functions.core.devices.bundle import DeviceKeys
from functions.core.devices.signed import fields_of, is_signed, read_body, text_of, whole_number
from functions.core.errors import Invalid

LABEL: Final = b"parley/consent/1\0"
TEXTS: Final = frozenset({"parley/consent-text/1"})
"""Which words a person may have agreed to."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS: Final = 4_102_444_800_000
"""The year 2100."""


class StatementKind(StrEnum):
    """What somebody states."""

    REQUEST = "request"
    GRANT = "grant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What somebody stated."""

    call_id: str
    kind: StatementKind
    by: str
    """Their number."""
    device_id: str
    text: str
    """Which words they were shown."""
    at: datetime
    """On the server's clock, as far as the device knew it."""


def read_statement(statement: Mapping[str, str], keys: DeviceKeys) -> Statement:
    """Return what the device with these keys stated; raises Invalid `bad-statement`."""
    try:
        body, signature = read_body(statement)
        stated = _read(fields_of(body))
    except ValueError as error:
        raise Invalid(f"The statement cannot be taken: {error}.", code="bad-statement") from None
    if (stated.by, stated.device_id) != (keys.unique_id, keys.device_id):
        raise Invalid("The statement is by another device.", code="bad-statement")
    if not is_signed(keys.identity_key, signature, LABEL + body):
        raise Invalid("The statement is not signed by its device.", code="bad-statement")
    return stated


def _read(fields: Mapping[str, Any]) -> Statement:
    if whole_number(fields, "v") != 1:
        raise ValueError("its version is not 1")
    text, kind = text_of(fields, "text"), text_of(fields, "kind")
    if text not in TEXTS:
        raise ValueError("text names no words that are known")
    if kind not in set(StatementKind):
        raise ValueError("kind is to be request or grant")
    return Statement(
        call_id=text_of(fields, "call"),
        kind=StatementKind(kind),
        by=text_of(fields, "by"),
        device_id=text_of(fields, "device"),
        text=text,
        at=_EPOCH + timedelta(milliseconds=whole_number(fields, "at", most=_LATEST_MS)),
    )
