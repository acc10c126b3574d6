"""My account: read and change it, its password and its phone, and leave."""

from dataclasses import replace
from typing import Any, Final

from fastapi import Depends, Request, Response
from pydantic import SecretStr

from functions.accounts.routes.door import (
    Locale,
    TheAccounts,
    TheCodes,
    TheLeavers,
    TheLimits,
    TheRegistrations,
    TheSessions,
    limit_guesses,
    router,
)
from functions.accounts.routes.registration import refuse_other_countries
from functions.accounts.schemas import (
    ChallengeIssued,
    Check,
    PasswordChange,
    PhoneRequest,
    ProfileChange,
    Reset,
    ResetRequest,
    UserView,
    Verification,
)
from functions.api.callers import AccountReader, AccountWriter, Authenticated
from functions.api.limits import RateLimits, limited
from functions.api.problems import problems
from functions.core.accounts.challenges import Reason, WrongCode
from functions.core.accounts.model import Caller, User
from functions.core.accounts.passwords import hash_password, weakness_of
from functions.core.accounts.signing_in import prove_password
from functions.core.accounts.store import Accounts
from functions.core.errors import Conflict, Invalid, NotFound, NotKnown, Refused, TooMany, Unavailable
from functions.core.observability import log

NEEDS_PASSWORD: Final = frozenset({"username", "email"})
"""Whoever may change what a password is reset by, owns the account."""


@router.get("/auth/me", responses=problems(NotFound))
def read_me(caller: AccountReader, accounts: TheAccounts) -> UserView:
    """Read my account."""
    return UserView.of(accounts.get(caller.user_id))


@router.get("/auth/check")
def check_credential(caller: Authenticated) -> Check:
    """Tell whether the credential is valid, whose it is, and what it may do."""
    return Check(user_id=caller.user_id, role=caller.role, scopes=sorted(caller.scopes))


@router.patch(
    "/auth/me",
    responses=problems(NotFound, Conflict, Invalid),
)
def change_me(
    change: ProfileChange, caller: AccountWriter, accounts: TheAccounts, limits: TheLimits, http: Request
) -> UserView:
    """Change my name, nickname, public key, username or email, or how long new recordings of mine are kept.

    Username and email need my password, too.
    """
    fields: dict[str, Any] = {name: getattr(change, name) for name in change.model_fields_set - {"password"}}
    if fields.keys() & NEEDS_PASSWORD:
        if change.password is None:
            raise Refused("To change this, give `password`, too.", code="password-needed")
        _prove(change.password, caller, accounts, limits, http)
    return UserView.of(accounts.change(caller.user_id, lambda user: replace(user, **fields)))


@router.delete("/auth/me", status_code=204, response_class=Response, responses=problems(NotFound, Conflict))
def erase_me(caller: AccountWriter, accounts: TheAccounts, sessions: TheSessions, leavers: TheLeavers) -> None:
    """Erase my account and everything that is mine.

    It is closed at once, with all its sessions and keys; recordings, transcripts and whatever else is mine are gone
    within minutes. There is no way back.
    """
    accounts.change(caller.user_id, lambda user: replace(user, is_leaving=True))
    sessions.end_all(caller.user_id)
    leavers.announce(caller.user_id)
    log.info("account is leaving", user_id=caller.user_id)


@router.post(
    "/auth/password",
    status_code=204,
    response_class=Response,
    responses=problems(NotFound, Invalid),
)
def change_password(
    change: PasswordChange,
    caller: AccountWriter,
    accounts: TheAccounts,
    sessions: TheSessions,
    limits: TheLimits,
    http: Request,
) -> None:
    """Change my password; everywhere else I am signed out."""
    _prove(change.current_password, caller, accounts, limits, http)
    password = change.new_password.get_secret_value()
    _refuse_weak(password, accounts.get(caller.user_id))
    accounts.set_password_hash(caller.user_id, hash_password(password))
    log.info("password changed", user_id=caller.user_id)
    sessions.end_all(caller.user_id, but=caller.session_id)


