"""Device bundles: the public keys of a device, signed by itself."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley.sealed import labels
from parley.sealed.encoding import b64, read_number, read_object, read_text, unb64, unb64_exact, write_json
from parley.sealed.keys import KEY_BYTES, SIGNATURE_BYTES, is_exchange_key, is_identity_key, is_signed
from parley.sealed.refused import Refused

LONGEST_BODY: Final = 1024
"""Characters of `b`: an honest one has about 280."""
_UID: Final = re.compile(r"[0-9]{8}")
_DEVICE_ID: Final = re.compile(r"dev_[0-7][0-9A-HJKMNP-TV-Z]{25}")
_LATEST: Final = 4_102_444_800
"""The year 2100, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A device as others see it."""

    uid: str
    id: str
    identity_key: bytes
    """Ed25519."""
    exchange_key: bytes
    """X25519."""
    key_id: str
    """Names the exchange key in a header."""


def key_id_of(exchange_key: bytes) -> str:
    """Return how a header names an exchange key."""
    return b64(hashlib.sha256(exchange_key).digest()[:8])


def write_bundle(peer: Peer, identity: Ed25519PrivateKey, issued_at: int) -> dict[str, str]:
    """Make the bundle of a device of one's own, at a moment in seconds."""
    body = write_json(
        {
            "v": 1,
            "uid": peer.uid,
            "dev": peer.id,
            "ik": b64(peer.identity_key),
            "dh": b64(peer.exchange_key),
            "iat": issued_at,
        }
    )
    return {"b": b64(body), "s": b64(identity.sign(labels.BUNDLE + body))}


def verify_bundle(bundle: Mapping[str, Any]) -> Peer:
    """Return the device that a bundle is of; raises Refused `bundle`.

    Whether the device is who it says to be, only its pin or a compared safety number tells.
    """
    try:
        body = unb64(bundle["b"], most=LONGEST_BODY)
        peer = _read(body)
        signature = unb64_exact(bundle["s"], SIGNATURE_BYTES)
    except (ValueError, KeyError, TypeError):
        raise Refused("bundle", "The keys of this device cannot be understood.") from None
    if not is_signed(peer.identity_key, signature, labels.BUNDLE + body):
        raise Refused("bundle", "The keys of this device are not signed by it.")
    return peer


def is_device_id(text: str) -> bool:
    """Tell whether a text is `dev_<ULID>`."""
    return _DEVICE_ID.fullmatch(text) is not None


def is_uid(text: str) -> bool:
    """Tell whether a text is a person's number."""
    return _UID.fullmatch(text) is not None


def _read(body: bytes) -> Peer:
    fields = read_object(body)
    uid, device_id = read_text(fields["uid"], most=64), read_text(fields["dev"], most=64)
    identity_key, exchange_key = unb64_exact(fields["ik"], KEY_BYTES), unb64_exact(fields["dh"], KEY_BYTES)
    read_number(fields["iat"], most=_LATEST)
    if read_number(fields["v"]) != 1 or not is_uid(uid) or not is_device_id(device_id):
        raise ValueError("another version, or nobody's id")
    if not is_identity_key(identity_key) or not is_exchange_key(exchange_key):
        raise ValueError("a key that hides nothing")
    return Peer(
        uid=uid, id=device_id, identity_key=identity_key, exchange_key=exchange_key, key_id=key_id_of(exchange_key)
    )
