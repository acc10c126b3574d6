"""What the server reads of a sealed envelope: its public header and its sizes. It cannot open the rest; pure."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from functions.core.errors import Invalid

VERSION: Final = 1
MOST_IN_ORDER: Final = 1000
"""Envelopes from one device to another in a call; their numbers are below."""
LONGEST_HEADER: Final = 1024
SHORTEST_SEALED: Final = 32 + 16
"""Bytes: what HPKE adds to an empty body (RFC 9180), an encapsulated X25519 key and a tag of AES-GCM."""
SIGNATURE: Final = 64
"""Bytes of Ed25519 (RFC 8032)."""
KEY_ID: Final = 8

CALL_ID: Final = re.compile(r"call_[0-9A-HJKMNP-TV-Z]{26}\Z")
DEVICE_ID: Final = re.compile(r"dev_[0-9A-HJKMNP-TV-Z]{26}\Z")
UNIQUE_ID: Final = re.compile(r"[0-9]{8}\Z")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*\Z")
_TIMES: Final = range(1, 2**53)


class SealedType(StrEnum):
    """What an envelope is about."""

    OFFER = "offer"
    ANSWER = "answer"
    ICE = "ice"
    NEGOTIATE = "negotiate"
    HANGUP = "hangup"
    RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A sealed message from one device to one, as it goes over the wire."""

    p: str
    """The header."""
    e: str
    """What only its receiver can open."""
    s: str
    """The sender's signature over both."""
    v: int = VERSION

    def to_wire(self) -> dict[str, Any]:
        """Return it as it came."""
        return {"v": self.v, "p": self.p, "e": self.e, "s": self.s}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Who sends what to whom."""

    call_id: str
    type: SealedType
    sender: str
    """A unique id, as `receiver`."""
    sender_device: str
    receiver: str
    receiver_device: str
    seq: int
    """Counts what the one device says to the other in this call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An envelope together with what its header says."""

    envelope: Envelope
    header: Header


def read_envelope(thing: object) -> Letter:
    """Read an envelope and its header; its signature is the receiver's to check.

    Raises:
        Invalid: it is none.
    """
    if not isinstance(thing, Mapping) or set(thing) != {"v", "p", "e", "s"}:
        raise bad_envelope("An envelope has the members v, p, e and s.")
    if type(thing["v"]) is not int or thing["v"] != VERSION:
        raise bad_envelope("This version of envelopes is not known.")
    header = _bytes(thing, "p")
    if len(header) > LONGEST_HEADER:
        raise bad_envelope(f"The header of an envelope has at most {LONGEST_HEADER} bytes.")
    if len(_bytes(thing, "e")) < SHORTEST_SEALED:
        raise bad_envelope("`e` of an envelope is too short to be sealed.")
    if len(_bytes(thing, "s")) != SIGNATURE:
        raise bad_envelope(f"`s` of an envelope is a signature of {SIGNATURE} bytes.")
    return Letter(envelope=Envelope(p=thing["p"], e=thing["e"], s=thing["s"]), header=_header(header))


def bad_envelope(detail: str) -> Invalid:
    """Say what is wrong with an envelope."""
    return Invalid(detail, code="bad-envelope")


def _header(data: bytes) -> Header:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise bad_envelope("The header of an envelope is a JSON object.")
    if len(_bytes(fields, "kid")) != KEY_ID:
        raise bad_envelope(f"`kid` of an envelope has {KEY_ID} bytes.")
    _number(fields, "ts", _TIMES)
    return Header(
        call_id=_text(fields, "call", CALL_ID),
        type=_type(fields),
        sender=_text(fields, "from", UNIQUE_ID),
        sender_device=_text(fields, "fd", DEVICE_ID),
        receiver=_text(fields, "to", UNIQUE_ID),
        receiver_device=_text(fields, "td", DEVICE_ID),
        seq=_number(fields, "seq", range(MOST_IN_ORDER)),
    )


def _type(fields: Mapping[str, Any]) -> SealedType:
    try:
        return SealedType(str(fields.get("type")))
    except ValueError:
        raise bad_envelope("`type` of an envelope is not known.") from None


def _text(fields: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not pattern.match(value):
        raise bad_envelope(f"`{name}` of an envelope is not an id of its kind.")
    return value


def _number(fields: Mapping[str, Any], name: str, among: range) -> int:
    value = fields.get(name)
    if type(value) is not int or value not in among:
        raise bad_envelope(f"`{name}` of an envelope is a whole number from {among.start} to {among.stop - 1}.")
    return value


def _bytes(fields: Mapping[Any, Any], name: str) -> bytes:
    """Read base64url without padding (RFC 4648, 5)."""
    value = fields.get(name)
    if not isinstance(value, str) or not _BASE64URL.match(value):
        raise bad_envelope(f"`{name}` of an envelope is base64url without padding.")
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except binascii.Error:
        raise bad_envelope(f"`{name}` of an envelope is base64url without padding.") from None
