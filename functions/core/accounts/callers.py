"""Who is calling: one way to tell, whatever credential was shown.

A signature or a secret says who; then the account and the session are read, so that whoever is signed out, deactivated
or no admin any more is so at once and not a quarter of an hour later. Price: one consistent BatchGetItem a request.
"""

import hmac
from contextlib import suppress

from functions.core.accounts.api_keys import hash_of, is_secret, key_id_of
from functions.core.accounts.keeping import AccountsCollections
from functions.core.accounts.model import OPERATOR_ID, ApiKey, Caller, LastUse, Role, Scope, Standing
from functions.core.accounts.tokens import AccessTokens
from functions.core.clock import Clock
from functions.core.errors import NotKnown
from functions.core.table import Changed, Table


class Callers:
    """Tells callers by access token, API key or operator key."""

    def __init__(self, table: Table, tokens: AccessTokens, *, clock: Clock, operator_keys: str = "") -> None:
        self._kept = AccountsCollections(table)
        self._tokens = tokens
        self._clock = clock
        self._operator_keys = [key.strip().encode() for key in operator_keys.split(",") if key.strip()]

    def identify(self, *, bearer: str | None, api_key: str | None) -> Caller:
        """Return who shows these credentials; one that is wrong is never made up for by the other.

        Raises:
            NotKnown: there is none, or it is not valid.
        """
        if not bearer and not api_key:
            raise NotKnown("This needs an access token or an API key.", code="missing-credential")
        callers = [self._by_key(key) or self._by_token(key, is_token) for key, is_token in _shown(bearer, api_key)]
        if len({caller.user_id for caller in callers}) > 1:
            raise NotKnown("The access token and the API key are of different accounts.", code="ambiguous-credential")
        return callers[0]

    def _by_key(self, key: str) -> Caller | None:
        # All are compared, so that the time tells nothing about which one came close.
        if any([hmac.compare_digest(key.encode(), known) for known in self._operator_keys]):  # noqa: C419
            return Caller(OPERATOR_ID, Role.ADMIN)
        return self._by_api_key(key) if key.startswith("parley_") else None

    def _by_api_key(self, secret: str) -> Caller:
        key_id = key_id_of(secret)
        key, last_use = (None, None) if key_id is None else self._kept.api_key_with_use(key_id)
        # Unknown keys cost a comparison too.
        matches = is_secret(secret, hash_of("") if key is None else key.secret_hash)
        if key is None or not matches or not key.is_valid(self._clock()):
            raise NotKnown("The API key is not valid.", code="invalid-api-key")
        standing = _open(self._kept.standings.find(key.owner_id))
        self._note_use(key, last_use)
        return Caller(
            standing.id,
            standing.role,
            frozenset(key.scopes or Scope),
            key_id=key.id,
            unique_id=standing.unique_id,
            keep_days=standing.keep_days,
        )

    def _by_token(self, token: str, is_token: bool) -> Caller:  # noqa: FBT001
        if not is_token:
            raise NotKnown("The API key is not valid.", code="invalid-api-key")
        claims = self._tokens.read(token)
        found, session = self._kept.standing_with_session(claims.user_id, claims.session_id)
        standing = _open(found)
        if session is None or not session.is_live(self._clock()):
            raise NotKnown("The session is over; sign in again.", code="session-over")
        return Caller(
            standing.id,
            standing.role,
            session_id=claims.session_id,
            unique_id=standing.unique_id,
            keep_days=standing.keep_days,
        )

    def _note_use(self, key: ApiKey, last_use: LastUse | None) -> None:
        now = self._clock()
        if last_use is not None and not last_use.is_stale(now):
            return
        # A use by somebody else at the same moment is as good as this one.
        with suppress(Changed):
            self._kept.use(last_use or LastUse(id=key.id, at=now), now)
            self._kept.use(self._kept.last_uses.find(key.owner_id) or LastUse(id=key.owner_id, at=now), now)


def _open(standing: Standing | None) -> Standing:
    if standing is None or not standing.is_open:
        raise NotKnown("This account is not active.", code="account-inactive")
    return standing


def _shown(bearer: str | None, api_key: str | None) -> list[tuple[str, bool]]:
    return [(key, is_token) for key, is_token in ((bearer, True), (api_key, False)) if key]
