"""A file in, its transcript out: a recording like any other is made of it, and its job is waited for."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from functions.core.clock import Clock
from functions.core.errors import Invalid, NotFound
from functions.core.ids import new_id
from functions.core.jobs.model import Job, Kind, Status
from functions.core.jobs.options import TranscribeOptions
from functions.core.jobs.results import Transcript, transcript_from_json
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.recordings.media import Media, source_key
from functions.core.recordings.model import Process, Recording, RecordingStatus, end_of_keeping
from functions.core.recordings.store import Recordings
from functions.openai.sound import Sound
from functions.openai.waiting import Patience

UPLOAD_LIFE: Final = timedelta(minutes=10)
"""Whoever has promised the bytes holds them in hand."""

LONGEST_RETRY: Final = 60
"""OpenAI's clients do not wait longer for another try."""
_USUAL_RETRY: Final = 2

_PARAM_TO_BLAME: Final = {
    "empty-file": "file",
    "not-media": "file",
    "recording-gone": "file",
    "cannot-translate": "model",
}
"""By a failure's code; for any other one the request is not to blame."""


class StillTranscribing(Exception):
    """It takes longer than a request may; the same request again goes on waiting."""

    def __init__(self, recording_id: str, *, retry_after: int) -> None:
        super().__init__(recording_id)
        self.recording_id = recording_id
        self.retry_after = retry_after


class NotTranscribed(Exception):
    """Nothing came of it, and the request is not to blame."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Transcriber:
    """Makes recordings and waits for their transcripts."""

    def __init__(  # noqa: PLR0913 - each is a neighbour, but one
        self,
        *,
        recordings: Recordings,
        jobs: Jobs,
        media: Media,
        patience: Patience,
        clock: Clock,
        keep_days: int = 0,
    ) -> None:
        self._recordings = recordings
        self._jobs = jobs
        self._media = media
        self._patience = patience
        self._clock = clock
        self._keep_days = keep_days

    def transcribe(
        self, sound: Sound, options: TranscribeOptions, *, owner_id: str, keep_days: int | None = None
    ) -> Transcript:
        """Return what was said. The same request again joins the work on it and makes none of its own.

        The recording is kept for `keep_days`, or as is usual.

        Raises:
            StillTranscribing: it is not done yet.
            Invalid: the request is to blame, or its owner has called it off.
            NotTranscribed: somebody else is to blame.
        """
        recording = self._handed_in(sound, self._new(sound, options, owner_id, keep_days))
        job = self._patience.until(lambda: self._job_of(recording), lambda job: job is not None and job.is_finished)
        if job is None or not job.is_finished:
            raise StillTranscribing(recording.id, retry_after=_retry_after(job))
        return transcript_from_json(self._media.read(_result_key(job)))

    def _new(self, sound: Sound, options: TranscribeOptions, owner_id: str, keep_days: int | None) -> Recording:
        now = self._clock()
        keep_until = end_of_keeping(now, days=keep_days, usual_days=self._keep_days)
        return replace(_recording(sound, options, owner_id, now), keep_until=keep_until)

    def _handed_in(self, sound: Sound, wanted: Recording) -> Recording:
        recording = self._added(
            wanted, f"{sound.digest} {sound.media_type} {sound.filename} {wanted.process[0].options}"
        )
        if recording.stored_status is RecordingStatus.AWAITING_UPLOAD:
            # Also where the request before this one has died between its promise and its bytes.
            self._media.write(source_key(recording), sound.body, content_type=recording.content_type)
            log.info("sound sent", recording_id=recording.id, size=recording.size)
        return recording

    def _added(self, wanted: Recording, request: str) -> Recording:
        # What came to nothing is left as it is: the next attempt has a key of its own, which its retries have too.
        for attempt in count(1):
            try:
                recording = self._recordings.add(wanted, idempotency_key=f"openai {attempt} {request}")
            except NotFound:
                continue
            if self._may_join(recording):
                return recording
        raise AssertionError("count() ends")

    def _may_join(self, recording: Recording) -> bool:
        match recording.status(self._clock()):
            case RecordingStatus.EXPIRED:
                return False
            case RecordingStatus.UPLOADED:
                job = self._newest_job(recording)
                return job is not None and job.status not in {Status.FAILED, Status.CANCELLED}
            case _:
                return True

    def _job_of(self, recording: Recording) -> Job | None:
        fresh = self._recordings.find(recording.id)
        if fresh is None:
            raise Invalid("The recording was deleted meanwhile.", code="recording_deleted", param="file")
        if fresh.error is not None:
            raise Invalid(fresh.error.detail, code=fresh.error.code, param="file")
        return self._newest_job(fresh)

    def _newest_job(self, recording: Recording) -> Job | None:
        # Its owner may have asked for other jobs on it since.
        asked = recording.process[0].options
        jobs = [job for job in self._jobs.get_many(recording.job_ids) if job.kind is Kind.TRANSCRIBE]
        return max((job for job in jobs if job.options == asked), key=lambda job: job.id, default=None)


def _recording(sound: Sound, options: TranscribeOptions, owner_id: str, now: datetime) -> Recording:
    return Recording(
        id=new_id("recording"),
        owner_id=owner_id,
        filename=sound.filename,
        title=sound.title,
        size=len(sound.body),
        content_type=sound.media_type,
        request_id=log.request_id() or new_id("request"),
        created_at=now,
        upload_until=now + UPLOAD_LIFE,
        process=(Process(Kind.TRANSCRIBE, options.model_dump(mode="json", exclude_defaults=True)),),
        language=options.language,
    )


def _result_key(job: Job) -> str:
    if job.status is Status.CANCELLED:
        raise Invalid("The transcription was cancelled.", code="cancelled")
    if job.status is Status.SUCCEEDED and job.result_key is not None:
        return job.result_key
    code, detail = (job.error.code, job.error.detail) if job.error else ("failed", "The transcription failed.")
    if code in _PARAM_TO_BLAME:
        raise Invalid(detail, code=code, param=_PARAM_TO_BLAME[code])
    raise NotTranscribed(code, detail)


def _retry_after(job: Job | None) -> int:
    if job is None or job.eta_seconds is None:
        return _USUAL_RETRY
    return max(1, min(LONGEST_RETRY, math.ceil(job.eta_seconds)))
