"""Keys for programs."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Path, Response

from functions.accounts.routes.door import TheAccounts, router
from functions.accounts.schemas import ApiKeyRequest, ApiKeyView, NewApiKey
from functions.api.callers import AccountReader, AccountWriter
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.api.repeats import IdempotencyKey
from functions.core.accounts.api_keys import hash_of, make_secret
from functions.core.accounts.model import OPERATOR_ID, ApiKey, Caller, Scope
from functions.core.clock import utc_now
from functions.core.errors import Conflict, Invalid, NotFound, Refused
from functions.core.ids import new_id
from functions.core.observability import log
from functions.core.repeats import Once

PREFIX_LENGTH: Final = 15
"""How much of a key is shown to recognise it by: `parley_` and the time it was made."""


@router.post("/api-keys", status_code=201, responses=problems(NotFound, Conflict, Invalid))
def make_api_key(
    request: ApiKeyRequest, caller: AccountWriter, accounts: TheAccounts, idempotency_key: IdempotencyKey = None
) -> NewApiKey:
    """Make an API key. Its `secret` is shown in this answer, and again only to the same `Idempotency-Key` for a day."""
    if caller.user_id == OPERATOR_ID:
        # It would outlive the setting that it came from.
        raise Conflict("An operator key makes no API keys; set another one in API_AUTH_TOKEN.", code="operator-key")
    key_id, now = new_id("api_key"), utc_now()
    secret = make_secret(key_id)
    new = ApiKey(
        id=key_id,
        owner_id=caller.user_id,
        name=request.name,
        prefix=secret[:PREFIX_LENGTH],
        secret_hash=hash_of(secret),
        scopes=_granted(request.scopes, caller),
        created_at=now,
        expires_at=None if request.expires_in_days is None else now + timedelta(days=request.expires_in_days),
    )
    if idempotency_key is None:
        key = accounts.add_api_key(new)
    else:
        key, secret = accounts.add_api_key_once(new, secret, _once(request, new, idempotency_key))
    log.info("API key made", api_key=key.id)
    return NewApiKey(**ApiKeyView.of(key).model_dump(), secret=secret)


@router.get("/api-keys", responses=problems(Invalid))
def list_api_keys(caller: AccountReader, accounts: TheAccounts, paging: CurrentPage) -> Page[ApiKeyView]:
    """List my API keys, newest first."""

    def views(keys: list[ApiKey]) -> list[ApiKeyView]:
        last_uses = accounts.last_uses_of(keys)
        return [ApiKeyView.of(key, last_used_at=last_uses.get(key.id)) for key in keys]

    return paging.page(
        f"api-keys of {caller.user_id}",
        lambda before, limit: accounts.api_keys_of(caller.user_id, before=before, limit=limit),
        lambda key: key.id,
        lambda keys: views(list(keys)),
    )


@router.delete(
    "/api-keys/{api_key_id}",
    status_code=204,
    responses=problems(NotFound),
    response_class=Response,
)
def revoke_api_key(
    api_key_id: Annotated[str, Path(max_length=64)], caller: AccountWriter, accounts: TheAccounts
) -> None:
    """End an API key at once."""
    accounts.revoke_api_key(api_key_id, owner_id=caller.user_id)
    log.info("API key revoked", api_key=api_key_id)


def _once(request: ApiKeyRequest, new: ApiKey, idempotency_key: str) -> Once:
    # Also by what it may do: a caller that may less must not be shown the secret of a key that may more.
    asked = ("api-key", request.model_dump(mode="json"), new.scopes)
    return Once(owner_id=new.owner_id, key=idempotency_key, asked=asked)


def _granted(asked: list[Scope], caller: Caller) -> tuple[Scope, ...]:
    beyond = set(asked) - caller.scopes
    if beyond:
        raise Refused("A key gives no more than the key that made it.", code="scope-missing", scope=min(beyond).value)
    if caller.scopes == frozenset(Scope):
        return tuple(sorted(set(asked)))
    # "All that its owner may" would be more than this key may itself.
    return tuple(sorted(set(asked) or caller.scopes))
