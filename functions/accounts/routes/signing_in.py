"""Sign in, go on, sign out."""

from typing import Annotated

from fastapi import Depends, Form, Request, Response
from fastapi.responses import JSONResponse

from functions.accounts.browser import refresh_token_of, refuse_forgeries, sign_out
from functions.accounts.routes.door import (
    Locale,
    TheAccounts,
    TheCodes,
    TheLimits,
    TheRegistrations,
    TheSessions,
    TheWelcome,
    challenge_issued,
    limit_guesses,
    router,
)
from functions.accounts.schemas import AccessToken, ChallengeIssued, LogIn, Refresh
from functions.api.callers import PerhapsAuthenticated
from functions.api.forms import documented, json_or_form
from functions.api.limits import limited, limited_as_account
from functions.api.problems import problems
from functions.core.accounts.challenges import Reason, WrongCode
from functions.core.accounts.model import User
from functions.core.accounts.sessions import Sessions
from functions.core.accounts.signing_in import user_by_password
from functions.core.errors import Conflict, Invalid, NotKnown, Refused, TooMany, Unavailable


@router.post(
    "/auth/login",
    response_model=AccessToken,
    responses={
        202: {"model": ChallengeIssued, "description": "The password is right; a code was sent to the phone"},
        **problems(NotKnown, Invalid, TooMany, Unavailable),
    },
    openapi_extra=documented(LogIn),
    dependencies=[Depends(limited("login"))],
)
def log_in(
    attempt: Annotated[LogIn, Depends(json_or_form(LogIn))],
    accounts: TheAccounts,
    codes: TheCodes,
    limits: TheLimits,
    welcome: TheWelcome,
    request: Request,
    response: Response,
    locale: Locale,
) -> AccessToken | JSONResponse:
    """Exchange a name and a password for an access token. JSON or form.

    An account with a phone needs a code, too: the first call sends it and answers 202 with a `challenge_id`; call
    again with the same fields, `challenge_id` and `otp`.
    """
    user = _known(attempt.identifier, attempt.password.get_secret_value(), accounts, limits, request)
    if user.phone is not None:
        if attempt.otp is None or attempt.challenge_id is None:
            return challenge_issued(codes.send(Reason.LOGIN, user, locale=locale))
        challenge = codes.solve(attempt.challenge_id, attempt.otp.get_secret_value(), reason=Reason.LOGIN)
        if challenge.user_id != user.id:
            raise WrongCode
    return welcome.sign_in(user, request, response)


@router.post("/auth/token", responses=problems(NotKnown, Invalid, TooMany), dependencies=[Depends(limited("login"))])
def issue_token(
    username: Annotated[str, Form(min_length=1, max_length=254)],
    password: Annotated[str, Form(min_length=1, max_length=256)],
    accounts: TheAccounts,
    limits: TheLimits,
    welcome: TheWelcome,
    request: Request,
    response: Response,
) -> AccessToken:
    """Log in by OAuth2's password form (RFC 6749, 4.3): what **Authorize** on this page uses.

    It knows no second step: an account with a phone signs in by `/v1/auth/login`, or shows an API key.
    """
    user = _known(username, password, accounts, limits, request)
    if user.phone is not None:
        raise NotKnown("This account signs in with a code: use /v1/auth/login, or an API key.", code="code-needed")
    return welcome.sign_in(user, request, response)


@router.post(
    "/auth/refresh",
    responses=problems(NotKnown, Refused, Invalid, TooMany),
    dependencies=[Depends(limited_as_account)],
)
def refresh_session(
    sessions: TheSessions,
    welcome: TheWelcome,
    registrations: TheRegistrations,
    request: Request,
    response: Response,
    body: Refresh | None = None,
) -> AccessToken:
    """Exchange the refresh token for the next one and a new access token.

    Programs send it in the body. For a browser its cookie does, together with `X-CSRF-Token`. Each token works once;
    asked again within half a minute (two tabs, a lost answer), it gives the same successor, and later it ends the
    session, since somebody has a copy.
    """
    token = _shown_token(body, request, sessions, registrations.web_origin)
    return welcome.go_on(sessions.refresh(token), request, response)


@router.post(
    "/auth/logout",
    status_code=204,
    response_class=Response,
    responses=problems(NotKnown, Refused, Conflict, Invalid, TooMany),
)
def log_out(
    caller: PerhapsAuthenticated,
    sessions: TheSessions,
    registrations: TheRegistrations,
    request: Request,
    response: Response,
    body: Refresh | None = None,
) -> None:
    """End the session of the access token, of the refresh token in the body, or of the cookie.

    All its tokens end with it, at once.
    """
    if caller is None:
        session = sessions.of_token(_shown_token(body, request, sessions, registrations.web_origin))
        sessions.end(session.id, user_id=session.user_id)
    elif caller.session_id is None:
        raise Conflict("An API key has no session; revoke the key instead.", code="no-session")
    else:
        sessions.end(caller.session_id, user_id=caller.user_id)
    sign_out(request, response)


def _known(identifier: str, password: str, accounts: TheAccounts, limits: TheLimits, request: Request) -> User:
    looked_up = accounts.look_up(identifier)
    limit_guesses(limits, request, looked_up.counted_as)
    return user_by_password(accounts, looked_up.standing, password)


def _shown_token(body: Refresh | None, request: Request, sessions: Sessions, web_origin: str) -> str:
    if body is not None and body.refresh_token:
        return body.refresh_token
    token = refresh_token_of(request)
    if token is None:
        raise NotKnown("There is neither a refresh token nor its cookie.", code="missing-credential")
    refuse_forgeries(request, sessions.of_token(token), sessions, web_origin=web_origin)
    return token
