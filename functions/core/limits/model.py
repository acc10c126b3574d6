"""How often something may be done; pure."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

MOST_EXACT_CALLS: Final = 20
"""An exact limit keeps the time of each call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `calls` in any `seconds`, per key.

    Exact: no window of that length, wherever it begins, holds more calls. Otherwise a leaky bucket (GCRA): `calls` at
    once, then one every `seconds / calls`; cheaper for large numbers, and smooth.
    """

    name: str
    calls: int
    seconds: int
    is_exact: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be kept."""
        if self.calls < 1 or self.seconds < 1 or (self.is_exact and self.calls > MOST_EXACT_CALLS):
            raise ValueError(f"impossible limit {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a limiter says of one call."""

    limit: Limit
    is_allowed: bool
    remaining: int
    """Calls that would be allowed right after this one."""
    resets_after: float
    """Seconds until all `calls` are free again; if the call was refused, until the next one is allowed."""

    @property
    def seconds_to_wait(self) -> int:
        """Whole seconds until a refused call is allowed, or until all calls are free again; at least one."""
        return max(1, math.ceil(self.resets_after))


class Limiter(Protocol):
    """Counts calls, shared by all processes."""

    def take(self, limit: Limit, key: str, *, now: datetime) -> Verdict:
        """Count one call of `key` if it is allowed; in doubt, it is not."""
        ...
