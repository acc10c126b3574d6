"""Answers questions about what was said in somebody's recordings.

Three calls to the table: the root, its packs, and the recordings that are shown. And about three times as long as the
bucket takes for one read, however many it does: packs' contents, the blocks of what is asked for, the texts shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.core.clock import Clock
from functions.core.errors import NotFound, Unavailable
from functions.core.recordings.model import Recording
from functions.core.recordings.store import Recordings
from functions.core.search.manifest import Entry, Manifests
from functions.core.search.query import Query
from functions.core.search.ranking import Candidate, Searched, rank_at, ranked
from functions.core.search.reading import PackReader
from functions.core.search.texts import Match, matches

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is searched for, and in which recordings; what is None does not matter."""

    query: Query
    since: float | None = None
    before: float | None = None
    """Seconds since 1970."""
    location_id: str | None = None

    def allows(self, entry: Entry) -> bool:
        """Tell whether a recording is searched."""
        return (
            (self.since is None or entry.at >= self.since)
            and (self.before is None or entry.at < self.before)
            and (self.location_id is None or entry.location_id == self.location_id)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of the answer is wanted."""

    after: str | None = None
    """The position of the last one that was shown."""
    limit: int
    per_recording: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A recording in which something was found, and the best places."""

    recording: Recording
    score: float
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Part of what was found, the best first; in how many recordings it was; and where to go on."""

    hits: list[Hit]
    total: int
    following: str | None


class Search:
    """Finds what was said."""

    def __init__(self, manifests: Manifests, reader: PackReader, recordings: Recordings, *, clock: Clock) -> None:
        self._manifests = manifests
        self._reader = reader
        self._recordings = recordings
        self._clock = clock

    def find(self, owner_id: str, wanted: Wanted, page: Page) -> Answer:
        """Find recordings of somebody.

        Raises:
            Unavailable: the index is being changed faster than it can be read.
        """
        for _ in range(_TRIES):
            try:
                return self._find(owner_id, wanted, page)
            except NotFound:
                # A pack was merged into another one since the manifest was read.
                continue
        raise Unavailable("The index is being changed by many at once; try again.", code="busy")

    def _find(self, owner_id: str, wanted: Wanted, page: Page) -> Answer:
        candidates = self._candidates(owner_id, wanted)
        behind = candidates
        if page.after is not None:
            last = rank_at(page.after)
            behind = [one for one in candidates if one.rank < last]
        chosen = behind[: page.limit]
        hits = self._hits(owner_id, wanted.query, chosen, page.per_recording)
        following = chosen[-1].position if len(behind) > page.limit else None
        return Answer(hits, len(candidates) - len(chosen) + len(hits), following)

    def _candidates(self, owner_id: str, wanted: Wanted) -> list[Candidate]:
        packs = self._manifests.read(owner_id).packs
        entries = [{i: one for i, one in enumerate(pack.entries) if one and wanted.allows(one)} for pack in packs]
        searched = [pack for pack, allowed in zip(packs, entries, strict=True) if allowed]
        if not searched:
            return []
        places = self._reader.places(searched, wanted.query.terms)
        return ranked(
            wanted.query, [Searched(*one) for one in zip(searched, filter(None, entries), places, strict=True)]
        )

    def _hits(self, owner_id: str, query: Query, chosen: Sequence[Candidate], most: int) -> list[Hit]:
        # They say how they are called, and whether they are still there.
        found = {one.id: one for one in self._recordings.get_many([one.entry.recording_id for one in chosen])}
        there = [one for one in chosen if self._is_there(found.get(one.entry.recording_id), owner_id)]
        said = self._reader.side_by_side(lambda one: matches(one, query, self._reader, most=most), there)
        return [Hit(found[one.entry.recording_id], one.score, ones) for one, ones in zip(there, said, strict=True)]

    def _is_there(self, recording: Recording | None, owner_id: str) -> bool:
        return recording is not None and recording.owner_id == owner_id and recording.is_there(self._clock())
