"""The law of going on: however often an attempt ends early, the transcript is that of an attempt that did not."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.core.jobs.model import Job
from functions.core.jobs.store import Jobs
from functions.core.recordings.media import checkpoint_key, source_key
from functions.core.recordings.store import Recordings
from gpu_worker import checkpoints
from gpu_worker.claim import Claim, Interrupted
from gpu_worker.inbox import Delivery
from gpu_worker.speech.excerpt import Excerpt
from gpu_worker.speech.listener import Listener
from gpu_worker.speech.loaded_models import LoadedModels
from gpu_worker.speech.models import demo_model
from gpu_worker.speech.whisper import SpeechEngine
from gpu_worker.tasks.task import Work
from gpu_worker.tasks.transcribe import Defaults, TranscribeTask
from tests.builders import a_job, a_recording
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.queues import FakeInbox
from tests.fakes.table import FakeTable
from tests.gpu_worker.speech.calls import call, encode_channels
from tests.speech_synthesis import conversation, silence, write_wav

LEASE = timedelta(seconds=30)
ENGLISH = (
    "Send the invoice to Anna by Friday.",
    "The customer signed the contract yesterday.",
    "The meeting is on Monday at five.",
    "The team rejected the offer on Wednesday.",
    "They will change the plan in September.",
    "The supplier will send the report on Thursday.",
)
RUSSIAN = ("Нужно проверить договор завтра.", "Отправьте счёт Анне сегодня.")

Span = tuple[float, float]


class KilledError(Exception):
    """The process is gone: whatever it still tries fails."""


class Fate:
    """Ends an attempt at one of its moments: reports, and before and after each write."""

    def __init__(self, moments: int | None = None, *, is_kill: bool = False, dies_at: str | None = None) -> None:
        self.stopping = threading.Event()
        self.passed = 0
        self._moments = moments
        self._dies_at = dies_at
        self._is_kill = is_kill
        self._is_dead = False

    def moment(self) -> None:
        self.passed += 1
        if self._moments is not None and self.passed >= self._moments:
            self._is_dead = self._is_kill
            self.stopping.set()
        if self._is_dead:
            raise KilledError

    def writing(self, key: str) -> None:
        self._is_dead = self._is_dead or (self._dies_at is not None and key.endswith(self._dies_at))
        self.moment()


class FatefulClaim(Claim):
    def __init__(self, job: Job, fate: Fate, **parts: Any) -> None:
        super().__init__(job, Delivery("r", "b", 1), stopping=fate.stopping, **parts)
        self._fate = fate

    def report(self, stage: str, progress: float, *, message: str = "", eta_seconds: float | None = None) -> None:
        self._fate.moment()
        super().report(stage, progress, message=message, eta_seconds=eta_seconds)

    def leave_checkpoint(self, name: str) -> None:
        self._fate.moment()
        super().leave_checkpoint(name)


class FatefulMedia(FakeMedia):
    fate = Fate()

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        self.fate.writing(key)
        super().write(key, body, content_type=content_type)


class NotingListener(Listener):
    """Notes which stretches of sound somebody wants to have heard."""

    heard: list[Span]
    listened: int

    def hear(self, excerpt: Excerpt, *rest: Any, **parts: Any) -> Future[Any]:
        self.heard.append((excerpt.window.start, excerpt.window.end))
        return super().hear(excerpt, *rest, **parts)

    def listen(self, excerpt: Excerpt, **parts: Any) -> Future[Any]:
        self.listened += 1
        return super().listen(excerpt, **parts)


class Desk:
    """One job over one file, at which attempts are made until one goes through."""

    def __init__(self, file: Path, listener: NotingListener, options: dict[str, Any]) -> None:
        self.clock = FakeClock()
        self.media = FatefulMedia()
        table = FakeTable()
        self.jobs = Jobs(table, clock=self.clock)
        self.listener = listener
        recordings = Recordings(table, clock=self.clock)
        recording = recordings.add(a_recording())
        job = a_job(recording_id=recording.id, options=options)
        self._job_id = job.id
        self.media.write(source_key(recording), file.read_bytes(), content_type="audio/wav")
        recordings.receive(recording, size=file.stat().st_size, media_type="audio/wav", jobs=[job])
        self._task = TranscribeTask(
            listener,
            lambda _: demo_model(),
            recordings=recordings,
            media=self.media,
            defaults=Defaults(fast=False, timeout_seconds=600),
        )

    def attempt(self, fate: Fate) -> bytes | None:
        """Make an attempt; return the transcript if it got that far."""
        self.listener.heard, self.listener.listened = [], 0
        self.media.fate = fate
        job = self.jobs.claim(self._job_id, by="test", lease=LEASE)
        claim = FatefulClaim(job, fate, jobs=self.jobs, inbox=FakeInbox(self.clock))
        try:
            return self.media.read(self._task.run(Work(claim, is_last_try=False)).result_key)
        except Interrupted:
            claim.release()
        except KilledError:
            self.clock.pass_time(LEASE)
        return None

    def saved(self) -> list[Span]:
        job = self.jobs.get(self._job_id)
        parts = [json.loads(self.media.read(checkpoint_key(job.id, name))) for name in job.checkpoints]
        return [(one["start"], one["end"]) for part in parts for one in part["windows"]]


@pytest.fixture(scope="module")
def noting() -> Iterator[NotingListener]:
    engine = SpeechEngine(demo_model(), device="cpu", cpu_threads=1)
    listener = NotingListener(LoadedModels(lambda _: engine, most=1), engine.model, rows=8)
    listener.start()
    yield listener
    listener.stop()


@pytest.fixture(autouse=True)
def saved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SAVE_SECONDS", -1.0)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("recordings")
    pause = silence(2.5)
    mono = [conversation(ENGLISH[:4]), pause, conversation(RUSSIAN, "ru"), pause, conversation(ENGLISH[4:])]
    return {
        "mono": write_wav(folder / "mono.wav", np.concatenate(mono)),
        "stereo": encode_channels(folder / "stereo.wav", call(ENGLISH + ENGLISH, gap=0.2).sides),
    }


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "one channel": ("mono", {}),
    "one channel in a given language": ("mono", {"language": "en", "fast": True}),
    "two channels": ("stereo", {}),
    "two channels in a given language": ("stereo", {"language": "en"}),
}


@pytest.fixture(scope="module")
def uninterrupted(files: dict[str, Path], noting: NotingListener) -> dict[str, tuple[bytes, int]]:
    """The transcript of each case, and how many moments its attempt had."""
    found = {}
    for name, (file, options) in CASES.items():
        fate = Fate()
        transcript = Desk(files[file], noting, options).attempt(fate)
        assert transcript is not None
        found[name] = (transcript, fate.passed)
    return found


def test_the_cases_hold_what_they_are_about(uninterrupted: dict[str, tuple[bytes, int]]) -> None:
    found = {name: json.loads(transcript)["segments"] for name, (transcript, _) in uninterrupted.items()}
    assert {one["language"] for one in found["one channel"]} == {None, "ru"}
    assert {one["language"] for one in found["one channel in a given language"]} == {None}
    assert {one["speaker"] for one in found["two channels"]} == {"Speaker 1", "Speaker 2"}
    assert len(found["two channels"]) == 2 * len(ENGLISH)


@pytest.mark.parametrize("case", list(CASES))
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(ends=st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=4))
def test_an_interrupted_transcription_gives_byte_for_byte_the_uninterrupted_one(
    case: str,
    ends: list[tuple[float, bool]],
    files: dict[str, Path],
    uninterrupted: dict[str, tuple[bytes, int]],
    noting: NotingListener,
) -> None:
    file, options = CASES[case]
    wanted, moments = uninterrupted[case]
    desk = Desk(files[file], noting, options)
    for share, is_kill in ends:
        before = desk.saved()
        transcript = desk.attempt(Fate(1 + int(share * moments), is_kill=is_kill))
        assert not set(noting.heard) & set(before)
        assert transcript in {None, wanted}
        if transcript is not None:
            return
    assert desk.attempt(Fate()) == wanted


@pytest.mark.parametrize("is_kill", [False, True])
@pytest.mark.parametrize("case", ["one channel", "two channels"])
def test_an_attempt_that_ends_at_every_step_gets_there_at_last(
    case: str,
    is_kill: bool,
    files: dict[str, Path],
    uninterrupted: dict[str, tuple[bytes, int]],
    noting: NotingListener,
) -> None:
    file, options = CASES[case]
    wanted, moments = uninterrupted[case]
    desk = Desk(files[file], noting, options)
    done = []
    for patience in range(moments // 4, moments * 4, moments // 4):
        done.append(len(desk.saved()))
        if (transcript := desk.attempt(Fate(patience, is_kill=is_kill))) is not None:
            break
    assert transcript == wanted
    assert done == sorted(done)


@pytest.mark.parametrize("case", list(CASES))
def test_what_was_saved_is_not_heard_again(
    case: str, files: dict[str, Path], uninterrupted: dict[str, tuple[bytes, int]], noting: NotingListener
) -> None:
    file, options = CASES[case]
    desk = Desk(files[file], noting, options)
    assert desk.attempt(Fate(dies_at="transcript.json")) is None
    assert noting.heard
    assert sorted(desk.saved()) == sorted(noting.heard)

    assert desk.attempt(Fate()) == uninterrupted[case][0]
    assert (noting.heard, noting.listened) == ([], 0)


def test_windows_are_heard_anew_where_a_part_of_the_checkpoint_is_gone(
    files: dict[str, Path], uninterrupted: dict[str, tuple[bytes, int]], noting: NotingListener
) -> None:
    file, options = CASES["two channels"]
    wanted, moments = uninterrupted["two channels"]
    desk = Desk(files[file], noting, options)
    assert desk.attempt(Fate(moments)) is None
    job = desk.jobs.get(desk._job_id)
    assert len(job.checkpoints) > 3
    for name in job.checkpoints[::2]:
        desk.media.remove(checkpoint_key(job.id, name))

    assert desk.attempt(Fate()) == wanted
    assert noting.heard
