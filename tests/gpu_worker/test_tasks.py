"""What a task does with one attempt, over fakes and the real demo model."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from functions.core.jobs.model import Job, Kind
from functions.core.jobs.results import Summary, Transcript, transcript_to_json
from functions.core.jobs.store import Jobs
from functions.core.recordings.media import source_key
from functions.core.recordings.store import Recordings
from gpu_worker.claim import Claim, Hopeless
from gpu_worker.inbox import Delivery
from gpu_worker.language.extractive import ExtractiveSummariser
from gpu_worker.language.summary import Summariser, SummaryMisconfigured, SummaryUnavailable
from gpu_worker.speech.models import demo_model
from gpu_worker.speech.whisper import SpeechEngine
from gpu_worker.tasks.summarise import MISCONFIGURED_NOTE, UNAVAILABLE_NOTE, SummariseTask
from gpu_worker.tasks.task import Work
from gpu_worker.tasks.transcribe import TranscribeTask
from tests.builders import a_job, a_recording, a_transcript
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.queues import FakeInbox
from tests.fakes.table import FakeTable
from tests.speech_synthesis import conversation, write_wav


class Refusing:
    """A language model that doesn't work."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def summarise(self, transcript: Transcript, *, on_progress: Callable[[float], None]) -> Summary:
        raise self._error


class Bench:
    def __init__(self, clock: FakeClock, folder: Path) -> None:
        self.table = FakeTable()
        self.jobs = Jobs(self.table, clock=clock)
        self.recordings = Recordings(self.table, clock=clock)
        self.media = FakeMedia()
        self.recording = self.recordings.add(a_recording())
        self._clock = clock
        self._folder = folder

    def work(self, *jobs: Job, is_last_try: bool = False) -> Work:
        """Claim the last of some jobs of the recording."""
        recording = self.recordings.get(self.recording.id)
        self.recordings.receive(recording, size=1, media_type="audio/wav", jobs=jobs)
        held = self.jobs.claim(jobs[-1].id, by="test", lease=timedelta(hours=1))
        inbox, stopping = FakeInbox(self._clock), threading.Event()
        claim = Claim(held, Delivery("r", "b", 1), jobs=self.jobs, inbox=inbox, stopping=stopping)
        return Work(claim, self._folder, is_last_try)

    def job(self, **changes: object) -> Job:
        return a_job(recording_id=self.recording.id, **changes)

    def transcriber(self, *, timeout_seconds: int = 600) -> TranscribeTask:
        return TranscribeTask(
            lambda: SpeechEngine(demo_model(), device="cpu", cpu_threads=1),
            recordings=self.recordings,
            media=self.media,
            timeout_seconds=timeout_seconds,
            fast=False,
        )

    def summariser(self, engine: Summariser) -> SummariseTask:
        return SummariseTask(engine, jobs=self.jobs, recordings=self.recordings, media=self.media)

    def transcribed(self, *texts: str) -> Job:
        """Return a job whose transcript lies in the bucket."""
        self.media.write("results/t", transcript_to_json(a_transcript(*texts)), content_type="application/json")
        job = self.job()
        held = job.claim(by="test", now=self._clock(), lease=timedelta(hours=1))
        return held.finish(attempt=1, result_key="results/t", timings={}, now=self._clock())


@pytest.fixture
def bench(clock: FakeClock, tmp_path: Path) -> Bench:
    return Bench(clock, tmp_path)


@pytest.fixture
def speech(bench: Bench, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "speech.wav", conversation(["Send the invoice to Anna by Friday."]))
    bench.media.write(source_key(bench.recording), path.read_bytes(), content_type="audio/wav")


def test_a_transcript_is_left_under_its_attempt_and_the_recording_learns_from_it(bench: Bench, speech: None) -> None:
    work = bench.work(bench.job())

    outcome = bench.transcriber().run(work)

    assert outcome.result_key == f"results/{work.claim.job.id}/1/transcript.json"
    assert "invoice" in json.loads(bench.media.read(outcome.result_key))["text"]
    assert outcome.timings["realtime_factor"] > 0
    recording = bench.recordings.get(bench.recording.id)
    assert recording.duration == pytest.approx(3, abs=1)
    assert recording.heard_language == "en"


def test_a_transcription_that_takes_too_long_is_hopeless(bench: Bench, speech: None) -> None:
    with pytest.raises(Hopeless) as raised:
        bench.transcriber(timeout_seconds=0).run(bench.work(bench.job()))

    assert raised.value.failure.code == "timed-out"


def test_a_file_without_sound_is_hopeless(bench: Bench) -> None:
    bench.media.write(source_key(bench.recording), bytes(range(256)) * 20, content_type="audio/wav")

    with pytest.raises(Hopeless) as raised:
        bench.transcriber().run(bench.work(bench.job()))

    assert raised.value.failure.code == "not-media"


def test_a_recording_whose_bytes_are_gone_is_hopeless(bench: Bench) -> None:
    with pytest.raises(Hopeless) as raised:
        bench.transcriber().run(bench.work(bench.job()))

    assert raised.value.failure.code == "recording-gone"


def test_a_summary_is_left_under_its_attempt(bench: Bench) -> None:
    work = bench.work(bench.transcribed("We sign the contract."), bench.job(kind=Kind.SUMMARISE))

    outcome = bench.summariser(ExtractiveSummariser()).run(work)

    assert outcome.result_key == f"results/{work.claim.job.id}/1/summary.json"
    assert json.loads(bench.media.read(outcome.result_key))["bullets"][0]["segments"] == [0]


def test_without_a_transcript_a_summary_is_hopeless(bench: Bench) -> None:
    with pytest.raises(Hopeless) as raised:
        bench.summariser(ExtractiveSummariser()).run(bench.work(bench.job(kind=Kind.SUMMARISE)))

    assert raised.value.failure.code == "transcript-missing"


def test_a_language_model_that_is_down_is_tried_again(bench: Bench) -> None:
    work = bench.work(bench.transcribed("We sign the contract."), bench.job(kind=Kind.SUMMARISE))

    with pytest.raises(SummaryUnavailable):
        bench.summariser(Refusing(SummaryUnavailable("down"))).run(work)


@pytest.mark.parametrize(
    ("error", "is_last_try", "note"),
    [
        (SummaryUnavailable("down"), True, UNAVAILABLE_NOTE),
        (SummaryMisconfigured("wrong key"), False, MISCONFIGURED_NOTE),
    ],
)
def test_where_no_retry_helps_the_offline_engine_steps_in_and_says_so(
    bench: Bench, error: Exception, is_last_try: bool, note: str
) -> None:
    work = bench.work(
        bench.transcribed("We sign the contract."), bench.job(kind=Kind.SUMMARISE), is_last_try=is_last_try
    )

    summary = json.loads(bench.media.read(bench.summariser(Refusing(error)).run(work).result_key))

    assert summary["notes"][0] == note
    assert (summary["engine"], summary["coverage"]) == ("extractive", 1.0)
