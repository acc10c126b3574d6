"""What a browser needs to stay signed in: a refresh cookie that no script can read, and proof that our page asks.

The cookie goes nowhere but `/v1/auth`, and only with requests of our own site; on top of that, wherever it stands for
somebody, the CSRF token must be shown (bound to the session, in a cookie and in a header) and the page's origin be
ours. https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import hmac
from typing import Final

from fastapi import Request, Response

from functions.core.accounts.sessions import LIFE, Session, Sessions
from functions.core.errors import Refused

_PATH: Final = "/v1/auth"
_MAX_AGE: Final = int(LIFE.total_seconds())


def is_browser(request: Request) -> bool:
    """Tell whether a page asks. Every browser says so by itself, and no script can take that away.

    https://fetch.spec.whatwg.org/#origin-header
    """
    return "origin" in request.headers or "sec-fetch-site" in request.headers


def keep_signed_in(request: Request, response: Response, *, refresh_token: str, csrf_token: str) -> None:
    """Set both cookies."""
    is_secure = request.url.scheme == "https"
    response.set_cookie(
        _refresh_cookie(request),
        refresh_token,
        max_age=_MAX_AGE,
        path=_PATH,
        secure=is_secure,
        httponly=True,
        samesite="strict",
    )
    # Read by our page, to be shown in a header.
    response.set_cookie(
        _csrf_cookie(request), csrf_token, max_age=_MAX_AGE, path="/", secure=is_secure, samesite="strict"
    )


def sign_out(request: Request, response: Response) -> None:
    """Remove both cookies."""
    is_secure = request.url.scheme == "https"
    response.delete_cookie(_refresh_cookie(request), path=_PATH, secure=is_secure, httponly=True, samesite="strict")
    response.delete_cookie(_csrf_cookie(request), path="/", secure=is_secure, samesite="strict")


def refresh_token_of(request: Request) -> str | None:
    """Return the refresh token in the cookie, or None."""
    return request.cookies.get(_refresh_cookie(request))


def refuse_forgeries(request: Request, session: Session, sessions: Sessions, *, web_origin: str) -> None:
    """Go on only if our own page asks with the cookie of this session; raises Refused."""
    shown = request.headers.get("x-csrf-token", "")
    kept = request.cookies.get(_csrf_cookie(request), "")
    is_shown = hmac.compare_digest(shown.encode(), kept.encode()) and sessions.is_csrf_token(shown, session)
    if not is_shown:
        raise Refused("The header X-CSRF-Token must hold the csrf_token of this session.", code="csrf-token-missing")
    own_origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_ours = origin is None or origin in {own_origin, web_origin}
    if site not in {None, "same-origin", "none"} and not (origin is not None and origin == web_origin):
        is_ours = False
    if not is_ours:
        raise Refused("This page may not use the session.", code="foreign-origin")


def _refresh_cookie(request: Request) -> str:
    return _named(request, "__Secure-", "parley_refresh")


def _csrf_cookie(request: Request) -> str:
    return _named(request, "__Host-", "parley_csrf")


def _named(request: Request, prefix: str, name: str) -> str:
    # Browsers take these prefixes over TLS only; a laptop has none.
    return f"{prefix}{name}" if request.url.scheme == "https" else name
