"""Erases people: everything that is theirs, everywhere, and the account last."""

import json
from contextlib import suppress
from typing import Final, Protocol

from functions.core.accounts.event_messages import SOURCE
from functions.core.accounts.sessions import Sessions
from functions.core.accounts.store import Accounts
from functions.core.events import EventBus
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.media import Media, results_of, sources_of
from functions.core.recordings.store import Recordings
from functions.core.table import Changed

DETAIL_TYPE: Final = "Account leaving"
PAGE: Final = 100


class Leavers(Protocol):
    """Tells the house that an account is leaving, so that it is erased soon."""

    def announce(self, user_id: str) -> None:
        """Hand the account over; one that gets lost is found by the daily housekeeping."""
        ...


class EventBridgeLeavers:
    """The real one: EventBridge starts `functions.maintenance.erase`."""

    def __init__(self, *, installation: str = "") -> None:
        self._bus = EventBus(SOURCE, installation=installation)

    def announce(self, user_id: str) -> None:
        """Hand the account over; never fails, for the account is closed already and will be found."""
        failure = self._bus.put(DETAIL_TYPE, json.dumps({"user_id": user_id}))
        if failure is not None:
            log.error("a leaver could not be announced", user_id=user_id, code=failure)


class Erasure:
    """Erases accounts that are leaving.

    It may be interrupted anywhere and begin again: whatever others are found by goes after them. Lists are read from
    an index that is a moment late, so the first page is read again until it is empty, and what decides is read afresh.

    Not looked for: codes and registrations that wait for one (`CHALLENGE#`, `PENDING#`) are over in 20 minutes by
    themselves, limits (`RATE#`) hold nothing but hashes, and audit records keep the id, for a year.
    """

    def __init__(
        self, accounts: Accounts, sessions: Sessions, recordings: Recordings, jobs: Jobs, media: Media
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._recordings = recordings
        self._jobs = jobs
        self._media = media

    def erase(self, user_id: str) -> bool:
        """Erase a leaving account and everything that is theirs; returns whether there was one."""
        user = self._accounts.find_leaving(user_id)
        if user is None:
            log.warning("no such account is leaving", user_id=user_id)
            return False
        self._accounts.erase_api_keys_of(user_id)
        self._sessions.erase_all(user_id)
        self._erase_library(user_id)
        self._accounts.remove(user)
        log.info("account erased", user_id=user_id)
        return True

    def _erase_library(self, user_id: str) -> None:
        while recordings := self._recordings.of_owner(user_id, before=None, limit=PAGE):
            for recording in recordings:
                self._erase_recording(recording.id)
        while jobs := self._jobs.of_owner(user_id, before=None, limit=PAGE):
            for job in jobs:
                self._erase_job(job.id)
        # After the recordings: an upload that comes now finds none, and is removed by whoever takes it in.
        self._media.remove_all(sources_of(user_id))
        self._recordings.erase_repeats_of(user_id)

    def _erase_recording(self, recording_id: str) -> None:
        while (recording := self._recordings.find(recording_id)) is not None:
            for job_id in recording.job_ids:
                self._erase_job(job_id)
            # If it has got its jobs meanwhile: once more.
            with suppress(Changed):
                self._recordings.erase(recording)

    def _erase_job(self, job_id: str) -> None:
        while (job := self._jobs.find(job_id)) is not None:
            # First, for without the job nobody would find them. If a worker has written meanwhile: once more. What it
            # writes later it removes itself, when it learns that the job is gone.
            self._media.remove_all(results_of(job.id))
            with suppress(Changed):
                self._jobs.erase(job)
