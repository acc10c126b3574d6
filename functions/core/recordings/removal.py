"""Removes recordings: everything that is theirs, everywhere, and the recording itself last."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.media import Media, results_of, source_key, sources_of
from functions.core.recordings.model import Recording
from functions.core.recordings.store import Recordings
from functions.core.table import Changed

PAGE: Final = 100


class Belongings(Protocol):
    """What somebody keeps for recordings elsewhere than in them."""

    def remove_of(self, recording: Recording) -> None:
        """Remove what is kept for a recording, if anything is; it may be asked again."""
        ...


class Estate(Protocol):
    """What somebody keeps for owners, with recordings or without."""

    def forget_owner(self, owner_id: str) -> None:
        """Remove what is kept for an owner, if anything is; it may be asked again."""
        ...


class Removal:
    """Removes recordings that are deleted, and all that somebody has.

    It may be interrupted anywhere and begin again: whatever others are found by goes after them. Lists are read from
    an index that is a moment late, so the first page is read again until it is empty, and what decides is read afresh.

    Not looked for: that a request with an Idempotency-Key made it is forgotten after a day by itself.
    """

    def __init__(
        self,
        *,
        recordings: Recordings,
        jobs: Jobs,
        media: Media,
        belongings: Sequence[Belongings] = (),
        estates: Sequence[Estate] = (),
    ) -> None:
        self._recordings = recordings
        self._jobs = jobs
        self._media = media
        self._belongings = belongings
        self._estates = estates

    def remove(self, recording_id: str) -> bool:
        """Remove a deleted recording and everything that is its; returns whether there was one."""
        is_removed = self._remove(recording_id, self._recordings.find_deleted)
        log.info("recording removed" if is_removed else "no such recording is deleted", recording_id=recording_id)
        return is_removed

    def remove_all_of(self, owner_id: str) -> None:
        """Remove all recordings and jobs that somebody has, deleted or not, and what is kept for them."""
        while recordings := self._recordings.of_owner(owner_id, before=None, limit=PAGE):
            for recording in recordings:
                self._remove(recording.id, self._recordings.find_anyhow)
        for recording in self._recordings.deleted(owner_id=owner_id):
            self._remove(recording.id, self._recordings.find_anyhow)
        while jobs := self._jobs.of_owner(owner_id, before=None, limit=PAGE):
            for job in jobs:
                self._remove_job(job.id)
        # After the recordings: an upload that comes now finds none, and is removed by whoever takes it in.
        self._media.remove_all(sources_of(owner_id))
        for estate in self._estates:
            estate.forget_owner(owner_id)
        self._recordings.erase_repeats_of(owner_id)

    def _remove(self, recording_id: str, find: Callable[[str], Recording | None]) -> bool:
        is_found = False
        while (recording := find(recording_id)) is not None:
            is_found = True
            for job_id in recording.job_ids:
                self._remove_job(job_id)
            source = source_key(recording)
            if recording.upload_id is not None:
                self._media.abort_parts(source, recording.upload_id)
            self._media.remove_all(source.removesuffix("source"))
            for belongings in self._belongings:
                belongings.remove_of(recording)
            # If it has got jobs meanwhile: once more.
            with suppress(Changed):
                self._recordings.erase(recording)
        return is_found

    def _remove_job(self, job_id: str) -> None:
        while (job := self._jobs.find(job_id)) is not None:
            # First, for without the job nobody would find them. If a worker has written meanwhile: once more. What it
            # writes later it removes itself, when it learns that the job is gone.
            self._media.remove_all(results_of(job.id))
            with suppress(Changed):
                self._jobs.erase(job)
