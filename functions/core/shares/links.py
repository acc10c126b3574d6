"""The secret in a link: `<share>.<key number and MAC>`, made from the share's id, so that it is kept nowhere.

HMAC-SHA256 cut to 128 bits (RFC 2104 section 5).
"""

import base64
import binascii
import hmac
import struct
from typing import Final

from functions.core.keys.ring import Key, KeyRing, Purpose, UnknownKey

_MAC_BYTES: Final = 16
_SIGNED: Final = struct.Struct(f">H{_MAC_BYTES}s")


class Links:
    """Makes and reads links."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def token_of(self, share_id: str) -> str:
        """Return what opens a share; the same each time."""
        key = self._ring.get(Purpose.SHARES, first) if (first := self._first()) else self._ring.current(Purpose.SHARES)
        signed = _SIGNED.pack(key.number, _mac(key, share_id))
        return f"{share_id}.{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}"

    def share_id_of(self, token: str) -> str | None:
        """Return which share a token opens; None where it is not one of ours."""
        share_id, _, signed = token.partition(".")
        try:
            raw = base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4))
            number, mac = _SIGNED.unpack(raw)
            key = self._ring.get(Purpose.SHARES, number)
        except (binascii.Error, ValueError, struct.error, UnknownKey):
            return None
        return share_id if hmac.compare_digest(mac, _mac(key, share_id)) else None

    def _first(self) -> int | None:
        # The oldest version, so that a link looks the same for as long as it lives.
        return next(iter(self._ring.numbers(Purpose.SHARES)), None)


def _mac(key: Key, share_id: str) -> bytes:
    return hmac.digest(key.secret, b"parley/share/1|" + share_id.encode(), "sha256")[:_MAC_BYTES]
