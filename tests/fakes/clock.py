"""A clock that stands still until told otherwise."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    def __init__(self) -> None:
        self._now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self._now

    def pass_time(self, time: timedelta) -> None:
        self._now += time
