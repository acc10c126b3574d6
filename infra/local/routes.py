"""Which route of the HTTP API serves a request: API Gateway takes the most specific one, whatever their order.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from infra.local.stack import Route

_VARIABLE: Final = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Match:
    """A route and what its variables are for a request."""

    route: Route
    parameters: Mapping[str, str]


class Routes:
    """All routes, the most specific first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route, _pattern(route.path)) for route in sorted(routes, key=_breadth)]

    def match(self, method: str, path: str) -> Match | None:
        """Find the route that serves a request."""
        for route, pattern in self._routes:
            if route.method in {"ANY", method} and (found := pattern.fullmatch(path)):
                return Match(route, found.groupdict())
        return None


def _breadth(route: Route) -> tuple[object, ...]:
    """Order routes: fixed segments before variables before the greedy rest, and one method before any."""
    if route.path == "$default":
        return (1,)
    segments = [_segment_breadth(segment) for segment in route.path.split("/")]
    return (0, segments, route.method == "ANY")


def _segment_breadth(segment: str) -> int:
    found = _VARIABLE.fullmatch(segment)
    if found is None:
        return 0
    return 2 if found[2] else 1


def _pattern(path: str) -> re.Pattern[str]:
    if path == "$default":
        return re.compile(".*", re.DOTALL)
    # The pieces alternate: text, name, "+" or "", text, ...
    text, *pieces = _VARIABLE.split(path)
    pattern = re.escape(text)
    for name, greedy, following in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        pattern += f"(?P<{name}>{'.+' if greedy else '[^/]+'}){re.escape(following)}"
    return re.compile(pattern, re.DOTALL)
