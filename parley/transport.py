"""How the API is asked, whatever for. Whatever goes wrong comes out as a `Failure` that a person can read."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from parley.errors import Failure, NotSignedIn, Problem, Unreachable
from parley.retries import send_patiently, why

PAUSES: Final = (0.5, 1.0)
PAGE: Final = 100
TIMEOUT: Final = httpx.Timeout(30, connect=10)

Thing = TypeVar("Thing")


class Transport:
    """One server, asked with one credential (or none)."""

    def __init__(
        self, server: str, secret: str | None, *, sleep: Callable[[float], None], how_to_sign_in: str = "parley login"
    ) -> None:
        self.server = server
        self._sleep = sleep
        self._how_to_sign_in = how_to_sign_in
        self._http = httpx.Client(
            timeout=TIMEOUT,
            headers={"User-Agent": "parley-cli", "Accept": "application/json, */*;q=0.1"}
            | ({"Authorization": f"Bearer {secret}"} if secret else {}),
            # A login sets cookies for browsers; sent along with a key they would only bring in the CSRF check.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            trust_env=use_proxies(server),
        )

    def __enter__(self) -> Self:
        """Keep connections until the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them."""
        self._http.close()

    def _ask(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        signed_in: bool = True,
        may_redirect: bool = False,
    ) -> httpx.Response:
        # A POST is only sent again under an Idempotency-Key: the first one may have done its work unheard.
        repeatable = method != "POST" or headers is not None
        try:
            response = send_patiently(
                lambda: self._http.request(method, self.server + path, json=json, params=params, headers=headers),
                pauses=PAUSES if repeatable else (),
                sleep=self._sleep,
            )
        except httpx.TransportError as error:
            raise Unreachable(f"Cannot reach {self.server}: {why(error)}. Is --server right?") from error
        except httpx.HTTPError as error:
            raise Failure(f"{self.server} sent an answer that cannot be read: {error}") from error
        if response.is_success or (may_redirect and response.status_code == 307):
            return response
        if response.is_redirect:
            target = response.headers.get("Location", "another address")
            raise Failure(f"{self.server} points to {target}: use that as --server.")
        problem = _problem(response)
        if response.status_code == 401 and signed_in:
            raise NotSignedIn(f"{problem} Sign in with: {self._how_to_sign_in}") from problem
        raise problem

    def _fetch(self, path: str, *, params: dict[str, str] | None = None) -> httpx.Response:
        """GET what may be too large for an answer: then the server names a signed address in its storage.

        That address gets no credential of ours.
        """
        response = self._ask("GET", path, params=params, may_redirect=True)
        if not response.is_redirect:
            return response
        address = str(response.next_request.url) if response.next_request else ""
        try:
            stored = httpx.get(address, timeout=TIMEOUT, trust_env=use_proxies(address))
        except httpx.TransportError as error:
            raise Unreachable(f"Cannot reach the server's storage: {why(error)}.") from error
        if not stored.is_success:
            raise Failure(f"The server's storage answered {stored.status_code}. Try again.")
        return stored

    def _list(
        self,
        path: str,
        read: Callable[[dict[str, Any]], Thing],
        *,
        limit: int | None = None,
        params: dict[str, str] | None = None,
    ) -> tuple[list[Thing], str | None]:
        """Return the first `limit` things of a list (or all), page by page, and the cursor behind them."""
        found: list[Thing] = []
        cursor: str | None = None
        while True:
            size = PAGE if limit is None else min(PAGE, limit - len(found))
            asked = (params or {}) | {"limit": str(size)} | ({"cursor": cursor} if cursor else {})
            response = self._ask("GET", path, params=asked)
            with understanding(response):
                data = response.json()
                found += [read(item) for item in data["items"]]
                cursor = data["next_cursor"]
            if cursor is None or (limit is not None and len(found) >= limit):
                return found[:limit], cursor


def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine."""
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def use_proxies(url: str) -> bool:
    """Tell whether the environment's proxies may be asked: none leads back to this machine."""
    return not is_loopback(url)


def once() -> dict[str, str]:
    """Return the header that lets a POST be sent again."""
    return {"Idempotency-Key": str(uuid.uuid4())}


def segment(text: str) -> str:
    """Write something as one segment of a path; raises Failure where a path would mean another thing by it."""
    if text in {"", ".", ".."}:
        # Clients and servers fold these away: `/recordings/x/shares/..` would be the recording.
        raise Failure(f"{text!r} is no id.")
    return quote(text, safe="")


@contextmanager
def understanding(response: httpx.Response) -> Iterator[None]:
    """Turn an answer of another shape (a proxy's login page, a much newer server) into a sentence."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        request = response.request
        raise Failure(
            f"The answer to {request.method} {request.url.path} is not what Parley answers. Is --server right?"
        ) from error


def _problem(response: httpx.Response) -> Problem:
    """Read problem+json, and be content with less: gateways in front of the API have errors of their own."""
    try:
        data = response.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        data = {}
    detail = data.get("detail") or data.get("title") or data.get("message")
    if not isinstance(detail, str):
        detail = f"The server answered {response.status_code} {response.reason_phrase}".rstrip() + "."
    wait = response.headers.get("Retry-After") if response.status_code == 429 else None
    if wait and "try again in" not in detail.lower():
        detail += f" Try again in {wait} s."
    return Problem(
        detail,
        status=response.status_code,
        code=str(data.get("code") or f"http-{response.status_code}"),
        request_id=data.get("request_id") or response.headers.get("X-Request-Id"),
        fields=tuple(_field_errors(data.get("errors"))),
    )


def _field_errors(errors: object) -> Iterator[str]:
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            where = error.get("pointer") or error.get("field") or error.get("loc") or ""
            what = error.get("detail") or error.get("message") or error.get("msg") or ""
            where = ".".join(map(str, where)) if isinstance(where, list) else str(where)
            yield f"{where}: {what};" if where else f"{what};"
