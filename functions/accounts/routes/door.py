"""The door's router, and what its routes ask for by type."""

from typing import Annotated

from fastapi import APIRouter, Depends

from functions.api.limits import RateLimits
from functions.api.services import service
from functions.core.accounts.codes import Codes
from functions.core.accounts.erasure import Leavers
from functions.core.accounts.sessions import Sessions
from functions.core.accounts.store import Accounts
from functions.core.accounts.tokens import AccessTokens
from functions.core.settings import Registrations

router = APIRouter(prefix="/v1", tags=["accounts"])

TheAccounts = Annotated[Accounts, Depends(service(Accounts))]
TheCodes = Annotated[Codes, Depends(service(Codes))]
TheLeavers = Annotated[Leavers, Depends(service(Leavers))]
TheLimits = Annotated[RateLimits, Depends(service(RateLimits))]
TheRegistrations = Annotated[Registrations, Depends(service(Registrations))]
TheSessions = Annotated[Sessions, Depends(service(Sessions))]
TheTokens = Annotated[AccessTokens, Depends(service(AccessTokens))]
