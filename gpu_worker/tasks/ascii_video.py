"""Turn a video into ASCII."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError

from functions.core.clock import Clock
from functions.core.errors import NotFound
from functions.core.jobs.ascii_options import AsciiVideoOptions
from functions.core.jobs.ascii_video import PREVIEW, RESULT, AsciiVideo, File, ascii_video_to_json
from functions.core.jobs.model import Job
from functions.core.observability import log
from functions.core.recordings.media import Media, result_key, source_key
from functions.core.recordings.store import Recordings
from gpu_worker.claim import Claim, Hopeless
from gpu_worker.live import Live
from gpu_worker.outgoing import Outgoing
from gpu_worker.pictures.characters import CHARACTERS
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.sandbox import Audience, Died, Sandbox
from gpu_worker.tasks.clock_time import clock_time
from gpu_worker.tasks.task import Outcome, Work

SURE_AFTER: Final = 2.0
"""Seconds; an estimate that is made sooner may be far too low, and stays."""
OUT_OF_MEMORY: Final = "The machine ran out of memory on this video, time and again."


class AsciiVideoTask:
    """Has a video drawn in a sandbox, and leaves what was made of it."""

    def __init__(
        self, sandbox: Sandbox, *, recordings: Recordings, media: Media, clock: Clock, live: Live | None = None
    ) -> None:
        """Without `live` nobody sees frames before the end."""
        self._sandbox = sandbox
        self._recordings = recordings
        self._media = media
        self._clock = clock
        self._live = live

    def run(self, work: Work) -> Outcome:
        """Do one attempt, from the beginning; raises Hopeless where the video can't be drawn or takes too long."""
        job, claim = work.claim.job, work.claim
        watch = _Stopwatch()
        begun_at = self._clock()
        claim.report("opening", 0.0)
        options = _options(job)
        key, size = self._source(job)
        with (
            Outgoing(self._media, key_of=lambda name: result_key(job.id, job.attempts, name)) as outgoing,
            self._showing(job, options) as audience,
        ):
            watcher = _Watching(claim, outgoing, self._keeper(job), on_start=lambda: watch.begin("rendering"))
            try:
                video = self._sandbox.render(
                    options,
                    size=size,
                    read_range=lambda start, end: self._media.read_range(key, start, end),
                    watcher=watcher,
                    audience=audience,
                )
            except NotRenderable as error:
                raise Hopeless(error.code, error.detail) from error
            except NotFound as error:
                raise _gone() from error
            except Died as error:
                # The machine may have had too much to do at once; not three times.
                if work.is_last_try:
                    raise Hopeless("out-of-memory", OUT_OF_MEMORY) from error
                raise
            watch.begin("saving")
            claim.report("saving", 1.0)
            # Sizes are ours: what the child says of them is not believed.
            files = outgoing.finish()
        seconds = watch.seconds()
        video = replace(video, files=files, begun_at=begun_at, processing_seconds=round(sum(seconds.values()), 3))
        result = self._leave(job, video)
        log.info("turned into ASCII", engine=video.engine, frames=video.frames, seconds=video.duration)
        factor = {"realtime_factor": round(video.duration / seconds["rendering"], 2)} if seconds["rendering"] else {}
        return Outcome(result, {"queued": round(job.waited_seconds, 3)} | seconds | factor)

    def _showing(self, job: Job, options: AsciiVideoOptions) -> AbstractContextManager[Audience | None]:
        return self._live.showing(job, CHARACTERS[options.style]) if self._live else nullcontext()

    def _source(self, job: Job) -> tuple[str, int]:
        recording = self._recordings.find(job.recording_id)
        stored = self._media.find(source_key(recording)) if recording else None
        if recording is None or stored is None:
            raise _gone()
        return source_key(recording), stored.size

    def _keeper(self, job: Job) -> Callable[[bytes], None]:
        key = result_key(job.id, job.attempts, PREVIEW)
        return lambda png: self._media.write(key, png, content_type="image/png", brief=True)

    def _leave(self, job: Job, video: AsciiVideo) -> str:
        """Leave the result, which says what there was when the files themselves are not kept any more."""
        if self._recordings.find(job.recording_id) is None:
            raise _gone()
        key = result_key(job.id, job.attempts, RESULT)
        self._media.write(key, ascii_video_to_json(video), content_type="application/json")
        return key


class _Stopwatch:
    """How long each stage takes."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {"opening": time.monotonic()}

    def begin(self, stage: str) -> None:
        self._began.setdefault(stage, time.monotonic())

    def seconds(self) -> dict[str, float]:
        """Return the seconds of all stages; one that never began took none."""
        now = time.monotonic()
        saving = self._began.get("saving", now)
        rendering = self._began.get("rendering", saving)
        spans = {"opening": (self._began["opening"], rendering), "rendering": (rendering, saving)}
        spans["saving"] = (saving, now)
        return {stage: round(end - start, 3) for stage, (start, end) in spans.items()}


@dataclass(slots=True)
class _State:
    stage: str = "opening"
    share: float = 0.0
    message: str = ""


class _Watching:
    """Takes what is made, says how far it is, and learns that it must stop."""

    def __init__(
        self, claim: Claim, outgoing: Outgoing, keep_still: Callable[[bytes], None], *, on_start: Callable[[], None]
    ) -> None:
        self._claim = claim
        self._outgoing = outgoing
        self._keep_still = keep_still
        self._on_start = on_start
        self._state = _State()
        self._eta = FallingEta()

    def made(self, file: File, chunk: bytes) -> None:
        self._outgoing.write(file, chunk)

    def still(self, png: bytes) -> None:
        self._begin()
        self._keep_still(png)

    def progressed(self, done: float, total: float | None, frames: int) -> None:
        self._begin()
        words = f"{clock_time(done)} of {clock_time(total)}" if total else clock_time(done)
        self._state.share = min(done / total, 0.99) if total else 0.0
        self._state.message = f"{words}, {frames} frames"
        self._eta.note(self._state.share)

    def tick(self) -> None:
        state = self._state
        self._claim.report(state.stage, state.share, message=state.message, eta_seconds=self._eta.seconds)

    def _begin(self) -> None:
        if self._state.stage == "opening":
            self._state.stage = "rendering"
            self._on_start()


class FallingEta:
    """An estimate that never rises: one that does is worse than a cautious one."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._first: tuple[float, float] | None = None
        self.seconds: float | None = None
        """None: nothing is known yet."""

    def note(self, share: float) -> None:
        """Take note of how much is done."""
        now = self._now()
        if self._first is None:
            self._first = (now, share)
            return
        began, at_first = self._first
        gained = share - at_first
        if gained <= 0 or now - began < SURE_AFTER:
            return
        guess = round((now - began) * (1 - share) / gained, 1)
        self.seconds = guess if self.seconds is None else min(self.seconds, guess)


def _options(job: Job) -> AsciiVideoOptions:
    try:
        return AsciiVideoOptions.model_validate(job.options)
    except ValidationError as error:
        raise Hopeless("options-unreadable", "This release cannot read the job's options.") from error


def _gone() -> Hopeless:
    return Hopeless("recording-gone", "The recording is not there any more.")
