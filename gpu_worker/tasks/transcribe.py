"""Transcribe a recording."""

import hashlib
import io
import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import BinaryIO, Final

from pydantic import ValidationError

from functions.core.errors import NotFound
from functions.core.jobs.model import Job
from functions.core.jobs.options import Speakers, TranscribeOptions
from functions.core.jobs.results import Transcript, transcript_to_json
from functions.core.observability import log
from functions.core.recordings.media import Media, result_key, source_key
from functions.core.recordings.model import Recording
from functions.core.recordings.store import Recordings
from functions.core.speech_models import MODELS
from functions.core.version import VERSION
from gpu_worker.checkpoints import SavedCheckpoint
from gpu_worker.claim import Claim, Hopeless, Interrupted
from gpu_worker.remote_file import RemoteFile
from gpu_worker.speech.audio import NotMedia
from gpu_worker.speech.diarization import Diarizer
from gpu_worker.speech.excerpt import Manner
from gpu_worker.speech.listener import Listener
from gpu_worker.speech.models import ModelUnavailable, SpeechModel
from gpu_worker.speech.transcription import Progress, Transcription, Wanted, transcribe
from gpu_worker.speech.voices import NO_DIARIZER, with_voices
from gpu_worker.tasks.clock_time import clock_time
from gpu_worker.tasks.task import Outcome, Work

BUDGET_SECONDS_OF_AUDIO: Final = 600
"""The timeout is given for every so many seconds of audio, so that a recording of hours has hours."""

FindModel = Callable[[str | None], SpeechModel]
"""Returns the model of a name, or the house's own; raises ModelUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds where a job says nothing else."""

    fast: bool
    timeout_seconds: int
    diarizer: Diarizer | None = None
    """What tells voices apart, where there is a model for that."""


class TranscribeTask:
    """Listens to a recording and leaves its transcript. Models stay loaded between jobs."""

    def __init__(
        self,
        listener: Listener,
        find_model: FindModel,
        *,
        recordings: Recordings,
        media: Media,
        defaults: Defaults,
    ) -> None:
        self._listener = listener
        self._find_model = find_model
        self._recordings = recordings
        self._media = media
        self._defaults = defaults
        self._orders = itertools.count()

    def run(self, work: Work) -> Outcome:
        """Do one attempt; raises Hopeless where the file can't be heard or takes too long."""
        job, claim = work.claim.job, work.claim
        began = time.monotonic()
        claim.report("opening", 0.0)
        wanted = self._wanted(job)
        with self._source(job) as (recording, file):
            opened = time.monotonic() - began
            claim.report("transcribing", 0.0)
            wanted = _with_names(wanted, recording)
            transcription, speakers_seconds = self._transcribe(io.BufferedReader(file), wanted, claim, recording)
            file.raise_failure()
        claim.report("saving", 1.0)
        transcript = transcription.transcript
        key = result_key(job.id, job.attempts, "transcript.json")
        self._media.write(key, transcript_to_json(transcript), content_type="application/json")
        self._note(recording, transcript, seconds=time.monotonic() - began)
        log.info("transcribed", model=transcript.model, seconds=transcript.duration, segments=len(transcript.segments))
        stages = {"queued": round(job.waited_seconds, 3), "opening": round(opened, 3)}
        if speakers_seconds:
            stages["speakers"] = round(speakers_seconds, 3)
        return Outcome(key, stages | asdict(transcription.timings))

    def _note(self, recording: Recording, transcript: Transcript, *, seconds: float) -> None:
        try:
            self._recordings.change(
                recording,
                lambda fresh: fresh.heard(
                    duration=transcript.duration,
                    language=transcript.language,
                    words=transcript.word_count,
                    listening_seconds=round(seconds, 3),
                ),
            )
        except NotFound as error:
            raise Hopeless("recording-gone", "The recording is not there any more.") from error

    def _wanted(self, job: Job) -> Wanted:
        try:
            options = TranscribeOptions.model_validate(job.options)
        except ValidationError as error:
            raise Hopeless("options-unreadable", "This release cannot read the job's options.") from error
        try:
            model = self._find_model(options.model)
        except ModelUnavailable as error:
            raise Hopeless(error.code, error.detail) from error
        if options.task == "translate" and not model.translates:
            able = ", ".join(name for name, facts in MODELS.items() if facts.translates)
            raise Hopeless("cannot-translate", f"The model {model.name!r} cannot translate; these can: {able}.")
        is_fast = self._defaults.fast if options.fast is None else options.fast
        return Wanted(
            model=model,
            manner=Manner(
                task=options.task,
                beam_size=options.beam_size or (1 if is_fast else 5),
                with_words=not is_fast if options.word_timestamps is None else options.word_timestamps,
                prompt=options.initial_prompt or "",
                vocabulary=tuple(options.vocabulary or ()),
            ),
            language=options.language,
            speakers=options.speakers,
            vad=options.vad,
            owner=job.owner_id,
            order=next(self._orders),
        )

    @contextmanager
    def _source(self, job: Job) -> Iterator[tuple[Recording, RemoteFile]]:
        recording = self._recordings.find(job.recording_id)
        stored = self._media.find(source_key(recording)) if recording else None
        if recording is None or stored is None:
            raise Hopeless("recording-gone", "The recording is not there any more.")
        key = source_key(recording)
        with RemoteFile(lambda start, end: self._media.read_range(key, start, end), stored.size) as file:
            try:
                yield recording, file
            except Hopeless:
                # FFmpeg takes a connection that breaks for the end or the damage of the file.
                file.raise_failure()
                raise
            except NotFound as error:
                raise Hopeless("recording-gone", "The recording is not there any more.") from error

    def _transcribe(
        self, file: BinaryIO, wanted: Wanted, claim: Claim, recording: Recording
    ) -> tuple[Transcription, float]:
        """Return the transcription, and how many seconds telling the speakers apart took."""
        checkpoint = SavedCheckpoint(claim, self._media, fingerprint=_fingerprint(wanted, recording))
        reporting = _Reporting(claim, checkpoint, self._defaults.timeout_seconds)
        try:
            transcription = transcribe(file, self._listener, wanted, checkpoint=checkpoint, on_progress=reporting)
            if not _wants_voices(wanted, transcription.transcript):
                return transcription, 0.0
            checkpoint.save()
            return self._with_voices(transcription, file, wanted, claim)
        except Interrupted:
            checkpoint.save()
            raise
        except (NotMedia, ModelUnavailable) as error:
            raise Hopeless(error.code, error.detail) from error

    def _with_voices(
        self, transcription: Transcription, file: BinaryIO, wanted: Wanted, claim: Claim
    ) -> tuple[Transcription, float]:
        transcript = transcription.transcript
        was_asked_for = wanted.speakers is Speakers.VOICES
        diarizer = self._defaults.diarizer
        if diarizer is None:
            notes = (*transcript.notes, NO_DIARIZER) if was_asked_for else transcript.notes
            return replace(transcription, transcript=replace(transcript, notes=notes)), 0.0
        began = time.monotonic()
        told = with_voices(
            transcript,
            file,
            diarizer,
            was_asked_for=was_asked_for,
            on_progress=lambda *_: claim.report("telling speakers apart", 1.0),
        )
        return replace(transcription, transcript=told), time.monotonic() - began


