"""Recordings with transcripts, their index, and a search that has no index to be compared with."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from functions.core.clock import Clock
from functions.core.ids import new_id
from functions.core.jobs.model import Status
from functions.core.jobs.results import Segment, Transcript, transcript_to_json
from functions.core.jobs.store import Jobs
from functions.core.recordings.media import Media, result_key
from functions.core.recordings.model import Recording
from functions.core.recordings.store import Recordings
from functions.core.search.index import SearchIndex
from functions.core.search.manifest import Manifest, Manifests
from functions.core.search.matching import WINDOW
from functions.core.search.query import parse
from functions.core.search.reading import PackReader
from functions.core.search.reconciling import Reconciler
from functions.core.search.search import Answer, Page, Search, Wanted
from functions.core.search.shelf import STALE
from functions.core.search.tiers import Tiers
from functions.core.search.words import spans, term
from functions.core.table import Table
from tests.builders import a_job, a_recording
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.table import FakeTable

SMALL = Tiers(fan=3, smallest=60)
"""So that short histories merge through several tiers."""


@dataclass
class Library:
    table: Table = field(default_factory=FakeTable)
    media: Media = field(default_factory=FakeMedia)
    clock: Clock = field(default_factory=FakeClock)
    tiers: Tiers = SMALL

    def __post_init__(self) -> None:
        self.owner = new_id("user")
        self.recordings = Recordings(self.table, clock=self.clock)
        self.jobs = Jobs(self.table, clock=self.clock)
        self.said: dict[str, tuple[str, ...]] = {}
        """What is so: the texts of each recording's segments."""
        self.index = SearchIndex(self.table, self.media, clock=self.clock, tiers=self.tiers, wait=lambda _: None)
        self.reconciler = Reconciler(
            index=self.index, recordings=self.recordings, jobs=self.jobs, media=self.media, wait=lambda _: None
        )
        self.search = Search(
            Manifests(self.table), PackReader(self.media, threads=2), self.recordings, clock=self.clock
        )

    def begin(self) -> None:
        """Begin anew, for somebody who has nothing yet."""
        self.owner = new_id("user")
        self.said = {}

    def manifest(self) -> Manifest:
        return self.index.read(self.owner)

    def add(self, *texts: str, **changes: object) -> Recording:
        """Add a recording with a transcript, and index it."""
        recording = self.recordings.add(a_recording(owner_id=self.owner, **changes))
        self.say(recording.id, *texts)
        self.reconcile(recording.id)
        return self.recordings.get(recording.id)

    def say(self, recording_id: str, *texts: str, **changes: str) -> None:
        """Give a recording a newer transcript; nobody tells the index."""
        key = result_key(new_id("job"), 1, "transcript.json")
        self.media.write(key, transcript_to_json(a_conversation(texts, **changes)), content_type="application/json")
        job = a_job(owner_id=self.owner, recording_id=recording_id, status=Status.SUCCEEDED, result_key=key)
        recording = self.recordings.change(self.recordings.get(recording_id), lambda fresh: fresh.wanting(job.id))
        self.table.write(self.jobs.put(job))
        self.said[recording.id] = texts

    def move(self, recording_id: str, **changes: object) -> None:
        self.recordings.change(self.recordings.get(recording_id), lambda fresh: replace(fresh, **changes))  # type: ignore[arg-type]

    def delete(self, recording_id: str) -> Recording:
        """Delete a recording; nobody tells the index."""
        deleted = self.recordings.delete(self.recordings.get(recording_id))
        self.said.pop(recording_id, None)
        return deleted

    def reconcile(self, recording_id: str) -> None:
        self.reconciler.reconcile(self.owner, recording_id)

    def find(self, text: str, *, limit: int = 100, per_recording: int = 1000, **filters: object) -> Answer:
        wanted = Wanted(query=parse(text), **filters)  # type: ignore[arg-type]
        return self.search.find(self.owner, wanted, Page(limit=limit, per_recording=per_recording))

    def check(self, text: str) -> None:
        """Hold an answer against the texts themselves."""
        answer = self.find(text)

        found = {hit.recording.id: {match.segment for match in hit.matches} for hit in answer.hits}
        assert found == searched_through(self.said, text)
        assert answer.total == len(found)
        terms = parse(text).terms
        for hit in answer.hits:
            for match in hit.matches:
                assert match.text == self.said[hit.recording.id][match.segment]
                assert match.highlights
                assert all(term(match.text[low:high], "en") in terms for low, high in match.highlights)

    def clean_up_later(self) -> None:
        """What somebody may still have been writing is waited for; then anything that happens removes it."""
        assert isinstance(self.clock, FakeClock)
        self.clock.pass_time(STALE)
        self.index.tend(self.owner, may_merge=lambda: False)

    def check_bucket(self) -> None:
        """Nothing lies there that the index does not name, and all of what it names."""
        assert isinstance(self.media, FakeMedia)
        kept = {key for key in self.media.kept if key.startswith(f"search/{self.owner}/")}
        assert kept == {pack.key for pack in self.manifest().packs} == {k for k in self.media.objects if k in kept}
        assert isinstance(self.table, FakeTable)
        documents = {pk for pk in self.table.documents if pk.startswith(f"PACK#{self.owner}#")}
        assert documents == {f"PACK#{pack.id}" for pack in self.manifest().packs}
        root = self.manifest().root
        assert (root.making, root.waste) == ({}, {})


def a_conversation(texts: Iterable[str], *, language: str = "ru", task: str = "transcribe") -> Transcript:
    segments = tuple(
        Segment(id=number, start=number * 2.0, end=number * 2.0 + 1.5, text=text, speaker=f"S{number % 2}")
        for number, text in enumerate(texts)
    )
    return Transcript(language=language, language_probability=1, duration=0, segments=segments, model="demo", task=task)


def searched_through(said: dict[str, tuple[str, ...]], text: str) -> dict[str, set[int]]:
    """Search without an index: which segments of which recordings hold the rarest clause, near all others."""
    found: dict[str, set[int]] = {}
    clauses = parse(text).clauses
    for recording_id, texts in said.items():
        words = [(term(one[low:high], "en"), number) for number, one in enumerate(texts) for low, high in spans(one)]
        where = [
            [
                at
                for at in range(len(words) - len(clause) + 1)
                if all(words[at + i][0] in alternatives for i, alternatives in enumerate(clause))
            ]
            for clause in clauses
        ]
        if all(where):
            rarest = min(where, key=len)
            near = [at for at in rarest if all(min(abs(at - other) for other in one) <= WINDOW for one in where)]
            if near:
                found[recording_id] = {words[at][1] for at in near}
    return found
