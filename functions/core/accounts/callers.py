"""Who is calling: one way to tell, whatever credential was shown."""

import hmac

from functions.core.accounts.model import OPERATOR_ID, Caller, Role
from functions.core.accounts.store import Accounts
from functions.core.accounts.tokens import AccessTokens
from functions.core.errors import NotKnown


class Callers:
    """Tells callers by access token, API key or operator key."""

    def __init__(self, *, accounts: Accounts, tokens: AccessTokens, operator_keys: str = "") -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._operator_keys = [key.strip().encode() for key in operator_keys.split(",") if key.strip()]

    def identify(self, *, bearer: str | None, api_key: str | None) -> Caller:
        """Return who shows these credentials; one that is wrong is never made up for by the other.

        Raises:
            NotKnown: there is none, or it is not valid.
        """
        if not bearer and not api_key:
            raise NotKnown("This needs an access token or an API key.", code="missing-credential")
        callers = {self._by_key(key) or self._by_token(key, is_token) for key, is_token in _shown(bearer, api_key)}
        if len(callers) > 1:
            raise NotKnown("The access token and the API key are of different accounts.", code="ambiguous-credential")
        return callers.pop()

    def _by_key(self, key: str) -> Caller | None:
        # All are compared, so that the time tells nothing about which one came close.
        if any([hmac.compare_digest(key.encode(), known) for known in self._operator_keys]):  # noqa: C419
            return Caller(OPERATOR_ID, Role.ADMIN)
        if not key.startswith("parley_"):
            return None
        api_key = self._accounts.api_key_of(key)
        return Caller(api_key.owner_id, api_key.role)

    def _by_token(self, token: str, is_token: bool) -> Caller:  # noqa: FBT001
        if not is_token:
            raise NotKnown("The API key is not valid.", code="invalid-api-key")
        return self._tokens.read(token)


def _shown(bearer: str | None, api_key: str | None) -> list[tuple[str, bool]]:
    return [(key, is_token) for key, is_token in ((bearer, True), (api_key, False)) if key]
