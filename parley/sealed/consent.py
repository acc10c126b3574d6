"""Signed statements about the recording of a call: somebody asks for it, somebody agrees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley.sealed import labels
from parley.sealed.bundle import Peer
from parley.sealed.encoding import b64, read_number, read_object, read_text, unb64, unb64_exact, write_json
from parley.sealed.keys import SIGNATURE_BYTES, is_signed
from parley.sealed.refused import Refused

Kind = Literal["request", "grant"]
LONGEST_BODY: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody stated."""

    call: str
    kind: Kind
    by: str
    """Their number."""
    device: str
    text: str
    """Which words they were shown."""
    at: int
    """Milliseconds on the server's clock."""


def write_statement(consent: Consent, identity: Ed25519PrivateKey) -> dict[str, str]:
    """Sign a statement."""
    if consent.kind not in get_args(Kind):
        raise ValueError("a kind of statement that is not known")
    body = write_json(
        {
            "v": 1,
            "call": consent.call,
            "kind": consent.kind,
            "by": consent.by,
            "device": consent.device,
            "text": consent.text,
            "at": consent.at,
        }
    )
    return {"b": b64(body), "s": b64(identity.sign(labels.CONSENT + body))}


def verify_statement(statement: Mapping[str, Any], peer: Peer, *, call: str, kind: Kind) -> Consent:
    """Return what a device stated about this call; raises Refused `statement`."""
    try:
        body = unb64(statement["b"], most=LONGEST_BODY)
        signature = unb64_exact(statement["s"], SIGNATURE_BYTES)
        stated = _read(read_object(body))
    except (ValueError, KeyError, TypeError):
        raise Refused("statement", "This statement cannot be understood.") from None
    if not is_signed(peer.identity_key, signature, labels.CONSENT + body):
        raise Refused("statement", "This statement is not signed by the device that it names.")
    expected = Consent(call=call, kind=kind, by=peer.uid, device=peer.id, text=labels.CONSENT_TEXT, at=stated.at)
    if stated != expected:
        raise Refused("statement", "This statement is about something else.")
    return stated


def _read(fields: Mapping[str, Any]) -> Consent:
    if read_number(fields["v"]) != 1:
        raise ValueError("another version")
    return Consent(
        call=read_text(fields["call"], most=64),
        kind=cast("Kind", read_text(fields["kind"], most=16)),
        by=read_text(fields["by"], most=64),
        device=read_text(fields["device"], most=64),
        text=read_text(fields["text"], most=64),
        at=read_number(fields["at"]),
    )
