"""Keys protected by one secret of the installation: for a desk, and for who wants no KMS."""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from functions.core.keys.provider import KeyRefused

SHORTEST_SECRET: Final = 32
_NONCE: Final = 12


class SecretProvider:
    """Derives what it needs from a long random text (RFC 5869)."""

    def __init__(self, secret: str) -> None:
        if len(secret) < SHORTEST_SECRET:
            raise ValueError(f"KEY_SECRET must be at least {SHORTEST_SECRET} characters long, or a KMS key be named.")
        self._wrapping = AESGCM(_derive(secret, b"wrapping"))
        self._index_key = _derive(secret, b"blind index")

    def new_data_key(self, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        """Make a data key; returns its 32 bytes and its wrapped form."""
        key, nonce = os.urandom(32), os.urandom(_NONCE)
        return key, nonce + self._wrapping.encrypt(nonce, key, _encoded(context))

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the 32 bytes of a wrapped data key; raises KeyRefused."""
        try:
            return self._wrapping.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _encoded(context))
        except (InvalidTag, ValueError) as error:
            raise KeyRefused from error

    def blind_index(self, message: bytes) -> bytes:
        """Return a keyed hash (HMAC-SHA-256, 32 bytes)."""
        return hmac.digest(self._index_key, message, hashlib.sha256)


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"parley/provider/1|" + purpose).derive(secret.encode())


def _encoded(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), sort_keys=True).encode()
