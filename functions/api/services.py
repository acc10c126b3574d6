"""What routes may ask for. A door puts in what its role allows; tests put in the same things over fakes."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar, cast

from fastapi import Request

Service = TypeVar("Service")


class Services:
    """Things by their type."""

    def __init__(self, things: Mapping[type, object]) -> None:
        self._things = dict(things)

    def get(self, kind: type[Service]) -> Service:
        """Return the one thing of a type."""
        return cast("Service", self._things[kind])


def service(kind: type[Service]) -> Callable[[Request], Awaitable[Service]]:
    """Return a FastAPI dependency that finds the thing of a type."""

    async def find(request: Request) -> Service:
        return cast("Services", request.app.state.services).get(kind)

    return find
