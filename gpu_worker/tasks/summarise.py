"""Summarise a transcript."""

import time
from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from functions.core.errors import NotFound
from functions.core.jobs.model import Job, Kind, newest_result
from functions.core.jobs.options import SummariseOptions
from functions.core.jobs.results import Summary, Transcript, summary_to_json, transcript_from_json
from functions.core.jobs.store import TRANSCRIPT_MISSING, Jobs
from functions.core.observability import log
from functions.core.recordings.correcting import transcript_key
from functions.core.recordings.media import Media, result_key
from functions.core.recordings.store import Recordings
from gpu_worker.claim import Hopeless
from gpu_worker.language.extractive import ExtractiveSummariser
from gpu_worker.language.summary import Summariser, SummaryMisconfigured, SummaryUnavailable
from gpu_worker.tasks.task import Outcome, Work

MISCONFIGURED_NOTE: Final = "The language model refused this service; the summary was made by the offline engine."
UNAVAILABLE_NOTE: Final = "The language model did not answer; the summary was made by the offline engine."


class SummariseTask:
    """Reads a transcript and leaves a summary with evidence."""

    def __init__(self, summariser: Summariser, *, jobs: Jobs, recordings: Recordings, media: Media) -> None:
        self._summariser = summariser
        self._jobs = jobs
        self._recordings = recordings
        self._media = media

    def run(self, work: Work) -> Outcome:
        """Do one attempt; on the last one the offline engine steps in for a language model that is down."""
        job, claim = work.claim.job, work.claim
        began = time.monotonic()
        claim.report("reading", 0.0)
        options = _options(job)
        source, transcript = self._transcript(job)
        read = time.monotonic()
        summary = replace(self._summarise(transcript, options, work), transcript_job_id=source.id)
        made = time.monotonic()
        claim.report("saving", 1.0)
        key = result_key(job.id, job.attempts, "summary.json")
        self._media.write(key, summary_to_json(summary), content_type="application/json")
        saved = time.monotonic()
        log.info(
            "summarised",
            engine=summary.engine,
            template=summary.template,
            bullets=len(summary.bullets),
            unproven=len(summary.unproven),
            coverage=summary.coverage,
        )
        stages = {"reading": read - began, "model": made - read, "saving": saved - made, "total": saved - began}
        return Outcome(
            key, {name: round(seconds, 3) for name, seconds in {"queued": job.waited_seconds, **stages}.items()}
        )

    def _transcript(self, job: Job) -> tuple[Job, Transcript]:
        """The transcript, as people have corrected it, and the job that made it."""
        try:
            recording = self._recordings.get(job.recording_id)
            source = newest_result(self._jobs.get_many(recording.job_ids), Kind.TRANSCRIBE)
            if source is None or source.result_key is None:
                raise Hopeless(TRANSCRIPT_MISSING.code, TRANSCRIPT_MISSING.detail)
            return source, transcript_from_json(self._media.read(transcript_key(recording, source) or ""))
        except NotFound as error:
            raise Hopeless("recording-gone", "The recording is not there any more.") from error

    def _summarise(self, transcript: Transcript, options: SummariseOptions, work: Work) -> Summary:
        def report(progress: float) -> None:
            work.claim.report("summarising", progress)

        try:
            return self._summariser.summarise(transcript, options, on_progress=report)
        except SummaryMisconfigured as error:
            log.error("the language model refuses us", detail=error.detail)
            note = MISCONFIGURED_NOTE
        except SummaryUnavailable:
            if not work.is_last_try:
                raise
            note = UNAVAILABLE_NOTE
        offline = ExtractiveSummariser().summarise(transcript, options, on_progress=report)
        return replace(offline, notes=(note, *offline.notes))


def _options(job: Job) -> SummariseOptions:
    try:
        return SummariseOptions.model_validate(job.options)
    except ValidationError as error:
        raise Hopeless("options-unreadable", "This worker does not understand the job's options.") from error
