"""Cursors: opaque to callers, signed, and good only for the list that they were made for."""

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import Final

from functions.core.errors import Invalid

_SIGNATURE_BYTES: Final = 12
"""96 bits: a forged cursor would only start the caller's own list elsewhere."""


class Cursors:
    """Makes and reads cursors."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        # Asked for when there is a cursor: most lists fit a page, and a key costs a call of KMS.
        self._key = key

    def make(self, list_name: str, position: str) -> str:
        """Return a cursor that continues the list after `position`."""
        body = position.encode()
        return base64.urlsafe_b64encode(self._sign(list_name, body) + body).rstrip(b"=").decode()

    def read(self, list_name: str, cursor: str) -> str:
        """Return the position in a cursor.

        Raises:
            Invalid: it is not ours, or of another list.
        """
        try:
            raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
            signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, self._sign(list_name, body)):
                raise Invalid("The cursor is not one of this list.", code="invalid-cursor")
            return body.decode()
        except (binascii.Error, ValueError) as error:
            raise Invalid("The cursor is not one of this list.", code="invalid-cursor") from error

    def _sign(self, list_name: str, body: bytes) -> bytes:
        return hmac.digest(self._key(), list_name.encode() + b"\0" + body, "sha256")[:_SIGNATURE_BYTES]
