"""Makes the index say what is so: of a recording its newest transcript, corrected, or nothing.

What is so stands in the recording and its jobs. They are read after the manifest, and the index is changed only while
both are as they were read. So events may come twice, late, in any order and at once; the last one leaves it right.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from functions.core.errors import NotFound
from functions.core.jobs.model import Kind, newest_result
from functions.core.jobs.results import transcript_from_json
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.correcting import transcript_key
from functions.core.recordings.media import Media
from functions.core.recordings.model import Recording
from functions.core.recordings.store import Recordings
from functions.core.search.building import Built, build
from functions.core.search.index import SearchIndex
from functions.core.search.manifest import Entry, Manifest, moment_of
from functions.core.search.shelf import TRIES, Draft, Pause, pause, too_busy
from functions.core.table import Changed, Unchanged

INDEXING: Final = 1
"""Raised when the same words get other terms: what is indexed by then is indexed anew with its next change."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be indexed of a recording."""

    recording: Recording
    key: str
    """Where its transcript lies. What lies there never changes: another transcript has another key."""

    @property
    def fingerprint(self) -> str:
        """By what it is known whether it is indexed."""
        return hashlib.sha256(f"{INDEXING}\n{self.key}".encode()).hexdigest()[:16]

    def entry(self, words: int) -> Entry:
        """Return its entry in a manifest."""
        return Entry(
            recording_id=self.recording.id,
            fingerprint=self.fingerprint,
            words=words,
            at=moment_of(self.recording),
            location_id=self.recording.location_id,
        )


class Reconciler:
    """Brings the index up to the recordings."""

    def __init__(
        self, *, index: SearchIndex, recordings: Recordings, jobs: Jobs, media: Media, wait: Pause = pause
    ) -> None:
        self._index = index
        self._recordings = recordings
        self._jobs = jobs
        self._media = media
        self._wait = wait

    def reconcile(self, owner_id: str, recording_id: str, *, may_merge: Callable[[], bool] = lambda: True) -> None:
        """Let the index say of a recording what is so, then leave it in good order.

        `may_merge` says whether there is time to merge packs, which can wait.

        Raises:
            Conflict: other writers won every race.
        """
        if self._settle(owner_id, recording_id):
            self._index.tend(owner_id, may_merge=may_merge)

    def _settle(self, owner_id: str, recording_id: str) -> bool:
        """Return whether the recording is there."""
        attempt = _Attempt(self._index, self._media)
        try:
            for lost in range(TRIES):
                manifest = self._index.read(owner_id)
                recording = self._recordings.find(recording_id)
                if recording is None:
                    self._index.remove(owner_id, recording_id)
                    return False
                try:
                    if attempt.settle(manifest, recording, self._said(recording)):
                        return True
                except (Changed, NotFound):
                    # NotFound: the transcript that was corrected is corrected once more.
                    self._wait(lost)
        finally:
            attempt.end()
        raise too_busy()

    def _said(self, recording: Recording) -> Said | None:
        job = newest_result(self._jobs.get_many(recording.job_ids), Kind.TRANSCRIBE)
        key = transcript_key(recording, job) if job else None
        return None if key is None else Said(recording, key)


class _Attempt:
    """One recording on its way into the index, with what was made for it until a race is won."""

    def __init__(self, index: SearchIndex, media: Media) -> None:
        self._index = index
        self._media = media
        self._built: tuple[str, Built] | None = None
        self._draft: tuple[str, Draft] | None = None

    def settle(self, manifest: Manifest, recording: Recording, said: Said | None) -> bool:
        """Do the next step; returns whether it was the last one.

        Raises:
            Changed: something is not as it was read.
            NotFound: the transcript is not there any more.
        """
        as_read = Unchanged(f"RECORDING#{recording.id}", recording.version)
        if said is None:
            self._index.hide(manifest, recording.id, while_=as_read)
            return True
        indexed = manifest.entry_of(recording.id)
        if indexed is not None and indexed.fingerprint == said.fingerprint:
            entry = said.entry(indexed.words)
            if entry != indexed:
                self._index.describe(manifest, entry, while_=as_read)
            return True
        built = self._build(said)
        if not built.words:
            self._index.hide(manifest, recording.id, while_=as_read)
            return True
        return self._add(manifest, said, built, as_read)

    def end(self) -> None:
        """Leave nothing that was not taken in."""
        if self._draft is not None:
            draft, self._draft = self._draft[1], None
            self._index.discard(draft)

    def _add(self, manifest: Manifest, said: Said, built: Built, as_read: Unchanged) -> bool:
        entry = said.entry(built.words)
        if self._draft is None or self._draft[0] != said.fingerprint or not self._draft[1].is_noted_in(manifest.root):
            self.end()
            draft = self._index.draft(said.recording.owner_id, built.pack, entry)
            self._draft = (said.fingerprint, draft)
            if draft.root.version != manifest.root.version + 1:
                # Others have written meanwhile.
                return False
            manifest = replace(manifest, root=draft.root)
        self._index.take_in(self._draft[1], manifest, entry, while_=as_read)
        self._draft = None
        log.info("transcript indexed", recording_id=said.recording.id, words=built.words)
        return True

    def _build(self, said: Said) -> Built:
        if self._built is None or self._built[0] != said.fingerprint:
            self._built = (said.fingerprint, build(transcript_from_json(self._media.read(said.key))))
        return self._built[1]
