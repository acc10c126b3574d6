"""Transcribe a recording."""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from functions.core.errors import NotFound
from functions.core.jobs.model import Job
from functions.core.jobs.results import transcript_to_json
from functions.core.observability import log
from functions.core.recordings.media import Media, result_key, source_key
from functions.core.recordings.model import Recording
from functions.core.recordings.store import Recordings
from gpu_worker.claim import Claim, Hopeless
from gpu_worker.speech.audio import NotMedia
from gpu_worker.speech.transcription import Transcription, transcribe_file
from gpu_worker.speech.whisper import SpeechEngine
from gpu_worker.tasks.task import Outcome, Work

BUDGET_SECONDS_OF_AUDIO: Final = 600
"""The timeout is given for every so many seconds of audio, so that a recording of hours has hours."""


class TranscribeTask:
    """Listens to a recording and leaves its transcript. The model stays loaded between jobs."""

    def __init__(
        self,
        engine: Callable[[], SpeechEngine],
        *,
        recordings: Recordings,
        media: Media,
        timeout_seconds: int,
        fast: bool,
    ) -> None:
        self._engine = engine
        self._recordings = recordings
        self._media = media
        self._timeout_seconds = timeout_seconds
        self._fast = fast

    def run(self, work: Work) -> Outcome:
        """Do one attempt; raises Hopeless where the file can't be heard or takes too long."""
        job, claim = work.claim.job, work.claim
        began = time.monotonic()
        claim.report("downloading", 0.0)
        recording, path = self._download(job, work.folder)
        downloaded = time.monotonic() - began
        claim.report("loading the model", 0.0)
        engine = self._engine()
        loaded = time.monotonic() - began - downloaded
        transcription = self._transcribe(engine, path, claim)
        claim.report("saving", 1.0)
        transcript = transcription.transcript
        key = result_key(job.id, job.attempts, "transcript.json")
        self._media.write(key, transcript_to_json(transcript), content_type="application/json")
        self._recordings.change(
            recording, lambda fresh: fresh.heard(duration=transcript.duration, language=transcript.language)
        )
        log.info("transcribed", model=transcript.model, seconds=transcript.duration, segments=len(transcript.segments))
        return Outcome(key, _timings(job, downloaded, loaded, transcription))

    def _download(self, job: Job, folder: Path) -> tuple[Recording, Path]:
        path = folder / "source"
        try:
            recording = self._recordings.get(job.recording_id)
            with path.open("wb") as file:
                self._media.save_to(source_key(recording), file)
        except NotFound as error:
            raise Hopeless("recording-gone", "The recording is not there any more.") from error
        return recording, path

    def _transcribe(self, engine: SpeechEngine, path: Path, claim: Claim) -> Transcription:
        options = claim.job.options
        progress = _Progress(claim, self._timeout_seconds)
        try:
            return transcribe_file(
                path,
                engine,
                language=options.get("language"),
                fast=options.get("fast", self._fast),
                on_progress=progress,
            )
        except NotMedia as error:
            raise Hopeless(error.code, error.detail) from error


class _Progress:
    """Turns seconds heard into progress with a falling estimate, and ends what takes too long."""

    def __init__(self, claim: Claim, timeout_seconds: int) -> None:
        self._claim = claim
        self._timeout_seconds = timeout_seconds
        self._began = time.monotonic()

    def __call__(self, done: float, total: float | None) -> None:
        spent = time.monotonic() - self._began
        # By what was heard, not by the file's own claim, which may be a lie.
        budget = self._timeout_seconds * max(1.0, done / BUDGET_SECONDS_OF_AUDIO)
        if spent > budget:
            raise Hopeless("timed-out", f"The transcription took longer than the {budget:.0f} s that it had.")
        share = min(done / total, 1.0) if total else 0.0
        self._claim.report(
            "transcribing",
            share,
            message=f"{_clock(done)} of {_clock(total)}" if total else _clock(done),
            eta_seconds=round(spent / share - spent, 1) if share > 0 else None,
        )


def _timings(job: Job, downloaded: float, loaded: float, transcription: Transcription) -> dict[str, float]:
    stages = {"queued": job.waited_seconds, "download": downloaded, "model_load": loaded}
    return {name: round(seconds, 3) for name, seconds in stages.items()} | asdict(transcription.timings)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
