"""What a task does with one attempt, over fakes and the real demo model."""

import json
import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from functions.core.errors import NotFound
from functions.core.jobs.model import ClaimLost, Job, Kind
from functions.core.jobs.options import SummariseOptions
from functions.core.jobs.results import Summary, Transcript, transcript_to_json
from functions.core.jobs.store import Jobs
from functions.core.recordings.media import source_key
from functions.core.recordings.store import Recordings
from gpu_worker.checkpoints import SavedCheckpoint
from gpu_worker.claim import Claim, Hopeless, Interrupted
from gpu_worker.inbox import Delivery
from gpu_worker.language.extractive import ExtractiveSummariser
from gpu_worker.language.summary import Summariser, SummaryMisconfigured, SummaryUnavailable
from gpu_worker.speech.audio import Samples
from gpu_worker.speech.diarization import SpeakersUnknown, Turn
from gpu_worker.speech.excerpt import Excerpt
from gpu_worker.speech.listener import Listener
from gpu_worker.speech.loaded_models import LoadedModels
from gpu_worker.speech.models import ModelUnavailable, SpeechModel
from gpu_worker.speech.transcription import Progress
from gpu_worker.speech.voices import NO_DIARIZER
from gpu_worker.speech.whisper import SpeechEngine
from gpu_worker.tasks.summarise import MISCONFIGURED_NOTE, UNAVAILABLE_NOTE, SummariseTask
from gpu_worker.tasks.task import Work
from gpu_worker.tasks.transcribe import Defaults, FindModel, TranscribeTask, _Reporting
from tests.builders import a_job, a_recording, a_transcript
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.queues import FakeInbox
from tests.fakes.table import FakeTable
from tests.speech_synthesis import conversation, encode, silence, write_wav


class Refusing:
    """A language model that doesn't work."""

    engine = "refusing"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def summarise(
        self, transcript: Transcript, options: SummariseOptions, *, on_progress: Callable[[float], None]
    ) -> Summary:
        raise self._error


class Bench:
    def __init__(self, clock: FakeClock, listener: Listener) -> None:
        self.stopping = threading.Event()
        self.listener = listener
        self.table = FakeTable()
        self.jobs = Jobs(self.table, clock=clock)
        self.recordings = Recordings(self.table, clock=clock)
        self.media = FakeMedia()
        self.recording = self.recordings.add(a_recording())
        self._clock = clock

    def work(self, *jobs: Job, is_last_try: bool = False) -> Work:
        """Claim the last of some jobs of the recording."""
        recording = self.recordings.get(self.recording.id)
        self.recordings.receive(recording, size=1, media_type="audio/wav", jobs=jobs)
        return self.attempt(jobs[-1], is_last_try=is_last_try)

    def attempt(self, job: Job, *, is_last_try: bool = False) -> Work:
        """Claim a job that is there."""
        held = self.jobs.claim(job.id, by="test", lease=timedelta(hours=1))
        inbox = FakeInbox(self._clock)
        claim = Claim(held, Delivery("r", "b", 1), jobs=self.jobs, inbox=inbox, stopping=self.stopping)
        return Work(claim, is_last_try)

    def job(self, **changes: object) -> Job:
        return a_job(recording_id=self.recording.id, **changes)

    def transcriber(self, *, find_model: FindModel | None = None, **defaults: Any) -> TranscribeTask:
        return TranscribeTask(
            self.listener,
            find_model or (lambda _: self.listener.default),
            recordings=self.recordings,
            media=self.media,
            defaults=Defaults(**{"fast": False, "timeout_seconds": 600} | defaults),
        )

    def transcript(self, job: Job) -> dict[str, Any]:
        """Return what a job that is claimed has left."""
        found: dict[str, Any] = json.loads(self.media.read(f"results/{job.id}/{job.attempts}/transcript.json"))
        return found

    def summariser(self, engine: Summariser) -> SummariseTask:
        return SummariseTask(engine, jobs=self.jobs, recordings=self.recordings, media=self.media)

    def transcribed(self, *texts: str) -> Job:
        """Return a job whose transcript lies in the bucket."""
        self.media.write("results/t", transcript_to_json(a_transcript(*texts)), content_type="application/json")
        job = self.job()
        held = job.claim(by="test", now=self._clock(), lease=timedelta(hours=1))
        return held.finish(attempt=1, result_key="results/t", timings={}, now=self._clock())


