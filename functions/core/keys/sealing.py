"""Seals short texts: AES-256-GCM (NIST SP 800-38D), each under a key of its own (HKDF, RFC 5869).

    1 byte 0x01 | 2 key number | 16 salt | 12 nonce | ciphertext | 16 tag        (base64url in the table)

The record and the attribute are authenticated with it, so a sealed value opens in its own place only.
"""

import base64
import os
import struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from functions.core.keys.ring import Key, KeyRing, Purpose, UnknownKey

_HEAD: Final = struct.Struct(">BH16s12s")
_FORMAT: Final = 1


class SealBroken(Exception):
    """The text was changed, is of another place, or its key is gone."""


class Sealer:
    """Seals and opens texts of one purpose: personal data, where no other one is named."""

    def __init__(self, ring: KeyRing, purpose: Purpose = Purpose.PERSONAL_DATA) -> None:
        self._ring = ring
        self._purpose = purpose
        self._label = f"parley/{purpose}/1"

    def seal(self, text: str, *, pk: str, attribute: str) -> str:
        """Return a text sealed for one attribute of one record; 47 bytes longer, before base64."""
        key, salt, nonce = self._ring.current(self._purpose), os.urandom(16), os.urandom(12)
        place = self._place(pk, attribute, key.number)
        sealed = self._cipher(key, salt, attribute).encrypt(nonce, text.encode(), place)
        return base64.urlsafe_b64encode(_HEAD.pack(_FORMAT, key.number, salt, nonce) + sealed).rstrip(b"=").decode()

    def open(self, sealed: str, *, pk: str, attribute: str) -> str:
        """Return the text; raises SealBroken."""
        raw = _bytes_of(sealed)
        _, number, salt, nonce = _head_of(raw)
        try:
            cipher = self._cipher(self._ring.get(self._purpose, number), salt, attribute)
            return cipher.decrypt(nonce, raw[_HEAD.size :], self._place(pk, attribute, number)).decode()
        except (InvalidTag, UnknownKey, ValueError) as error:
            raise SealBroken(f"{attribute} of {pk}") from error

    def _cipher(self, key: Key, salt: bytes, attribute: str) -> AESGCM:
        info = f"{self._label}|{attribute}".encode()
        return AESGCM(HKDF(SHA256(), length=32, salt=salt, info=info).derive(key.secret))

    def _place(self, pk: str, attribute: str, number: int) -> bytes:
        return f"{self._label}|{pk}|{attribute}|{number}".encode()


def key_number_of(sealed: str) -> int:
    """Return which key sealed a text; raises SealBroken."""
    return int(_head_of(_bytes_of(sealed))[1])


def _bytes_of(sealed: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError as error:
        raise SealBroken from error


def _head_of(raw: bytes) -> tuple[int, int, bytes, bytes]:
    if len(raw) < _HEAD.size or raw[0] != _FORMAT:
        raise SealBroken
    form, number, salt, nonce = _HEAD.unpack_from(raw)
    return form, number, salt, nonce
