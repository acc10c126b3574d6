"""Statistics as the API tells them; `raw` keeps the whole JSON, as in `parley.answers`."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from parley.transport import Transport, understanding


@dataclass(frozen=True, slots=True)
class Counts:
    """What some recordings come to; `of` says which: a day, a location or a person; None: no location."""

    of: str | None
    recordings: int
    hours: float
    words: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What the recordings of some days come to."""

    first: date
    last: date
    total: Counts
    transcribed: int
    size: int
    speed: float | None
    """Seconds of sound for each second of listening."""
    days: tuple[Counts, ...]
    locations: tuple[Counts, ...]
    sellers: tuple[Counts, ...]
    """The largest ones, where everybody's were asked for."""
    all_sellers: int
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose statistics are wanted, and of which days."""

    everybody: bool = False
    first: date | None = None
    last: date | None = None
    location_id: str | None = None

    def as_query(self) -> dict[str, str]:
        """Return it as the server takes it."""
        said = {"from": self.first, "to": self.last, "location_id": self.location_id}
        scope = {"scope": "all"} if self.everybody else {}
        return scope | {name: str(value) for name, value in said.items() if value is not None}


class StatsCalls(Transport):
    """What can be asked about all recordings together."""

    def stats(self, asked: Asked) -> Stats:
        """Return what they add up to."""
        response = self._ask("GET", "/v1/recordings/stats", params=asked.as_query())
        with understanding(response):
            return _read(response.json())


def _read(data: dict[str, Any]) -> Stats:
    totals = data["totals"]
    return Stats(
        first=date.fromisoformat(data["from"]),
        last=date.fromisoformat(data["to"]),
        total=_counts(totals, None),
        transcribed=totals["transcribed"],
        size=totals["bytes"],
        speed=totals["realtime_factor"],
        days=tuple(_counts(one, one["day"]) for one in data["by_day"]),
        locations=tuple(_counts(one, one["location_id"]) for one in data["by_location"]),
        sellers=tuple(_counts(one, one["owner_id"]) for one in data.get("by_seller") or ()),
        all_sellers=data.get("sellers") or 0,
        raw=data,
    )


def _counts(data: dict[str, Any], of: str | None) -> Counts:
    return Counts(of=of, recordings=int(data["recordings"]), hours=float(data["hours"]), words=int(data["words"]))
