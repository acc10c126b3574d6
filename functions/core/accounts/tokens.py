"""Access tokens: JWT (RFC 7519) signed with HS256, of 15 minutes."""

from datetime import timedelta
from typing import Final

import jwt

from functions.core.accounts.model import Caller, Role, User
from functions.core.clock import Clock
from functions.core.errors import NotKnown
from functions.core.ids import new_id

LIFE: Final = timedelta(minutes=15)
_ISSUER: Final = "parley"


class AccessTokens:
    """Signs and reads access tokens."""

    def __init__(self, secret: str, *, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def issue(self, user: User) -> str:
        """Return a token that says who `user` is."""
        now = self._clock()
        claims = {
            "iss": _ISSUER,
            "aud": _ISSUER,
            "sub": user.id,
            "role": user.role.value,
            "iat": now,
            "exp": now + LIFE,
            "jti": new_id("request"),
        }
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def read(self, token: str) -> Caller:
        """Return who a token speaks of.

        Raises:
            NotKnown: it is not ours, not whole, or over.
        """
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                issuer=_ISSUER,
                audience=_ISSUER,
                # Our clock judges the time, so that a test can hold it still.
                options={"require": ["exp", "sub"], "verify_exp": False, "verify_iat": False},
            )
            is_over = claims["exp"] <= self._clock().timestamp()
            caller = Caller(claims["sub"], Role(claims["role"]))
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
            raise NotKnown("The access token is not valid.", code="invalid-token") from error
        if is_over:
            raise NotKnown("The access token has expired; sign in again.", code="token-expired")
        return caller
