"""What the task does with one attempt, over fakes and a renderer that does what its source says."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.core.accounts.model import Credential
from functions.core.errors import NotFound
from functions.core.jobs.ascii_frames import read_event
from functions.core.jobs.ascii_options import Style
from functions.core.jobs.ascii_video import ascii_video_from_json, ascii_video_to_json
from functions.core.jobs.model import ClaimLost, Job, Kind
from functions.core.jobs.store import Jobs
from functions.core.realtime.model import Ticket
from functions.core.realtime.store import Connections
from functions.core.recordings.media import source_key
from functions.core.recordings.store import Recordings
from gpu_worker.claim import Claim, Hopeless, Interrupted
from gpu_worker.inbox import Delivery
from gpu_worker.live import Live
from gpu_worker.pictures.characters import CHARACTERS
from gpu_worker.pictures.sandbox import Bounds, Died, Sandbox
from gpu_worker.tasks.ascii_video import AsciiVideoTask, FallingEta
from gpu_worker.tasks.task import Work
from tests.builders import a_job, a_recording
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeMedia
from tests.fakes.posts import FakePosts
from tests.fakes.queues import FakeInbox
from tests.fakes.table import FakeTable
from tests.gpu_worker.fake_renderer import NAME, STILL
from tests.local_system import eventually

pytestmark = pytest.mark.enable_socket


class Bench:
    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.stopping = threading.Event()
        table = FakeTable()
        self.jobs = Jobs(table, clock=clock)
        self.recordings = Recordings(table, clock=clock)
        self.media = FakeMedia()
        self.connections = Connections(FakeTable(), clock=clock)
        self.posts = FakePosts()
        self.recording = self.recordings.add(a_recording(content_type="video/mp4"))

    def work(self, act: str, *, is_last_try: bool = False, **options: Any) -> Work:
        """Claim a job on a video that has the renderer do something."""
        self.media.write(source_key(self.recording), act.encode(), content_type="video/mp4")
        job = a_job(kind=Kind.ASCII_VIDEO, recording_id=self.recording.id, options=options)
        self.recordings.receive(
            self.recordings.get(self.recording.id), size=len(act), media_type="video/mp4", jobs=[job]
        )
        held = self.jobs.claim(job.id, by="test", lease=timedelta(hours=1))
        inbox = FakeInbox(self.clock)
        claim = Claim(held, Delivery("r", "b", 1), jobs=self.jobs, inbox=inbox, stopping=self.stopping)
        return Work(claim, is_last_try)

    def task(self, **limits: Any) -> AsciiVideoTask:
        usual: dict[str, Any] = {"timeout_seconds": 60, "memory_mb": 256}
        sandbox = Sandbox(Bounds(**usual | limits), renderer=NAME)
        live = Live(connections=self.connections, posts=self.posts, clock=self.clock)
        return AsciiVideoTask(sandbox, recordings=self.recordings, media=self.media, clock=self.clock, live=live)

    def watch(self, name: str, job: Job) -> None:
        """Open a connection of the owner that watches."""
        ticket = Ticket(
            id=name,
            user_id=job.owner_id,
            unique_id="12345678",
            credential=Credential(),
            until=self.clock() + timedelta(seconds=30),
        )
        self.connections.open(name, ticket)
        connection = self.connections.find(name)
        assert connection is not None
        self.connections.watch(connection, job.id)

    def left(self) -> set[str]:
        return {key for key in self.media.objects if key.startswith("results/")}


@pytest.fixture
def bench(clock: FakeClock) -> Bench:
    return Bench(clock)


def hopeless(bench: Bench, work: Work, **limits: Any) -> str:
    with pytest.raises(Hopeless) as raised:
        bench.task(**limits).run(work)
    return raised.value.failure.code


def test_the_files_the_still_and_the_result_are_left_under_the_attempt(bench: Bench) -> None:
    work = bench.work("copy 1000", width=80, save_txt=True)
    under = f"results/{work.claim.job.id}/1/"

    outcome = bench.task().run(work)

    assert outcome.result_key == f"{under}ascii-video.json"
    assert bench.left() == {f"{under}{name}" for name in ("ascii-video.json", "preview.png", "video.mp4", "txt.zip")}
    assert bench.media.objects[f"{under}preview.png"] == (STILL, "image/png")
    made = ascii_video_from_json(bench.media.read(outcome.result_key))
    assert made.files == {"video": 1000, "txt": 8}
    assert (made.columns, made.begun_at) == (80, bench.clock())
    assert outcome.timings.keys() == {"queued", "opening", "rendering", "saving", "realtime_factor"}


def test_all_but_the_result_is_kept_briefly(bench: Bench) -> None:
    bench.task().run(bench.work("copy"))

    assert {key.rpartition("/")[2] for key in bench.left() - bench.media.brief} == {"ascii-video.json"}


@pytest.mark.parametrize(
    ("act", "limits", "code"),
    [
        ("refuse", {}, "no-video-stream"),
        ("wait", {"timeout_seconds": 1}, "timed-out"),
        ("raise", {}, "render-crashed"),
        ("flood", {"most_bytes": 20 * 1024**2}, "output-too-large"),
    ],
)
def test_what_cannot_be_drawn_is_hopeless_and_leaves_no_file(
    bench: Bench, act: str, limits: dict[str, int], code: str
) -> None:
    assert hopeless(bench, bench.work(act), **limits) == code
    assert {key.rpartition("/")[2] for key in bench.left()} <= {"preview.png"}
    assert bench.media.uploads == {}


def test_a_machine_without_memory_is_tried_again_and_not_for_ever(bench: Bench) -> None:
    with pytest.raises(Died):
        bench.task().run(bench.work("be-killed"))

    assert hopeless(bench, bench.work("be-killed", is_last_try=True)) == "out-of-memory"


def test_options_of_another_release_are_hopeless(bench: Bench) -> None:
    assert hopeless(bench, bench.work("copy", style="cubist")) == "options-unreadable"


def test_a_recording_that_is_gone_is_hopeless_before_and_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(key: str, start: int, end: int) -> bytes:
        raise NotFound("The bytes are not there.")

    work = bench.work("copy")
    bench.media.remove(source_key(bench.recording))
    assert hopeless(bench, work) == "recording-gone"

    work = bench.work("copy")
    monkeypatch.setattr(bench.media, "read_range", vanish)
    assert hopeless(bench, work) == "recording-gone"


def test_a_bucket_that_is_away_is_no_fault_of_the_video(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(key: str, start: int, end: int) -> bytes:
        raise OSError("the connection broke")

    work = bench.work("copy")
    monkeypatch.setattr(bench.media, "read_range", break_off)

    with pytest.raises(OSError, match="the connection broke"):
        bench.task().run(work)


def when_it_renders(work: Work, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[Job]:
    """Do something as soon as the renderer is at it; returns what was said until then."""
    said: list[Job] = []
    report = work.claim.report

    def look(stage: str, *arguments: Any, **more: Any) -> None:
        if stage == "rendering" and not said:
            report(stage, *arguments, **more)
            said.append(work.claim.job)
            act()
        report(stage, *arguments, **more)

    monkeypatch.setattr(work.claim, "report", look)
    monkeypatch.setattr("gpu_worker.claim.REPORT_SECONDS", 0.0)
    return said


def test_progress_is_told_by_the_time_of_the_video(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    work = bench.work("wait")
    said = when_it_renders(work, monkeypatch, bench.stopping.set)

    with pytest.raises(Interrupted):
        bench.task().run(work)

    assert (said[0].stage, said[0].progress, said[0].message) == ("rendering", 0.25, "0:01 of 0:04, 2 frames")
    assert bench.media.uploads == {}


def test_a_job_that_is_cancelled_ends_its_renderer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    work = bench.work("wait")
    when_it_renders(work, monkeypatch, lambda: bench.jobs.cancel(bench.jobs.get(work.claim.job.id)))

    with pytest.raises(ClaimLost):
        bench.task().run(work)


def test_frames_reach_the_owner_who_watches_and_then_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    work = bench.work("film", style="normal")
    report = work.claim.report

    def look(*arguments: Any, **more: Any) -> None:
        if len(bench.posts.told("tab")) >= 2:
            bench.stopping.set()
        report(*arguments, **more)

    monkeypatch.setattr(work.claim, "report", look)
    bench.watch("tab", work.claim.job)

    with pytest.raises(Interrupted):
        bench.task().run(work)

    eventually(lambda: bench.posts.told("tab")[-1]["type"] == "ascii.end", within=10)
    for event in bench.posts.told("tab")[:-1]:
        frame = read_event(event)
        assert frame.text == f"{CHARACTERS[Style.NORMAL][frame.number % 10] * 4}\n" * 2


def test_an_estimate_only_falls() -> None:
    now = iter([0.0, 1.0, 10.0, 20.0, 21.0])
    eta = FallingEta(lambda: next(now))
    seen = []
    for share in (0.0, 0.01, 0.1, 0.11, 0.5):
        eta.note(share)
        seen.append(eta.seconds)

    assert seen == [None, None, 90.0, 90.0, 21.0]


def test_a_result_keeps_what_it_says(bench: Bench) -> None:
    outcome = bench.task().run(bench.work("tell"))

    body = bench.media.read(outcome.result_key)
    video = ascii_video_from_json(body)
    assert ascii_video_from_json(ascii_video_to_json(video)) == video
    assert json.loads(body)["format"] == 1
    assert replace(video, begun_at=None).kept_until(bench.clock(), days=2) == bench.clock() + timedelta(days=2)
