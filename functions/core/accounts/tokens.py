"""Access tokens: JWT (RFC 7519) signed with Ed25519 (RFC 8037), of 15 minutes.

Only the door `accounts` can sign; the others read the public keys, which lie beside the wrapped private ones.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from functions.core.accounts.sessions import Session
from functions.core.clock import Clock
from functions.core.errors import NotKnown
from functions.core.ids import new_id
from functions.core.keys.ring import KeyRing, Purpose, UnknownKey

LIFE: Final = timedelta(minutes=15)
_ISSUER: Final = "parley"
_ALGORITHM: Final = "EdDSA"
_LONGEST: Final = 2048


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a valid token speaks of. What they may do now is another question: their standing."""

    user_id: str
    session_id: str


class AccessTokens:
    """Signs and reads access tokens."""

    def __init__(self, ring: KeyRing, *, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock

    def issue(self, session: Session) -> str:
        """Return a token for the owner of a session."""
        now, key = self._clock(), self._ring.current(Purpose.TOKENS)
        claims = {
            "iss": _ISSUER,
            "aud": _ISSUER,
            "sub": session.user_id,
            "sid": session.id,
            "iat": now,
            "exp": now + LIFE,
            "jti": new_id("request"),
        }
        private = Ed25519PrivateKey.from_private_bytes(key.secret)
        return jwt.encode(claims, private, algorithm=_ALGORITHM, headers={"kid": str(key.number)})

    def read(self, token: str) -> Claims:
        """Return whom a token speaks of.

        Raises:
            NotKnown: it is not ours, not whole, or over.
        """
        try:
            claims = jwt.decode(
                token[:_LONGEST],
                self._public_key_of(token[:_LONGEST]),
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                audience=_ISSUER,
                # Our clock judges the time, so that a test can hold it still.
                options={"require": ["exp", "sub", "sid"], "verify_exp": False, "verify_iat": False},
            )
            is_over = claims["exp"] <= self._clock().timestamp()
        except (jwt.InvalidTokenError, UnknownKey, KeyError, ValueError, TypeError) as error:
            raise NotKnown("The access token is not valid.", code="invalid-token") from error
        if is_over:
            raise NotKnown("The access token has expired; refresh it or sign in again.", code="token-expired")
        return Claims(claims["sub"], str(claims["sid"]))

    def _public_key_of(self, token: str) -> Ed25519PublicKey:
        number = str(jwt.get_unverified_header(token).get("kid", ""))
        if not (number.isascii() and number.isdigit() and len(number) <= 5):
            raise UnknownKey
        return Ed25519PublicKey.from_public_bytes(self._ring.public_key(int(number)))
