"""How often callers may call: counted per account or per address, said in headers, refused with a 429.

`RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers; `Retry-After` as in RFC 9110, 10.2.3.
"""

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Request

from functions.api.services import service
from functions.core.clock import Clock
from functions.core.errors import TooMany
from functions.core.limits.model import Limit, Limiter, Verdict

VERDICT: Final = "rate_limit"
"""Where a request's state keeps its tightest verdict, for the headers of the answer."""


@dataclass(frozen=True, slots=True)
class EdgeTrust:
    """What our CDN shows, so that it is believed about who called it. Empty: nobody is."""

    secret: str = field(repr=False)


class RateLimits:
    """Counts requests."""

    def __init__(
        self, limiter: Limiter, *, clock: Clock, edge: EdgeTrust, auth_calls_per_minute: int, requests_per_minute: int
    ) -> None:
        self._limiter = limiter
        self._clock = clock
        self._edge = edge
        self._auth_calls = auth_calls_per_minute
        self._requests = requests_per_minute

    def check_account(self, request: Request, account_id: str) -> None:
        """Count a call of an account; raises TooMany."""
        if self._requests:
            self._check(request, Limit(name="requests", calls=self._requests, seconds=60), account_id)

    def check_caller(self, request: Request) -> None:
        """Count a call of an address as one of an account, where nobody has said who they are; raises TooMany."""
        self.check_account(request, address_key(caller_address(request, self._edge)))

    def check_address(self, request: Request, route: str) -> None:
        """Count a call of a route where passwords or codes could be guessed; raises TooMany."""
        if self._auth_calls:
            limit = Limit(name=route, calls=self._auth_calls, seconds=60, is_exact=True)
            self._check(request, limit, address_key(caller_address(request, self._edge)))

    def check_exact(self, request: Request, name: str, key: str, *, calls: int, seconds: int) -> None:
        """Count one more thing where guessing is limited at all; raises TooMany."""
        if self._auth_calls:
            self._check(request, Limit(name=name, calls=calls, seconds=seconds, is_exact=True), key)

    def _check(self, request: Request, limit: Limit, key: str) -> None:
        verdict = self._limiter.take(limit, key, now=self._clock())
        remember(request, verdict)
        if not verdict.is_allowed:
            seconds = verdict.seconds_to_wait
            raise TooMany(f"Too many requests; try again in {seconds} s.", retry_after=seconds)


def limited(route: str) -> Callable[[Request, RateLimits], None]:
    """Return a dependency that counts calls of a route by address."""

    def count(request: Request, limits: Annotated[RateLimits, Depends(service(RateLimits))]) -> None:
        limits.check_address(request, route)

    return count


def limited_as_account(request: Request, limits: Annotated[RateLimits, Depends(service(RateLimits))]) -> None:
    """Count calls by address, as generously as those of an account."""
    limits.check_caller(request)


def remember(request: Request, verdict: Verdict) -> None:
    """Keep a verdict for the answer's headers, if it is the tightest one."""
    kept: Verdict | None = getattr(request.state, VERDICT, None)
    if kept is None or verdict.remaining < kept.remaining or not verdict.is_allowed:
        setattr(request.state, VERDICT, verdict)


def headers_of(verdict: Verdict) -> dict[str, str]:
    """Return what an answer says of its limit."""
    limit = verdict.limit
    return {
        "RateLimit-Policy": f'"{limit.name}";q={limit.calls};w={limit.seconds}',
        "RateLimit": f'"{limit.name}";r={verdict.remaining};t={verdict.seconds_to_wait}',
    } | ({} if verdict.is_allowed else {"Retry-After": str(verdict.seconds_to_wait)})


def caller_address(request: Request, edge: EdgeTrust) -> str:
    """Return the address of whoever calls.

    The gateway's word, unless our CDN stands in between: then the CDN's, which no client can set.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
    """
    shown = request.headers.get("x-edge-secret", "")
    viewer = request.headers.get("cloudfront-viewer-address", "")
    if edge.secret and viewer and hmac.compare_digest(shown.encode(), edge.secret.encode()):
        # The port is what follows the last colon, also of an IPv6 address.
        return viewer.rpartition(":")[0]
    return request.client.host if request.client is not None else ""


def address_key(address: str) -> str:
    """Return what an address counts as: whoever has an IPv6 address has all of its /64."""
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    # A socket for both kinds shows IPv4 as ::ffff:192.0.2.1, and all of it is one /64.
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
