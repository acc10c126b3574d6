"""Register, log in, API keys."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Path, Response

from functions.accounts.schemas import (
    AccessToken,
    ApiKeyRequest,
    ApiKeyView,
    Check,
    LogIn,
    NewApiKey,
    Registered,
    Registration,
    UserView,
)
from functions.api.callers import Authenticated
from functions.api.forms import documented, json_or_form
from functions.api.paging import CurrentPage, Page
from functions.api.problems import problems
from functions.api.services import service
from functions.core.accounts.api_keys import hash_of, make_secret
from functions.core.accounts.log_in import log_in
from functions.core.accounts.model import OPERATOR_ID, ApiKey, User
from functions.core.accounts.passwords import hash_password
from functions.core.accounts.store import Accounts
from functions.core.accounts.tokens import LIFE, AccessTokens
from functions.core.clock import utc_now
from functions.core.errors import Conflict, Invalid, NotFound, NotKnown
from functions.core.ids import new_id
from functions.core.observability import log

PREFIX_LENGTH: Final = 15
"""How much of a key is shown to recognise it by: `parley_` and the time it was made."""

router = APIRouter(prefix="/v1", tags=["accounts"])

TheAccounts = Annotated[Accounts, Depends(service(Accounts))]
TheTokens = Annotated[AccessTokens, Depends(service(AccessTokens))]


@router.post(
    "/auth/register",
    status_code=201,
    responses=problems(Conflict, Invalid),
    openapi_extra=documented(Registration),
)
def register(
    registration: Annotated[Registration, Depends(json_or_form(Registration))], accounts: TheAccounts
) -> Registered:
    """Make an account. JSON or form."""
    user = accounts.add(
        User(
            id=new_id("user"),
            username=registration.username,
            email=registration.email,
            password_hash=hash_password(registration.password.get_secret_value()),
            created_at=utc_now(),
            unique_id=accounts.free_unique_id(),
        )
    )
    log.info("account registered", user_id=user.id)
    return Registered(user=UserView.of(user), unique_id=user.unique_id)


@router.post("/auth/login", responses=problems(NotKnown, Invalid), openapi_extra=documented(LogIn))
def log_in_with_password(
    attempt: Annotated[LogIn, Depends(json_or_form(LogIn))], accounts: TheAccounts, tokens: TheTokens
) -> AccessToken:
    """Exchange a name and a password for an access token. JSON or form."""
    user = log_in(accounts, attempt.identifier, attempt.password.get_secret_value())
    return AccessToken(access_token=tokens.issue(user), expires_in=int(LIFE.total_seconds()))


@router.post("/auth/token", responses=problems(NotKnown, Invalid))
def issue_token(
    username: Annotated[str, Form(min_length=1, max_length=254)],
    password: Annotated[str, Form(min_length=1, max_length=256)],
    accounts: TheAccounts,
    tokens: TheTokens,
) -> AccessToken:
    """Log in by OAuth2's password form (RFC 6749, 4.3): what **Authorize** on this page uses."""
    user = log_in(accounts, username, password)
    return AccessToken(access_token=tokens.issue(user), expires_in=int(LIFE.total_seconds()))


@router.get("/auth/me", responses=problems(NotKnown, NotFound))
def read_me(caller: Authenticated, accounts: TheAccounts) -> UserView:
    """Read my account."""
    return UserView.of(accounts.get(caller.user_id))


@router.get("/auth/check", responses=problems(NotKnown))
def check_credential(caller: Authenticated) -> Check:
    """Tell whether the credential is valid, and whose it is."""
    return Check(user_id=caller.user_id, role=caller.role)


@router.post("/api-keys", status_code=201, responses=problems(NotKnown, Conflict, Invalid))
def make_api_key(request: ApiKeyRequest, caller: Authenticated, accounts: TheAccounts) -> NewApiKey:
    """Make an API key. Its `secret` is shown in this answer and never again."""
    if caller.user_id == OPERATOR_ID:
        # It would outlive the setting that it came from.
        raise Conflict("An operator key makes no API keys; set another one in API_AUTH_TOKEN.", code="operator-key")
    key_id = new_id("api_key")
    secret = make_secret(key_id)
    now = utc_now()
    key = accounts.add_api_key(
        ApiKey(
            id=key_id,
            owner_id=caller.user_id,
            role=caller.role,
            name=request.name,
            prefix=secret[:PREFIX_LENGTH],
            secret_hash=hash_of(secret),
            created_at=now,
            expires_at=None if request.expires_in_days is None else now + timedelta(days=request.expires_in_days),
        )
    )
    log.info("API key made", api_key=key.id)
    return NewApiKey(**ApiKeyView.of(key).model_dump(), secret=secret)


@router.get("/api-keys", responses=problems(NotKnown, Invalid))
def list_api_keys(caller: Authenticated, accounts: TheAccounts, paging: CurrentPage) -> Page[ApiKeyView]:
    """List my API keys, newest first."""
    return paging.page(
        f"api-keys of {caller.user_id}",
        lambda before, limit: accounts.api_keys_of(caller.user_id, before=before, limit=limit),
        lambda key: key.id,
        lambda keys: [ApiKeyView.of(key) for key in keys],
    )


@router.delete(
    "/api-keys/{api_key_id}", status_code=204, responses=problems(NotKnown, NotFound), response_class=Response
)
def revoke_api_key(
    api_key_id: Annotated[str, Path(max_length=64)], caller: Authenticated, accounts: TheAccounts
) -> None:
    """End an API key at once."""
    accounts.revoke_api_key(api_key_id, owner_id=caller.user_id)
    log.info("API key revoked", api_key=api_key_id)