@pytest.fixture
def bench(clock: FakeClock, listener: Listener) -> Bench:
    return Bench(clock, listener)


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


def hopeless(task: TranscribeTask, work: Work) -> tuple[str, str]:
    with pytest.raises(Hopeless) as raised:
        task.run(work)
    return raised.value.failure.code, raised.value.failure.detail


def test_bytes_that_vanish_while_they_are_read_are_those_of_a_recording_that_is_gone(
    bench: Bench, speech: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(key: str, start: int, end: int) -> bytes:
        raise NotFound("The bytes are not there.")

    monkeypatch.setattr(bench.media, "read_range", vanish)

    assert hopeless(bench.transcriber(), bench.work(bench.job()))[0] == "recording-gone"


@pytest.mark.parametrize("breaks_at", [0, 1, 2], ids=["at once", "on the way", "at the end"])
def test_a_connection_that_breaks_is_no_fault_of_the_file(
    bench: Bench, breaks_at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wav(tmp_path / "long.wav", silence(290))
    bench.media.write(source_key(bench.recording), path.read_bytes(), content_type="audio/wav")
    read_range, megabyte = bench.media.read_range, 1024**2

    def break_off(key: str, start: int, end: int) -> bytes:
        if start == breaks_at * 4 * megabyte:
            raise OSError("the connection broke")
        return read_range(key, start, end)

    monkeypatch.setattr(bench.media, "read_range", break_off)

    with pytest.raises(OSError, match="the connection broke"):
        bench.transcriber().run(bench.work(bench.job()))


def test_a_model_that_cannot_translate_says_which_can(bench: Bench, speech: None) -> None:
    code, detail = hopeless(bench.transcriber(), bench.work(bench.job(options={"task": "translate"})))

    assert code == "cannot-translate"
    assert detail.startswith("The model 'demo' cannot translate; these can: ")
    assert "small" in detail
    assert "turbo" not in detail


def test_a_model_that_cannot_be_had_says_so(bench: Bench, speech: None) -> None:
    asked: list[str | None] = []

    def find(name: str | None) -> Any:
        asked.append(name)
        raise ModelUnavailable("The model 'medium' is not on this machine.")

    failure = hopeless(bench.transcriber(find_model=find), bench.work(bench.job(options={"model": "medium"})))

    assert failure == ("model-unavailable", "The model 'medium' is not on this machine.")
    assert asked == ["medium"]


def test_a_model_that_cannot_be_loaded_says_so(bench: Bench, speech: None, engine: SpeechEngine) -> None:
    broken = replace(engine.model, name="broken", folder=Path("/models/broken"))

    def load(model: SpeechModel) -> SpeechEngine:
        if model == broken:
            raise ModelUnavailable("The model 'broken' cannot be loaded on cpu.")
        return engine

    bench.listener = Listener(LoadedModels(load, most=2), engine.model, rows=8)
    bench.listener.start()
    failure = hopeless(bench.transcriber(find_model=lambda _: broken), bench.work(bench.job()))
    bench.listener.stop()

    assert failure == ("model-unavailable", "The model 'broken' cannot be loaded on cpu.")


@pytest.mark.parametrize(
    "options", [{"beam_size": 0}, {"language": "klingon"}, {"mood": "glad"}, {"speakers": "all"}, {"vad": 7}]
)
def test_options_of_another_release_are_hopeless(bench: Bench, speech: None, options: dict[str, Any]) -> None:
    failure = hopeless(bench.transcriber(), bench.work(bench.job(options=options)))

    assert failure == ("options-unreadable", "This release cannot read the job's options.")


def test_a_job_that_was_cancelled_is_not_opened(bench: Bench, speech: None) -> None:
    work = bench.work(bench.job())
    bench.jobs.cancel(work.claim.job)

    with pytest.raises(ClaimLost):
        bench.transcriber().run(work)

    assert not any(key.startswith("results/") for key in bench.media.kept)


@pytest.fixture
def reporting_time(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still, and reports that are written every time."""
    time = SimpleNamespace(now=0.0)
    time.monotonic = lambda: time.now
    monkeypatch.setattr("gpu_worker.tasks.transcribe.time", time)
    monkeypatch.setattr("gpu_worker.claim.REPORT_SECONDS", -1.0)
    return time


def a_reporting(bench: Bench, *, timeout_seconds: int = 600) -> tuple[_Reporting, SavedCheckpoint, Claim]:
    claim = bench.work(bench.job()).claim
    checkpoint = SavedCheckpoint(claim, bench.media, fingerprint="v1")
    return _Reporting(claim, checkpoint, timeout_seconds), checkpoint, claim


def test_the_time_that_a_job_has_is_its_own_and_not_what_others_took(
    bench: Bench, reporting_time: SimpleNamespace
) -> None:
    reporting, _, claim = a_reporting(bench, timeout_seconds=60)

    reporting_time.now = 5000.0
    reporting(Progress(done=1.0, total=100.0, spent=60.0))
    assert claim.job.progress == 0.01

    with pytest.raises(Hopeless) as raised:
        reporting(Progress(done=1.0, total=100.0, spent=60.1))
    assert raised.value.failure.code == "timed-out"
    assert raised.value.failure.detail == "The transcription took longer than the 60 s that it had."


def test_a_long_recording_has_more_time_by_what_was_heard_and_not_by_what_it_claims(
    bench: Bench, reporting_time: SimpleNamespace
) -> None:
    reporting, _, _ = a_reporting(bench, timeout_seconds=60)

    reporting(Progress(done=1800.0, total=1800.0, spent=180.0))
    with pytest.raises(Hopeless, match="180 s"):
        reporting(Progress(done=1800.0, total=1800.0, spent=181.0))
    with pytest.raises(Hopeless, match="60 s"):
        reporting(Progress(done=1.0, total=1e6, spent=61.0))


def test_the_estimate_falls_with_the_work_and_ends_at_nothing(bench: Bench, reporting_time: SimpleNamespace) -> None:
    reporting, _, claim = a_reporting(bench)
    estimates = []
    for second in range(101):
        reporting_time.now = float(second)
        reporting(Progress(done=10.0 * second, total=1000.0, spent=1.0 * second))
        estimates.append(claim.job.eta_seconds)

    assert estimates[:2] == [None, None]
    assert estimates[2:] == pytest.approx([100.0 - second for second in range(2, 101)])
    assert claim.job.message == "16:40 of 16:40"


def test_a_recording_that_does_not_say_how_long_it_is_has_no_estimate(
    bench: Bench, reporting_time: SimpleNamespace
) -> None:
    reporting, _, claim = a_reporting(bench)
    for second in range(5):
        reporting_time.now = float(second)
        reporting(Progress(done=1000.0 * second, total=None, spent=1.0))

    assert (claim.job.eta_seconds, claim.job.progress, claim.job.message) == (None, 0.0, "1:06:40")


def test_the_estimate_of_a_resumed_job_counts_only_what_it_did_itself(
    bench: Bench, reporting_time: SimpleNamespace
) -> None:
    reporting, checkpoint, claim = a_reporting(bench)
    for window in range(50):
        # The decoder runs ahead while windows are recalled: a tenth of a second each.
        reporting_time.now += 0.1
        checkpoint.recalled += 1
        reporting(Progress(done=10.0 * window, total=1000.0, spent=0.1))
        assert claim.job.eta_seconds is None

    for window in range(50, 60):
        reporting_time.now += 4.0
        reporting(Progress(done=10.0 * window, total=1000.0, spent=4.0))

    assert claim.job.eta_seconds == pytest.approx(4.0 * 41, rel=0.1)


class FakeDiarizer:
    """Hears somebody else from a certain second on."""

    name = "fake"

    def __init__(self, *, changes_at: float = math.inf, fails: bool = False) -> None:
        self.heard = 0.0
        self.meanwhile: Callable[[], None] = lambda: None
        self._changes_at = changes_at
        self._fails = fails

    def turns(
        self,
        sound: Iterable[Samples],
        *,
        speakers: int | None = None,
        on_progress: Callable[[float, float | None], None],
    ) -> list[Turn]:
        for samples in sound:
            self.heard += len(samples) / 16_000
            self.meanwhile()
            on_progress(self.heard, None)
        if self._fails:
            raise SpeakersUnknown("Speakers are told apart in recordings of up to 4 hours only.")
        turns = [Turn(start=0.0, end=min(self._changes_at, self.heard), speaker=4)]
        if self._changes_at < self.heard:
            turns.append(Turn(start=self._changes_at, end=self.heard, speaker=2))
        return turns


SENTENCES = ("Send the invoice to Anna by Friday.", "The meeting is on Monday at five.")


@pytest.fixture
def two_sentences(bench: Bench, tmp_path: Path) -> float:
    """Store two sentences; return the second between them."""
    first, second = (conversation([sentence], gap=0.8) for sentence in SENTENCES)
    path = write_wav(tmp_path / "two.wav", np.concatenate([first, second]))
    bench.media.write(source_key(bench.recording), path.read_bytes(), content_type="audio/wav")
    return len(first) / 16_000


def test_speakers_asked_for_by_voice_without_a_diarizer_leave_a_note(bench: Bench, two_sentences: float) -> None:
    work = bench.work(bench.job(options={"speakers": "voices"}))

    outcome = bench.transcriber().run(work)

    transcript = bench.transcript(work.claim.job)
    assert NO_DIARIZER in transcript["notes"]
    assert [segment["speaker"] for segment in transcript["segments"]] == [None, None]
    assert "speakers" not in outcome.timings


@pytest.mark.parametrize("speakers", ["auto", "none"])
def test_where_nobody_asked_for_voices_there_is_no_note(bench: Bench, two_sentences: float, speakers: str) -> None:
    work = bench.work(bench.job(options={"speakers": speakers}))

    bench.transcriber().run(work)

    assert NO_DIARIZER not in bench.transcript(work.claim.job)["notes"]


@pytest.mark.parametrize("options", [{}, {"speakers": "voices"}], ids=["by itself", "asked for"])
def test_a_diarizer_names_speakers(bench: Bench, two_sentences: float, options: dict[str, Any]) -> None:
    work = bench.work(bench.job(options=options))

    outcome = bench.transcriber(diarizer=FakeDiarizer(changes_at=two_sentences)).run(work)

    transcript = bench.transcript(work.claim.job)
    assert [(segment["speaker"], segment["text"]) for segment in transcript["segments"]] == [
        ("Speaker 1", SENTENCES[0]),
        ("Speaker 2", SENTENCES[1]),
    ]
    assert outcome.timings["speakers"] >= 0


def test_a_single_voice_is_named_only_where_speakers_were_asked_for(bench: Bench, two_sentences: float) -> None:
    named = []
    for options in ({}, {"speakers": "voices"}):
        work = bench.work(bench.job(options=options))
        bench.transcriber(diarizer=FakeDiarizer()).run(work)
        named.append({segment["speaker"] for segment in bench.transcript(work.claim.job)["segments"]})

    assert named == [{None}, {"Speaker 1"}]


def test_who_wants_no_speakers_does_not_wait_for_them(bench: Bench, two_sentences: float) -> None:
    diarizer = FakeDiarizer(changes_at=two_sentences)
    work = bench.work(bench.job(options={"speakers": "none"}))

    bench.transcriber(diarizer=diarizer).run(work)

    assert diarizer.heard == 0
    assert {segment["speaker"] for segment in bench.transcript(work.claim.job)["segments"]} == {None}


def test_speakers_that_cannot_be_told_leave_the_transcript_and_a_note(bench: Bench, two_sentences: float) -> None:
    work = bench.work(bench.job())

    bench.transcriber(diarizer=FakeDiarizer(fails=True)).run(work)

    transcript = bench.transcript(work.claim.job)
    assert "Speakers are told apart in recordings of up to 4 hours only." in transcript["notes"]
    assert [segment["text"] for segment in transcript["segments"]] == list(SENTENCES)


class CountingListener(Listener):
    """Hears through another one, and counts."""

    def __init__(self, listener: Listener) -> None:
        self.__dict__ = listener.__dict__ | {"heard": 0}

    def hear(self, excerpt: Excerpt, *args: Any, **kwargs: Any) -> Any:
        self.heard: int = self.heard + 1
        return super().hear(excerpt, *args, **kwargs)


def test_an_attempt_that_is_interrupted_is_gone_on_with_and_ends_the_same(
    bench: Bench, two_sentences: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu_worker.claim.REPORT_SECONDS", -1.0)
    bench.listener = listener = CountingListener(bench.listener)
    undisturbed = bench.work(bench.job())
    bench.transcriber().run(undisturbed)
    windows, listener.heard = listener.heard, 0
    assert windows > 0
    diarizer = FakeDiarizer()
    diarizer.meanwhile = bench.stopping.set
    interrupted = bench.work(bench.job())

    with pytest.raises(Interrupted):
        bench.transcriber(diarizer=diarizer).run(interrupted)
    interrupted.claim.release()
    assert listener.heard == windows
    assert bench.jobs.get(interrupted.claim.job.id).checkpoints == ("1-0.json",)

    bench.stopping.clear()
    resumed = bench.attempt(interrupted.claim.job)
    bench.transcriber().run(resumed)
    assert listener.heard == windows
    assert bench.transcript(resumed.claim.job) == bench.transcript(undisturbed.claim.job)


def test_a_checkpoint_of_other_wishes_is_not_gone_on_with(
    bench: Bench, two_sentences: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu_worker.claim.REPORT_SECONDS", -1.0)
    bench.listener = listener = CountingListener(bench.listener)
    diarizer = FakeDiarizer()
    diarizer.meanwhile = bench.stopping.set
    interrupted = bench.work(bench.job())
    with pytest.raises(Interrupted):
        bench.transcriber(diarizer=diarizer).run(interrupted)
    interrupted.claim.release()
    windows = listener.heard

    bench.stopping.clear()
    bench.transcriber(fast=True).run(bench.attempt(interrupted.claim.job))

    assert listener.heard == 2 * windows


@pytest.mark.parametrize("name", ["speech.m4a", "speech.mp3"])
def test_compressed_speech_is_read_from_the_bucket_by_ranges(bench: Bench, name: str, tmp_path: Path) -> None:
    path = encode(tmp_path / name, conversation(SENTENCES[:1]))
    bench.media.write(source_key(bench.recording), path.read_bytes(), content_type="audio/mp4")
    work = bench.work(bench.job())

    bench.transcriber().run(work)

    assert bench.transcript(work.claim.job)["text"] == SENTENCES[0]


def test_a_summary_is_left_under_its_attempt(bench: Bench) -> None:
    work = bench.work(bench.transcribed("We sign the contract."), bench.job(kind=Kind.SUMMARISE))

    outcome = bench.summariser(ExtractiveSummariser()).run(work)

    assert outcome.result_key == f"results/{work.claim.job.id}/1/summary.json"
    assert json.loads(bench.media.read(outcome.result_key))["bullets"][0]["segments"] == [0]


def test_a_summary_names_the_transcript_whose_segments_it_cites(bench: Bench) -> None:
    transcribed = bench.transcribed("We sign the contract.")
    work = bench.work(transcribed, bench.job(kind=Kind.SUMMARISE))

    outcome = bench.summariser(ExtractiveSummariser()).run(work)

    assert json.loads(bench.media.read(outcome.result_key))["transcript_job_id"] == transcribed.id
    assert {"queued", "reading", "model", "saving", "total"} == set(outcome.timings)


def test_a_summary_is_made_as_its_options_want_it(bench: Bench) -> None:
    options = {"template": "meeting", "questions": ["Who signs the contract?"]}
    work = bench.work(bench.transcribed("We sign the contract."), bench.job(kind=Kind.SUMMARISE, options=options))

    summary = json.loads(bench.media.read(bench.summariser(ExtractiveSummariser()).run(work).result_key))

    assert summary["template"] == "meeting"
    assert summary["answers"] == [
        {"question": "Who signs the contract?", "answer": "We sign the contract.", "segments": [0]}
    ]


@pytest.mark.parametrize("options", [{"template": "poem"}, {"questions": "Why?"}, {"mood": "glad"}])
def test_options_that_nobody_understands_are_hopeless(bench: Bench, options: dict[str, object]) -> None:
    work = bench.work(bench.transcribed("We sign."), bench.job(kind=Kind.SUMMARISE, options=options))

    with pytest.raises(Hopeless) as raised:
        bench.summariser(ExtractiveSummariser()).run(work)

    assert raised.value.failure.code == "options-unreadable"


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
