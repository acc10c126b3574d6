"""Limits in memory. `tests/contracts/test_limiter.py` holds them and DynamoDB to the same tests."""

import threading
from collections import defaultdict
from datetime import datetime

from functions.core.limits.model import Limit, Verdict


class FakeLimiter:
    def __init__(self) -> None:
        self.calls: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._full_at: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def take(self, limit: Limit, key: str, *, now: datetime) -> Verdict:
        with self._lock:
            at = now.timestamp()
            return (
                self._exact(limit, (limit.name, key), at)
                if limit.is_exact
                else self._rate(limit, (limit.name, key), at)
            )

    def _exact(self, limit: Limit, name: tuple[str, str], now: float) -> Verdict:
        last = self.calls[name]
        recent = [at for at in last if at > now - limit.seconds]
        if len(recent) >= limit.calls:
            after = recent[-limit.calls] + limit.seconds - now
            return Verdict(limit=limit, is_allowed=False, remaining=0, resets_after=after)
        # Kept even if this clock finds them old: the next one may be slower.
        newest = max([now, *last])
        self.calls[name] = [*last, newest][-limit.calls :]
        remaining = limit.calls - len(recent) - 1
        return Verdict(limit=limit, is_allowed=True, remaining=remaining, resets_after=newest + limit.seconds - now)

    def _rate(self, limit: Limit, name: tuple[str, str], now: float) -> Verdict:
        step = limit.seconds / limit.calls
        arrival = max(self._full_at.get(name, now), now) + step
        if arrival - now > step * limit.calls + 1e-6:
            after = arrival - now - step * limit.calls
            return Verdict(limit=limit, is_allowed=False, remaining=0, resets_after=after)
        self._full_at[name] = arrival
        remaining = int((step * limit.calls - (arrival - now)) / step + 1e-6)
        return Verdict(limit=limit, is_allowed=True, remaining=remaining, resets_after=arrival - now)
