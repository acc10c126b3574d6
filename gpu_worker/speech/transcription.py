"""A file in, a transcript out."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final, Protocol

from functions.core.jobs.options import Speakers, VoiceActivity
from functions.core.jobs.results import Transcript
from gpu_worker.speech import spoken_language
from gpu_worker.speech.audio import AudioFile
from gpu_worker.speech.channels import hold_a_voice_each
from gpu_worker.speech.conversation import Findings, transcript_of
from gpu_worker.speech.excerpt import Excerpt, Language, Manner, excerpt_of
from gpu_worker.speech.front_end import Cut, FrontEnd, Place
from gpu_worker.speech.listener import Answer, Listener
from gpu_worker.speech.models import SpeechModel
from gpu_worker.speech.whisper import HeardWindow, Listened

_GLANCE_SECONDS: Final = 0.5
"""While waiting for the model, the work looks so often whether it is still wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be done with a recording, and for whom; lower `order` goes first among an owner's own."""

    model: SpeechModel
    manner: Manner = field(default_factory=Manner)
    language: str | None = None
    speakers: Speakers = Speakers.AUTO
    vad: VoiceActivity = field(default_factory=VoiceActivity)
    names: tuple[str, ...] = ()
    """Who speaks in each channel, as far as that is known."""
    owner: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the work is. `spent` is its own time so far, without what others took of the model meanwhile."""

    done: float
    total: float | None
    spent: float


# Called often. It may raise, to stop the work.
OnProgress = Callable[[Progress], None]


class Checkpoint(Protocol):
    """What earlier attempts found out, and where this one keeps what it does."""

    language: Language | None

    def recall(self, place: Place) -> HeardWindow | None:
        """Return what was heard at a place, or None."""

    def keep(self, place: Place, window: HeardWindow) -> None:
        """Keep what was heard at a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds. `model` is the share of the batches' time; `realtime_factor` is sound per second: more is faster."""

    decode_and_vad: float
    features: float
    model: float
    waiting_for_model: float
    total: float
    realtime_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """A transcript and what it took."""

    transcript: Transcript
    timings: Timings


def transcribe(
    file: BinaryIO, listener: Listener, wanted: Wanted, *, checkpoint: Checkpoint, on_progress: OnProgress
) -> Transcription:
    """Transcribe one file of any length in bounded memory.

    An interrupted attempt that is made again with the same checkpoint gives the same transcript.

    Raises:
        NotMedia: there is nothing to hear in the file.
    """
    began = time.perf_counter()
    is_apart = wanted.speakers is not Speakers.CHANNELS and hold_a_voice_each(file)
    by_track = wanted.speakers is Speakers.CHANNELS or (wanted.speakers is Speakers.AUTO and is_apart)
    with AudioFile(file) as audio, listener.guest():
        front_end = FrontEnd(audio, wanted.model, wanted.vad, by_track=by_track, mixed=is_apart)
        hearing = _Hearing(front_end, listener, wanted, checkpoint, on_progress)
        heard = hearing.run()
        transcript = transcript_of(
            heard,
            Findings(
                language=hearing.language,
                duration=round(audio.decoded_seconds, 3),
                damage=audio.damage,
                tracks=front_end.tracks if by_track else None,
                names=wanted.names,
            ),
            model=wanted.model,
            task=wanted.manner.task,
            asked_language=wanted.language,
        )
    everything = max(hearing.done, transcript.duration)
    on_progress(Progress(done=everything, total=everything, spent=hearing.spent))
    return Transcription(
        transcript=transcript, timings=hearing.timings(time.perf_counter() - began, transcript.duration)
    )


