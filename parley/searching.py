"""What was said where, as the server found it; `raw` keeps the whole JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parley.transport import Transport, understanding


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch of speech; `highlights` say where in its text that stands what was asked for."""

    start: float
    text: str
    speaker: str | None
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A recording in which it was said."""

    recording_id: str
    title: str
    recorded_at: datetime
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The best answers, and in how many recordings it was said."""

    hits: tuple[Hit, ...]
    total: int
    raw: dict[str, Any]


class SearchCalls(Transport):
    """Questions about what was said."""

    def search(self, text: str, *, limit: int, places: int, filters: Mapping[str, str]) -> Found:
        """Find recordings in which something was said, the best first, with at most so many `places` in each."""
        params = {"q": text, "limit": str(limit), "per_recording": str(places), **filters}
        response = self._ask("GET", "/v1/search", params=params)
        with understanding(response):
            data = response.json()
            return Found(tuple(map(_hit, data["items"])), data["total"], data)


def _hit(data: dict[str, Any]) -> Hit:
    return Hit(
        recording_id=data["recording_id"],
        title=data.get("title") or "",
        recorded_at=datetime.fromisoformat(data["recorded_at"]),
        matches=tuple(_match(match) for match in data["matches"]),
    )


def _match(data: dict[str, Any]) -> Match:
    highlights = tuple((start, end) for start, end in data.get("highlights") or ())
    return Match(data["start"], data["text"], data.get("speaker"), highlights)
