"""A device of one's own: it has the private keys, seals and opens."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from parley.errors import Failure
from parley.sealed import labels
from parley.sealed.bundle import Peer, is_device_id, is_uid, key_id_of, verify_bundle, write_bundle
from parley.sealed.consent import Consent, Kind, write_statement
from parley.sealed.encoding import b64, read_json, unb64_exact, write_json
from parley.sealed.envelope import Header, Wire, read_header, read_wire, signed_part, write_header, write_wire
from parley.sealed.files import read_private, write_private
from parley.sealed.keys import KEY_BYTES, is_signed
from parley.sealed.refused import Refused
from parley.sealed.replays import MOST_APART_MS, Replays
from parley.sealed.ulids import new_id

# RFC 9180, base mode. The one-shot interface takes no aad: the header goes into `info`, which binds it as well.
_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was in an envelope, and what stood on it."""

    header: Header
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The private keys of a device."""

    identity: Ed25519PrivateKey = field(repr=False)
    exchange: X25519PrivateKey = field(repr=False)


class Device:
    """One client with keys of its own."""

    def __init__(self, uid: str, device_id: str, secrets: Secrets, bundle: Mapping[str, str]) -> None:
        self.uid = uid
        self.id = device_id
        self.bundle = dict(bundle)
        """Public; what the server is given."""
        self.peer = verify_bundle(bundle)
        """Itself, as others see it."""
        self._secrets = secrets
        self._replays = Replays()
        if self.peer != _peer_of(uid, device_id, secrets):
            raise Refused("bundle", "The bundle is not of these keys.")

    @classmethod
    def create(cls, uid: str, device_id: str | None = None) -> Self:
        """Make a device with new keys; raises ValueError where an id has not the form of one."""
        secrets = Secrets(identity=Ed25519PrivateKey.generate(), exchange=X25519PrivateKey.generate())
        return cls.of(uid, device_id or new_id("dev"), secrets, issued_at=int(time.time()))

    @classmethod
    def of(cls, uid: str, device_id: str, secrets: Secrets, *, issued_at: int) -> Self:
        """Make a device of keys that are there already."""
        if not is_uid(uid) or not is_device_id(device_id):
            raise ValueError("a device belongs to eight digits and is named dev_<ULID>")
        peer = _peer_of(uid, device_id, secrets)
        return cls(uid, device_id, secrets, write_bundle(peer, secrets.identity, issued_at))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a device from its file.

        Raises:
            FileNotFoundError: there is none.
            Failure: the file cannot be understood, or others can read it.
        """
        content = read_private(path)
        try:
            identity, exchange = (unb64_exact(content[name], KEY_BYTES) for name in ("identity", "exchange"))
            secrets = Secrets(
                identity=Ed25519PrivateKey.from_private_bytes(identity),
                exchange=X25519PrivateKey.from_private_bytes(exchange),
            )
            return cls(content["uid"], content["id"], secrets, content["bundle"])
        except (ValueError, KeyError, TypeError, Refused) as error:
            raise Failure(f"{path} cannot be understood.") from error

    def save(self, path: Path) -> None:
        """Keep the device in a file that only its owner may read; raises Failure."""
        write_private(
            path,
            {
                "v": 1,
                "uid": self.uid,
                "id": self.id,
                "identity": b64(self._secrets.identity.private_bytes_raw()),
                "exchange": b64(self._secrets.exchange.private_bytes_raw()),
                "bundle": self.bundle,
            },
        )

    def seal(  # noqa: PLR0913 - the header's fields
        self,
        peer: Peer,
        *,
        call: str,
        type: str,  # noqa: A002 - the word of the wire
        seq: int,
        body: object,
        now: int | None = None,
    ) -> dict[str, Any]:
        """Seal a message for one device; `now` is milliseconds on the server's clock.

        Raises:
            ValueError: the message is no JSON, or too long for a frame.
        """
        header = write_header(
            Header(
                call=call,
                type=type,
                from_uid=self.uid,
                from_device=self.id,
                to_uid=peer.uid,
                to_device=peer.id,
                seq=seq,
                ts=_now() if now is None else now,
                key_id=peer.key_id,
            )
        )
        recipient = X25519PublicKey.from_public_bytes(peer.exchange_key)
        sealed = _SUITE.encrypt(write_json(body), recipient, info=labels.ENVELOPE + header)
        signature = self._secrets.identity.sign(signed_part(header, sealed))
        return write_wire(Wire(header=header, sealed=sealed, signature=signature))

    def open(
        self,
        peer: Peer,
        envelope: Mapping[str, Any],
        *,
        call: str,
        type: str | None = None,  # noqa: A002 - the word of the wire
        now: int | None = None,
    ) -> Opened:
        """Open what a device sent to this one about a call; `peer` has the pinned keys of the sender.

        Raises:
            Refused: version, malformed, signature, addressing, unexpected, stale, replay or sealed: in this order.
        """
        now = _now() if now is None else now
        wire = read_wire(envelope)
        if not is_signed(peer.identity_key, wire.signature, signed_part(wire.header, wire.sealed)):
            raise Refused("signature", "This message is not signed by the device that it should be from.")
        header = read_header(wire.header)
        self._check(header, peer, call, type, now)
        if not self._replays.claim(call, header.from_device, header.seq, now):
            raise Refused("replay", "This message came already.")
        return Opened(header=header, body=self._unsealed(wire))

    def consent(self, kind: Kind, *, call: str, at: int) -> dict[str, str]:
        """Sign that its owner asks to record a call, or agrees to it, at a moment in milliseconds."""
        consent = Consent(call=call, kind=kind, by=self.uid, device=self.id, text=labels.CONSENT_TEXT, at=at)
        return write_statement(consent, self._secrets.identity)

    def _check(self, header: Header, peer: Peer, call: str, type_: str | None, now: int) -> None:
        sender, recipient = (header.from_uid, header.from_device), (header.to_uid, header.to_device)
        if sender != (peer.uid, peer.id) or recipient != (self.uid, self.id) or header.key_id != self.peer.key_id:
            raise Refused("addressing", "This message is from or for somebody else.")
        if header.call != call or type_ not in {None, header.type}:
            raise Refused("unexpected", "This message is of another call or kind than it was sent as.")
        if abs(header.ts - now) > MOST_APART_MS:
            raise Refused("stale", "This message is too old, or a clock is wrong.")

    def _unsealed(self, wire: Wire) -> Any:
        try:
            return read_json(_SUITE.decrypt(wire.sealed, self._secrets.exchange, info=labels.ENVELOPE + wire.header))
        except (InvalidTag, ValueError):
            raise Refused("sealed", "This message cannot be opened with the key of this device.") from None


def _peer_of(uid: str, device_id: str, secrets: Secrets) -> Peer:
    exchange_key = secrets.exchange.public_key().public_bytes_raw()
    return Peer(
        uid=uid,
        id=device_id,
        identity_key=secrets.identity.public_key().public_bytes_raw(),
        exchange_key=exchange_key,
        key_id=key_id_of(exchange_key),
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
