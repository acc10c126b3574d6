"""API keys: made, shown once, kept as a hash, compared in constant time.

`parley_<id>_<secret>`: the id finds the key, 256 bits of secret prove it, so a plain SHA-256 is enough to keep.
"""

import hashlib
import hmac
import re
import secrets
from typing import Final

_FORM: Final = re.compile(r"^parley_([0-9A-Z]{26})_([A-Za-z0-9_-]{43})$")


def make_secret(key_id: str) -> str:
    """Return a new full key for the id `key_...`."""
    return f"parley_{key_id.removeprefix('key_')}_{secrets.token_urlsafe(32)}"


def key_id_of(secret: str) -> str | None:
    """Return the id within a full key, or None if it has not the form of one."""
    match = _FORM.match(secret)
    return None if match is None else f"key_{match[1]}"


def hash_of(secret: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret(secret: str, secret_hash: str) -> bool:
    """Compare a shown key with a kept hash, in constant time."""
    return hmac.compare_digest(hash_of(secret), secret_hash)
