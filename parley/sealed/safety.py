"""Safety numbers: two people who read the same one to each other have nobody between them.

The form is Signal's: https://signal.org/docs/ and `NumericFingerprintGenerator` of libsignal.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from parley.sealed import labels

ROUNDS: Final = 5200
_GROUPS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, by the identity keys of all devices."""

    uid: str
    identity_keys: tuple[bytes, ...]


def safety_number(a: Person, b: Person) -> str:
    """Return sixty digits in twelve groups, the same whoever asks; raises ValueError where one has no device."""
    digits = "".join(sorted([_half(a), _half(b)]))
    return " ".join(digits[start : start + 5] for start in range(0, len(digits), 5))


def _half(person: Person) -> str:
    if not person.identity_keys:
        raise ValueError("a person without a device has no safety number")
    seed = labels.SAFETY_NUMBER + person.uid.encode() + b"".join(sorted(person.identity_keys))
    digest = b""
    for _ in range(ROUNDS):
        digest = hashlib.sha512(digest + seed).digest()
    chunks = (digest[start : start + 5] for start in range(0, _GROUPS * 5, 5))
    return "".join(f"{int.from_bytes(chunk) % 100_000:05}" for chunk in chunks)
