"""Who is calling, as a type in a route's signature."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer

from functions.api.services import service
from functions.core.accounts.callers import Callers
from functions.core.accounts.model import Caller

_bearer = OAuth2PasswordBearer(
    tokenUrl="/v1/auth/token",
    auto_error=False,
    description="An access token from a login, or an API key, as `Authorization: Bearer ...`",
)
_api_key = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key")


def _who(
    callers: Annotated[Callers, Depends(service(Callers))],
    bearer: Annotated[str | None, Depends(_bearer)],
    api_key: Annotated[str | None, Depends(_api_key)],
) -> Caller:
    return callers.identify(bearer=bearer, api_key=api_key)


Authenticated = Annotated[Caller, Depends(_who)]
"""Somebody known, or the request ends in a 401."""
