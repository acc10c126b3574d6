"""The door's router, and what its routes ask for by type."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse

from functions.accounts.schemas import ChallengeIssued
from functions.accounts.welcome import Welcome
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


def _welcome(accounts: TheAccounts, sessions: TheSessions, tokens: TheTokens) -> Welcome:
    return Welcome(accounts, sessions, tokens)


TheWelcome = Annotated[Welcome, Depends(_welcome)]

PER_ACCOUNT: Final = {"guesses": (5, 60), "guesses-hour": (20, 3600)}
"""Passwords tried for one account, wherever from and by whatever name. Whoever keeps trying can keep its owner from
signing in anew for as long, but not from what is signed in already, nor from API keys."""


def limit_guesses(limits: RateLimits, request: Request, account: str) -> None:
    """Count a password that is tried for an account; raises TooMany."""
    for name, (calls, seconds) in PER_ACCOUNT.items():
        limits.check_exact(request, name, account, calls=calls, seconds=seconds)


def challenge_issued(challenge_id: str) -> JSONResponse:
    """Say with a 202 that a code is on its way."""
    return JSONResponse(ChallengeIssued(challenge_id=challenge_id).model_dump(), 202)


def _locale(accept_language: Annotated[str, Header(include_in_schema=False)] = "") -> str:
    # The first choice is enough for one sentence.
    return accept_language[:2].lower() if accept_language[:2].isalpha() else ""


Locale = Annotated[str, Depends(_locale)]
"""The language that the caller's program asks for, as in `ru`; empty if it does not say."""
