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
_LABEL: Final = "parley/personal-data/1"


class SealBroken(Exception):
    """The text was changed, is of another place, or its key is gone."""


class Sealer:
    """Seals and opens personal data."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def seal(self, text: str, *, pk: str, attribute: str) -> str:
        """Return a text sealed for one attribute of one record; 47 bytes longer, before base64."""
        key, salt, nonce = self._ring.current(Purpose.PERSONAL_DATA), os.urandom(16), os.urandom(12)
        sealed = _cipher(key, salt, attribute).encrypt(nonce, text.encode(), _place(pk, attribute, key.number))
        return base64.urlsafe_b64encode(_HEAD.pack(_FORMAT, key.number, salt, nonce) + sealed).rstrip(b"=").decode()

    def open(self, sealed: str, *, pk: str, attribute: str) -> str:
        """Return the text; raises SealBroken."""
        raw = _bytes_of(sealed)
        _, number, salt, nonce = _head_of(raw)
        try:
            cipher = _cipher(self._ring.get(Purpose.PERSONAL_DATA, number), salt, attribute)
            return cipher.decrypt(nonce, raw[_HEAD.size :], _place(pk, attribute, number)).decode()
        except (InvalidTag, UnknownKey, ValueError) as error:
            raise SealBroken(f"{attribute} of {pk}") from error


def key_number_of(sealed: str) -> int:
    """Return which key sealed a text; raises SealBroken."""
    return int(_head_of(_bytes_of(sealed))[1])


def _cipher(key: Key, salt: bytes, attribute: str) -> AESGCM:
    info = f"{_LABEL}|{attribute}".encode()
    return AESGCM(HKDF(SHA256(), length=32, salt=salt, info=info).derive(key.secret))


def _place(pk: str, attribute: str, number: int) -> bytes:
    return f"{_LABEL}|{pk}|{attribute}|{number}".encode()


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
