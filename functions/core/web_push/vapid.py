"""Shows push services who sends: a signed statement for each of them (VAPID, RFC 8292)."""

import base64
import binascii
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from functions.core.clock import Clock
from functions.core.web_push.settings import WebPush

LIFE: Final = timedelta(hours=12)
"""RFC 8292 (2) allows a day."""


class Vapid:
    """Our key."""

    def __init__(self, private_key: str, subject: str, *, clock: Clock) -> None:
        """Read the key; raises ValueError, which does not say it."""
        self._private = derive_private_key(int.from_bytes(_bytes_of(private_key)), SECP256R1())
        self._subject = subject
        self._clock = clock
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key = base64.urlsafe_b64encode(point).rstrip(b"=").decode()
        """What a browser subscribes with (`applicationServerKey`)."""

    def authorization(self, endpoint: str) -> str:
        """Return the header for a message to an endpoint; it is good for all of its push service."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((self._clock() + LIFE).timestamp()),
            "sub": self._subject,
        }
        return f"vapid t={jwt.encode(claims, self._private, 'ES256')}, k={self.public_key}"


def vapid_of(settings: WebPush, *, clock: Clock) -> Vapid | None:
    """Return the key of an installation, if it has one."""
    private_key = settings.vapid_private_key.get_secret_value()
    return Vapid(private_key, settings.vapid_subject, clock=clock) if private_key else None


def _bytes_of(private_key: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(private_key + "=" * (-len(private_key) % 4))
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise ValueError("VAPID_PRIVATE_KEY must be 32 bytes in base64url")
    return raw