@router.post(
    "/auth/password/reset",
    status_code=202,
    responses=problems(Invalid, TooMany, Unavailable),
    dependencies=[Depends(limited("reset"))],
)
def ask_for_reset(request: ResetRequest, accounts: TheAccounts, codes: TheCodes, locale: Locale) -> ChallengeIssued:
    """Have a code sent to set a new password with: to the account's phone, else to its email address.

    The answer is the same where there is no such account.
    """
    user = accounts.find(request.identifier)
    is_reachable = user is not None and user.is_open and bool(user.phone or user.email)
    if user is not None and is_reachable:
        return ChallengeIssued(challenge_id=codes.send(Reason.RESET, user, locale=locale))
    return ChallengeIssued(challenge_id=codes.pretend(request.identifier))


@router.post(
    "/auth/password/reset/verify",
    status_code=204,
    response_class=Response,
    responses=problems(NotKnown, Invalid, TooMany),
    dependencies=[Depends(limited("reset-verify"))],
)
def reset_password(reset: Reset, accounts: TheAccounts, codes: TheCodes, sessions: TheSessions) -> None:
    """Set a new password with the code that was sent; everywhere I am signed out."""
    challenge = codes.solve(reset.challenge_id, reset.code.get_secret_value(), reason=Reason.RESET)
    user = accounts.find_open(challenge.user_id)
    if user is None:
        raise WrongCode
    # Not held against the account's own names: the code is used up, and a refusal would cost another.
    accounts.set_password_hash(user.id, hash_password(reset.new_password.get_secret_value()))
    log.info("password reset", user_id=user.id)
    sessions.end_all(user.id)


@router.post(
    "/auth/phone",
    status_code=202,
    responses=problems(NotFound, Invalid, Unavailable),
)
def ask_for_phone(
    request: PhoneRequest,
    caller: AccountWriter,
    accounts: TheAccounts,
    codes: TheCodes,
    registrations: TheRegistrations,
    locale: Locale,
    limits: TheLimits,
    http: Request,
) -> ChallengeIssued:
    """Have a code sent to a phone, to make it mine; from then on I sign in with codes."""
    _prove(request.password, caller, accounts, limits, http)
    refuse_other_countries(request.phone, registrations.sms_countries)
    # Whether the phone is another account's, only its owner is told.
    is_decoy = accounts.find(request.phone) is not None
    user = accounts.get(caller.user_id)
    return ChallengeIssued(
        challenge_id=codes.send(Reason.PHONE, user, phone=request.phone, locale=locale, is_decoy=is_decoy)
    )


@router.post(
    "/auth/phone/verify",
    responses=problems(NotFound, Conflict, Invalid),
    dependencies=[Depends(limited("phone-verify"))],
)
def verify_phone(verification: Verification, caller: AccountWriter, accounts: TheAccounts, codes: TheCodes) -> UserView:
    """Make the phone mine that this code was sent to."""
    challenge = codes.solve(verification.challenge_id, verification.code.get_secret_value(), reason=Reason.PHONE)
    _refuse_strangers(challenge.user_id, caller)
    return UserView.of(accounts.change(caller.user_id, lambda user: replace(user, phone=challenge.to)))


def _prove(password: SecretStr, caller: Caller, accounts: Accounts, limits: RateLimits, http: Request) -> None:
    limit_guesses(limits, http, caller.user_id)
    prove_password(accounts, caller.user_id, password.get_secret_value())


def _refuse_weak(password: str, user: User) -> None:
    weakness = weakness_of(password, known=(user.username, user.email, user.phone, user.name, user.nickname))
    if weakness is not None:
        raise Invalid(f"The new password {weakness}.", code="weak-password")


def _refuse_strangers(user_id: str, caller: Caller) -> None:
    if user_id != caller.user_id:
        raise WrongCode
