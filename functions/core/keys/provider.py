"""Where the keys that protect keys live: in KMS, or in one secret of this installation.

A provider wraps 32-byte data keys and computes the blind index. What it wraps is bound to a context (which purpose,
which version): asked with another one, it refuses.
"""

from collections.abc import Mapping
from typing import Protocol


class KeyRefused(Exception):
    """The wrapped key is not of this context, or not of this provider."""


class KeyProvider(Protocol):
    """What key rings need of a key service."""

    def new_data_key(self, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        """Make a data key; returns its 32 bytes and its wrapped form."""
        ...

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the 32 bytes of a wrapped data key.

        Raises:
            KeyRefused: it was wrapped under another context or by another provider.
        """
        ...

    def blind_index(self, message: bytes) -> bytes:
        """Return a keyed hash (HMAC-SHA-256, 32 bytes) to find a value by without storing it."""
        ...