def _with_names(wanted: Wanted, recording: Recording) -> Wanted:
    """Of a recorded call it is known who speaks in which channel; nothing has to be found out."""
    if not recording.speaker_names:
        return wanted
    speakers = Speakers.CHANNELS if wanted.speakers is Speakers.AUTO else wanted.speakers
    return replace(wanted, names=recording.speaker_names, speakers=speakers)


def _wants_voices(wanted: Wanted, transcript: Transcript) -> bool:
    is_told = any(segment.speaker for segment in transcript.segments)
    return wanted.speakers is Speakers.VOICES or (wanted.speakers is Speakers.AUTO and not is_told)


class _Reporting:
    """Turns seconds heard into progress with a falling estimate, and ends what takes too long."""

    def __init__(self, claim: Claim, checkpoint: SavedCheckpoint, timeout_seconds: int) -> None:
        self._claim = claim
        self._checkpoint = checkpoint
        self._timeout_seconds = timeout_seconds
        self._began = time.monotonic()
        self._share_at_first: float | None = None
        self._recalled = 0

    def __call__(self, progress: Progress) -> None:
        done, total = progress.done, progress.total
        # By what was heard, not by the file's own claim, which may be a lie; and by the work's own time, since others
        # share the model.
        budget = self._timeout_seconds * max(1.0, done / BUDGET_SECONDS_OF_AUDIO)
        if progress.spent > budget:
            raise Hopeless("timed-out", f"The transcription took longer than the {budget:.0f} s that it had.")
        share = min(done / total, 1.0) if total else 0.0
        self._claim.report(
            "transcribing",
            share,
            message=f"{clock_time(done)} of {clock_time(total)}" if total else clock_time(done),
            eta_seconds=self._eta(share),
        )

    def _eta(self, share: float) -> float | None:
        if (self._share_at_first is None and share > 0) or self._recalled != self._checkpoint.recalled:
            # What a checkpoint gave for nothing says nothing about the rest.
            self._share_at_first = share
            self._recalled = self._checkpoint.recalled
            self._began = time.monotonic()
        gained = share - (self._share_at_first or 0.0)
        return round((time.monotonic() - self._began) * (1 - share) / gained, 1) if gained > 0 else None


def _fingerprint(wanted: Wanted, recording: Recording) -> str:
    """Whatever the text of a window depends on, besides the sound: another answer, another checkpoint."""
    facts = (
        VERSION,
        wanted.model.name,
        asdict(wanted.manner),
        wanted.language,
        wanted.speakers,
        wanted.vad.model_dump(),
        recording.size,
    )
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
