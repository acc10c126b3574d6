"""What happens when the bytes of a recording arrive: look at them, keep or refuse them, make its jobs.

The event may come twice, late or out of order; nothing changes by that.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from functions.core.clock import Clock
from functions.core.collection import RACES
from functions.core.errors import Conflict
from functions.core.jobs.model import Failure, Job, Kind
from functions.core.jobs.queue import Queues
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.joining import Joining
from functions.core.recordings.media import Media, recording_id_of, source_key, track_in, track_key, tracks_of
from functions.core.recordings.media_type import SNIFFED_BYTES, is_surely_no_media, media_type_of
from functions.core.recordings.model import Recording, RecordingStatus
from functions.core.recordings.orders import job_for
from functions.core.recordings.store import Recordings
from functions.core.recordings.tracks import RecordedCall
from functions.core.table import Changed

EMPTY = Failure("empty-file", "The file is empty.")


class Arrivals:
    """Takes in what the bucket reports."""

    def __init__(self, *, recordings: Recordings, jobs: Jobs, media: Media, queues: Queues, clock: Clock) -> None:
        self._recordings = recordings
        self._jobs = jobs
        self._media = media
        self._queues = queues
        self._clock = clock
        self._joining = Joining(recordings=recordings, jobs=jobs, queues=queues, clock=clock)

    def take_in(self, key: str) -> None:
        """Handle the report that an object lies under `key`."""
        for _ in range(RACES):
            with suppress(Changed):
                self._take_in(key)
                return
        raise Conflict("The recording is being changed by many at once.", code="busy")

    def _take_in(self, key: str) -> None:
        track = track_in(key)
        if track is not None:
            self._take_in_track(key, *track)
            return
        recording_id = recording_id_of(key)
        recording = self._recordings.find(recording_id or "")
        if recording is None or source_key(recording) != key:
            log.warning("an upload that nobody announced", key=key)
            if recording is None and recording_id is not None:
                # Erased while its form still worked. For good: the bucket keeps a week of what is only deleted.
                self._media.remove_all(key.removesuffix("source"))
            return
        log.bind_request(recording.request_id, recording_id=recording.id)
        match recording.stored_status:
            case RecordingStatus.AWAITING_UPLOAD:
                self._look_at(recording)
            case RecordingStatus.UPLOADED:
                # We may have died between writing the jobs and enqueuing them; an extra message does no harm.
                self._enqueue(self._jobs.get_many(recording.job_ids))
                self._forget_tracks(recording)
            case _:
                # Refused: we may have died before the bytes were gone, or they were sent once more.
                self._media.remove(key)

    def _look_at(self, recording: Recording) -> None:
        key = source_key(recording)
        stored = self._media.find(key)
        if stored is None:
            log.warning("the reported upload is gone again")
            return
        head = self._media.read(key, first=SNIFFED_BYTES)
        media_type = media_type_of(head, announced=recording.content_type)
        refusal = _refusal(stored.size, media_type, announced=recording.announced_size)
        if refusal is not None:
            self._recordings.change(recording, lambda fresh: fresh.refused(refusal))
            self._media.remove(key)
            log.info("upload refused", code=refusal.code)
            return
        jobs = _jobs_for(recording, self._clock)
        # If somebody has written meanwhile, it is all looked at afresh: the same report at the same time, or its owner.
        self._recordings.receive(recording, size=stored.size, media_type=media_type, jobs=jobs)
        log.info("upload taken in", size=stored.size, media_type=media_type, jobs=[job.id for job in jobs])
        self._enqueue(jobs)
        self._forget_tracks(recording)

    def _take_in_track(self, key: str, recording_id: str, unique_id: str) -> None:
        recording = self._recordings.find(recording_id)
        if recording is None or recording.call is None or track_key(recording, unique_id) != key:
            log.warning("a track that nobody announced", key=key)
            if recording is None:
                # Erased while its form still worked; with every version, and whatever else came.
                self._media.remove_all(key.removesuffix(f"tracks/{unique_id}"))
            return
        log.bind_request(recording.request_id, recording_id=recording.id)
        track = recording.call.track_of(unique_id)
        if track is None or recording.stored_status is not RecordingStatus.AWAITING_UPLOAD:
            # It was joined without it, or with it and is here already.
            self._media.remove(key)
            return
        if not track.is_here:
            recording = self._look_at_track(recording, key, unique_id)
        self._joining.after_arrival(recording)

    def _look_at_track(self, recording: Recording, key: str, unique_id: str) -> Recording:
        call, stored = recording.call, self._media.find(key)
        track = call.track_of(unique_id) if call else None
        if stored is None or track is None:
            log.warning("the reported track is gone again")
            return recording
        media_type = media_type_of(self._media.read(key, first=SNIFFED_BYTES), announced=track.content_type)
        refusal = _refusal(stored.size, media_type, announced=track.size)
        if refusal is not None:
            noted = self._note(recording, lambda fresh: fresh.refused(unique_id, refusal))
            self._media.remove(key)
            log.info("track refused", code=refusal.code)
            return noted
        log.info("track taken in", size=stored.size, media_type=media_type)
        return self._note(recording, lambda fresh: fresh.arrived(unique_id, media_type=media_type, now=self._clock()))

    def _note(self, recording: Recording, transition: Callable[[RecordedCall], RecordedCall]) -> Recording:
        return self._recordings.change(
            recording, lambda fresh: fresh if fresh.call is None else replace(fresh, call=transition(fresh.call))
        )

    def _forget_tracks(self, recording: Recording) -> None:
        """Remove for good what has become one recording."""
        if recording.call is not None:
            self._media.remove_all(tracks_of(recording))

    def _enqueue(self, jobs: list[Job]) -> None:
        for job in jobs:
            if job.after is None and not job.is_finished:
                self._queues.enqueue(job)


def _refusal(size: int, media_type: str, *, announced: int | None) -> Failure | None:
    if size == 0:
        return EMPTY
    if announced is not None and size != announced:
        return Failure("wrong-size", f"The file has {size} bytes, and {announced} were announced.")
    if is_surely_no_media(media_type):
        return Failure("not-media", f"The file is no audio or video: its content is {media_type}.")
    return None


def _jobs_for(recording: Recording, clock: Clock) -> list[Job]:
    jobs: list[Job] = []
    transcribe: str | None = None
    # A summary waits for the transcript wherever the two are asked for together.
    for process in sorted(recording.process, key=lambda process: process.kind is Kind.SUMMARISE):
        after = transcribe if process.kind is Kind.SUMMARISE else None
        job = job_for(recording, process, request_id=recording.request_id, now=clock(), after=after)
        transcribe = job.id if process.kind is Kind.TRANSCRIBE else transcribe
        jobs.append(replace(job, batch_id=recording.batch_id))
    return jobs