class _Hearing:
    """Has the windows of one recording heard: cuts ahead of the model, collects in order, keeps what is done."""

    def __init__(
        self,
        front_end: FrontEnd,
        listener: Listener,
        wanted: Wanted,
        checkpoint: Checkpoint,
        on_progress: OnProgress,
    ) -> None:
        self.language: Language | None = None
        self._front_end = front_end
        self._listener = listener
        self._wanted = wanted
        self._checkpoint = checkpoint
        self._on_progress = on_progress
        self._asked: deque[tuple[Place, Future[Answer[HeardWindow]]]] = deque()
        self._ended_at = [0.0] * self._front_end.tracks
        self._heard: dict[Place, HeardWindow] = {}
        self.done = 0.0
        self._features_seconds = 0.0
        self._model_seconds = 0.0
        self._waited_seconds = 0.0

    @property
    def spent(self) -> float:
        return self._front_end.seconds_spent + self._features_seconds + self._model_seconds

    def run(self) -> dict[Place, HeardWindow]:
        try:
            for excerpt, place in self._excerpts():
                while len(self._asked) >= self._listener.room:
                    self._collect_one()
                self._ask(place, excerpt)
                while self._asked and self._asked[0][1].done():
                    self._collect_one()
            while self._asked:
                self._collect_one()
        except BaseException:
            self._leave()
            raise
        return dict(sorted(self._heard.items()))

    def timings(self, total: float, duration: float) -> Timings:
        return Timings(
            decode_and_vad=round(self._front_end.seconds_spent, 3),
            features=round(self._features_seconds, 3),
            model=round(self._model_seconds, 3),
            waiting_for_model=round(self._waited_seconds, 3),
            total=round(total, 3),
            realtime_factor=round(duration / total, 2),
        )

    def _excerpts(self) -> Iterator[tuple[Excerpt, Place]]:
        """Yield what is still to be heard, each with the recording's language."""
        cuts = self._cuts()
        first: list[tuple[Excerpt, Place]] = []
        asked = self._wanted.language
        if asked is not None and asked in self._wanted.model.known_languages:
            self.language = Language(code=asked, probability=1.0)
        else:
            self.language = self._checkpoint.language
        if self.language is None:
            first = self._first_heard(cuts)
        for excerpt, place in first:
            yield self._told(excerpt), place
        for cut in cuts:
            yield self._told(self._prepared(cut)), cut.place

    def _cuts(self) -> Iterator[Cut]:
        for cut in self._front_end.cuts():
            self._report()
            if cut is None:
                continue
            known = self._checkpoint.recall(cut.place)
            if known is not None and (known.start, known.end) == (cut.window.start, cut.window.end):
                self._take(cut.place, known)
            else:
                yield cut

    def _first_heard(self, cuts: Iterator[Cut]) -> list[tuple[Excerpt, Place]]:
        """Find out what is spoken from the first windows; what the encoder made of them is kept for later."""
        first = [(self._prepared(cut), cut.place) for _, cut in zip(range(spoken_language.WINDOWS_HEARD), cuts)]  # noqa: B905
        if not first:
            return []
        answers = [
            self._listener.listen(excerpt, model=self._wanted.model, owner=self._wanted.owner, order=self._wanted.order)
            for excerpt, _ in first
        ]
        try:
            found: list[Listened] = [self._result(answer) for answer in answers]
        except BaseException:
            for answer in answers:
                answer.cancel()
            raise
        self.language = spoken_language.majority([one.chances for one in found])
        self._checkpoint.language = self.language
        return [
            (replace(excerpt, encoded=one.encoded), place) for (excerpt, place), one in zip(first, found, strict=True)
        ]

    def _prepared(self, cut: Cut) -> Excerpt:
        began = time.perf_counter()
        excerpt = excerpt_of(cut.window, self._wanted.model)
        self._features_seconds += time.perf_counter() - began
        return excerpt

    def _told(self, excerpt: Excerpt) -> Excerpt:
        assert self.language is not None
        return replace(excerpt, language=self.language, is_certain=self._wanted.language == self.language.code)

    def _ask(self, place: Place, excerpt: Excerpt) -> None:
        answer = self._listener.hear(
            excerpt,
            self._wanted.manner,
            model=self._wanted.model,
            owner=self._wanted.owner,
            order=self._wanted.order,
        )
        self._asked.append((place, answer))

    def _leave(self) -> None:
        """Keep what is done for the next attempt, and want nothing more."""
        for place, answer in self._asked:
            if not answer.cancel() and answer.done() and answer.exception() is None:
                self._checkpoint.keep(place, answer.result().value)

    def _collect_one(self) -> None:
        place, answer = self._asked[0]
        window = self._result(answer)
        self._asked.popleft()
        self._checkpoint.keep(place, window)
        self._take(place, window)
        self._report()

    def _take(self, place: Place, window: HeardWindow) -> None:
        self._heard[place] = window
        self._ended_at[place.track] = max(self._ended_at[place.track], window.end)

    def _result(self, answer: Future[Answer[Any]]) -> Any:
        began = time.perf_counter()
        while not wait([answer], timeout=_GLANCE_SECONDS).done:
            self._report()
        self._waited_seconds += time.perf_counter() - began
        found = answer.result()
        self._model_seconds += found.seconds
        return found.value

    def _report(self) -> None:
        waiting = {place.track for place, _ in self._asked}
        done = min(
            self._ended_at[track] if track in waiting else self._front_end.settled_seconds(track)
            for track in range(self._front_end.tracks)
        )
        self.done = max(self.done, done)
        self._on_progress(Progress(done=self.done, total=self._front_end.stated_seconds, spent=self.spent))
