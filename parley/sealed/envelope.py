"""Envelope v1 from outside: what everybody on its way can read, and what is signed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from parley.sealed import labels
from parley.sealed.encoding import b64, read_number, read_object, read_text, unb64, unb64_exact, write_json
from parley.sealed.keys import SIGNATURE_BYTES
from parley.sealed.refused import Refused

VERSION: Final = 1
LONGEST_HEADER: Final = 1024
LONGEST_SEALED: Final = 32 * 1024
"""Characters of `e`: a frame has no more."""
MOST_SEQ: Final = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """From whom to whom, and which of their messages; the server reads this too."""

    call: str
    type: str
    from_uid: str
    from_device: str
    to_uid: str
    to_device: str
    seq: int
    ts: int
    """Milliseconds on the server's clock."""
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The three parts of an envelope, as bytes."""

    header: bytes
    sealed: bytes
    signature: bytes


def header_of(envelope: Mapping[str, Any]) -> Header:
    """Read whom an envelope says to be from, so that the pinned key of that device can be found; nothing is verified.

    Raises:
        Refused: `version` or `malformed`.
    """
    return read_header(read_wire(envelope).header)


def read_wire(envelope: object) -> Wire:
    """Take an envelope apart; raises Refused `version` or `malformed`."""
    if not isinstance(envelope, Mapping) or type(envelope.get("v")) is not int or envelope["v"] != VERSION:
        raise Refused("version", "This message is sealed in a way that is not known here: a newer program reads it.")
    try:
        return Wire(
            header=unb64(envelope["p"], most=LONGEST_HEADER),
            sealed=unb64(envelope["e"], most=LONGEST_SEALED),
            signature=unb64_exact(envelope["s"], SIGNATURE_BYTES),
        )
    except (ValueError, KeyError):
        raise _malformed() from None


def read_header(raw: bytes) -> Header:
    """Read the bytes of a header; raises Refused `malformed`."""
    try:
        fields = read_object(raw)
        return Header(
            call=read_text(fields["call"], most=64),
            type=read_text(fields["type"], most=32),
            from_uid=read_text(fields["from"], most=64),
            from_device=read_text(fields["fd"], most=64),
            to_uid=read_text(fields["to"], most=64),
            to_device=read_text(fields["td"], most=64),
            seq=read_number(fields["seq"], most=MOST_SEQ),
            ts=read_number(fields["ts"]),
            key_id=read_text(fields["kid"], most=64),
        )
    except (ValueError, KeyError):
        raise _malformed() from None


def write_header(header: Header) -> bytes:
    """Write a header; raises ValueError where the other side would not read it."""
    raw = write_json(
        {
            "call": header.call,
            "type": header.type,
            "from": header.from_uid,
            "fd": header.from_device,
            "to": header.to_uid,
            "td": header.to_device,
            "seq": header.seq,
            "ts": header.ts,
            "kid": header.key_id,
        }
    )
    try:
        read_header(raw)
    except Refused as error:
        raise ValueError("a header that nobody would read") from error
    return raw


def write_wire(wire: Wire) -> dict[str, Any]:
    """Put an envelope together; raises ValueError where it is too long for a frame."""
    envelope = {"v": VERSION, "p": b64(wire.header), "e": b64(wire.sealed), "s": b64(wire.signature)}
    if len(b64(wire.sealed)) > LONGEST_SEALED:
        raise ValueError("too long for a frame")
    return envelope


def signed_part(header: bytes, sealed: bytes) -> bytes:
    """Return what the sender signs."""
    return labels.ENVELOPE + hashlib.sha256(header).digest() + hashlib.sha256(sealed).digest()


def _malformed() -> Refused:
    return Refused("malformed", "This message cannot be understood.")
