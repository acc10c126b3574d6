"""Make an account."""

import hmac
from typing import Annotated, Any, Final

import phonenumbers
from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse

from functions.accounts.routes.door import (
    Locale,
    TheAccounts,
    TheCodes,
    TheRegistrations,
    TheWelcome,
    challenge_issued,
    router,
)
from functions.accounts.schemas import (
    ChallengeIssued,
    FirstAdmin,
    Registered,
    Registration,
    SendAgain,
    Verification,
    Verified,
)
from functions.api.forms import documented, json_or_form
from functions.api.limits import limited
from functions.api.problems import problems
from functions.core.accounts.challenges import PENDING_LIFE, Reason, WrongCode
from functions.core.accounts.model import Role, User
from functions.core.accounts.passwords import hash_password
from functions.core.accounts.store import Accounts
from functions.core.clock import utc_now
from functions.core.errors import Conflict, Invalid, NotFound, NotKnown, Refused, TooMany, Unavailable
from functions.core.ids import new_id
from functions.core.observability import log

_SENT: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": ChallengeIssued, "description": "A code was sent to the phone"}
}


@router.post(
    "/auth/register",
    status_code=201,
    response_model=Registered,
    responses={**_SENT, **problems(Conflict, Invalid, TooMany, Unavailable)},
    openapi_extra=documented(Registration),
    dependencies=[Depends(limited("register"))],
)
def register(
    registration: Annotated[Registration, Depends(json_or_form(Registration))],
    accounts: TheAccounts,
    codes: TheCodes,
    registrations: TheRegistrations,
    locale: Locale,
) -> Registered | JSONResponse:
    """Make an account. JSON or form.

    With a phone, a code is sent to it (202), and `POST /v1/auth/register/verify` makes the account.
    """
    user = _user_of(registration, accounts)
    password_hash = hash_password(registration.password.get_secret_value())
    if registration.phone is None:
        return _registered(accounts.add(user, password_hash))
    refuse_other_countries(registration.phone, registrations.sms_countries)
    accounts.hold(user, password_hash, until=utc_now() + PENDING_LIFE)
    # Whether the phone has an account already, only its owner is told.
    is_decoy = accounts.find(registration.phone) is not None
    challenge_id = codes.send(Reason.REGISTER, user, phone=registration.phone, locale=locale, is_decoy=is_decoy)
    return challenge_issued(challenge_id)


@router.post(
    "/auth/register/verify",
    status_code=201,
    responses=problems(NotKnown, Conflict, Invalid, TooMany),
    openapi_extra=documented(Verification),
    dependencies=[Depends(limited("register-verify"))],
)
def verify_registration(
    verification: Annotated[Verification, Depends(json_or_form(Verification))],
    accounts: TheAccounts,
    codes: TheCodes,
    welcome: TheWelcome,
    request: Request,
    response: Response,
) -> Verified:
    """Make the account that waits for this code, and sign in to it. JSON or form."""
    challenge = codes.solve(verification.challenge_id, verification.code.get_secret_value(), reason=Reason.REGISTER)
    try:
        user = accounts.admit(challenge.user_id)
    except NotFound as error:
        raise WrongCode from error
    log.info("account registered", user_id=user.id)
    signed_in = welcome.sign_in(user, request, response)
    return Verified(**Registered.of(user).model_dump(), **signed_in.model_dump())


@router.post(
    "/auth/otp",
    status_code=202,
    responses=problems(Invalid, TooMany, Unavailable),
    openapi_extra=documented(SendAgain),
    dependencies=[Depends(limited("otp"))],
)
def send_code_again(which: Annotated[SendAgain, Depends(json_or_form(SendAgain))], codes: TheCodes) -> ChallengeIssued:
    """Have a new code sent for a challenge; the one before is worth nothing from then on. JSON or form.

    The answer is the same for a challenge that is over or never was.
    """
    try:
        codes.send_again(which.challenge_id)
    except WrongCode:
        log.info("a code was asked for too late")
    return ChallengeIssued(challenge_id=which.challenge_id)


@router.post(
    "/auth/first-admin",
    status_code=201,
    responses=problems(Refused, Conflict, Invalid, TooMany),
    openapi_extra=documented(FirstAdmin),
    dependencies=[Depends(limited("first-admin"))],
)
def make_first_admin(
    registration: Annotated[FirstAdmin, Depends(json_or_form(FirstAdmin))],
    accounts: TheAccounts,
    registrations: TheRegistrations,
) -> Registered:
    """Make the account that lets all others in, once, with the code that was printed where Parley first started."""
    expected = registrations.setup_code.get_secret_value().encode()
    if not expected or not hmac.compare_digest(registration.setup_code.get_secret_value().encode(), expected):
        raise Refused("The setup code is wrong.", code="wrong-setup-code")
    user = _user_of(registration, accounts, role=Role.ADMIN)
    password_hash = hash_password(registration.password.get_secret_value())
    return _registered(accounts.add_first_admin(user, password_hash))


def _user_of(registration: Registration, accounts: Accounts, *, role: Role = Role.USER) -> User:
    return User(
        id=new_id("user"),
        unique_id=accounts.free_unique_id(),
        created_at=utc_now(),
        username=registration.username,
        email=registration.email,
        phone=registration.phone,
        name=registration.name,
        nickname=registration.nickname,
        public_key=registration.public_key,
        role=role,
    )


def _registered(user: User) -> Registered:
    log.info("account registered", user_id=user.id)
    return Registered.of(user)


def refuse_other_countries(phone: str, countries: str) -> None:
    """Go on only if this installation sends codes to phones of that country; raises Invalid."""
    served = {country.strip().upper() for country in countries.split(",") if country.strip()}
    country = phonenumbers.region_code_for_number(phonenumbers.parse(phone, None))
    if served and country not in served:
        raise Invalid("Phones of this country cannot register here.", code="country-not-served")
