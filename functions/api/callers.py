"""Who is calling, as a type in a route's signature that says what they must be allowed to do."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer, SecurityScopes

from functions.api.limits import RateLimits
from functions.api.services import service
from functions.core.accounts.callers import Callers
from functions.core.accounts.model import Caller, Scope

_bearer = OAuth2PasswordBearer(
    tokenUrl="/v1/auth/token",
    auto_error=False,
    description="An access token from a login, or an API key, as `Authorization: Bearer ...`",
    scopes={scope.value: "" for scope in Scope},
)
_api_key = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key")


def _who(  # noqa: PLR0913, PLR0917 - what a request shows
    scopes: SecurityScopes,
    request: Request,
    callers: Annotated[Callers, Depends(service(Callers))],
    limits: Annotated[RateLimits, Depends(service(RateLimits))],
    bearer: Annotated[str | None, Depends(_bearer)],
    api_key: Annotated[str | None, Depends(_api_key)],
) -> Caller:
    caller = callers.identify(bearer=bearer, api_key=api_key)
    limits.check_account(request, caller.user_id)
    for scope in scopes.scopes:
        caller.need(Scope(scope))
    return caller


def _perhaps(
    request: Request,
    callers: Annotated[Callers, Depends(service(Callers))],
    limits: Annotated[RateLimits, Depends(service(RateLimits))],
    bearer: Annotated[str | None, Depends(_bearer)],
    api_key: Annotated[str | None, Depends(_api_key)],
) -> Caller | None:
    if not bearer and not api_key:
        return None
    return _who(SecurityScopes(), request, callers, limits, bearer, api_key)


PerhapsAuthenticated = Annotated[Caller | None, Security(_perhaps)]
"""Somebody known, or nobody; a credential that is wrong still ends in a 401."""
Authenticated = Annotated[Caller, Security(_who)]
"""Somebody known, or the request ends in a 401."""
AccountReader = Annotated[Caller, Security(_who, scopes=[Scope.ACCOUNT_READ])]
AccountWriter = Annotated[Caller, Security(_who, scopes=[Scope.ACCOUNT_WRITE])]
Admin = Annotated[Caller, Security(_who, scopes=[Scope.ADMIN])]
CallsReader = Annotated[Caller, Security(_who, scopes=[Scope.CALLS_READ])]
CallsWriter = Annotated[Caller, Security(_who, scopes=[Scope.CALLS_WRITE])]
JobsReader = Annotated[Caller, Security(_who, scopes=[Scope.JOBS_READ])]
JobsWriter = Annotated[Caller, Security(_who, scopes=[Scope.JOBS_WRITE])]
RecordingsReader = Annotated[Caller, Security(_who, scopes=[Scope.RECORDINGS_READ])]
RecordingsWriter = Annotated[Caller, Security(_who, scopes=[Scope.RECORDINGS_WRITE])]
WebhooksReader = Annotated[Caller, Security(_who, scopes=[Scope.WEBHOOKS_READ])]
WebhooksWriter = Annotated[Caller, Security(_who, scopes=[Scope.WEBHOOKS_WRITE])]
"""Somebody known who may do that; others get a 403."""
