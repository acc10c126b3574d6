"""Cuts a recording into windows that a speech model takes in one go, at pauses where there are any."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from gpu_worker.speech.audio import SAMPLE_RATE, Samples
from gpu_worker.speech.voice_activity import Region

# A longer pause is not worth the model's time, and invites it to make words up.
LONGEST_PAUSE_INSIDE: Final = 2 * SAMPLE_RATE
# Cuts are looked for at the end of a full window, but not before its middle: among several pauses the longest ends a
# sentence, and what a window is short of is work for one more.
_CUT_WITHIN: Final = 6.0
_EARLIEST_CUT: Final = 1 / 2
_LOUDNESS_SPAN: Final = int(0.1 * SAMPLE_RATE)
_SHORTEST_LIMIT: Final = 2.0


@dataclass(frozen=True, slots=True)
class Window:
    """A contiguous stretch of the recording: a time inside it is `start` plus the time in `samples`."""

    start: float
    samples: Samples
    speech: tuple[tuple[float, float], ...]  # where in it somebody speaks, in seconds of the recording
    is_whole: bool = False
    """Whether it holds all the speech that the recording has."""

    @property
    def end(self) -> float:
        """Seconds from the start of the recording."""
        return self.start + len(self.samples) / SAMPLE_RATE

    @property
    def speech_seconds(self) -> float:
        """How long somebody speaks in it."""
        return sum(end - start for start, end in self.speech)


class Detector(Protocol):
    """What finds speech: `voice_activity.SpeechDetector`, or a stand-in."""

    @property
    def settled(self) -> int:
        """The sample before which all speech has been reported."""

    def add(self, block: Samples) -> list[Region]:
        """Take the next block; return the speech that became certain."""

    def finish(self) -> list[Region]:
        """Return the speech that the end of the recording makes certain."""


class WindowCutter:
    """Cuts one recording. Keeps one window's worth of sound, however long the recording is."""

    def __init__(self, detector: Detector, window_seconds: float, *, padding_ms: int = 250) -> None:
        """`padding_ms`: the detector hears a word a little late, and consonants at its ends not at all."""
        if window_seconds < _SHORTEST_LIMIT:
            message = f"windows of {window_seconds} s are too short to cut speech into"
            raise ValueError(message)
        self._detector = detector
        self._limit = int(window_seconds * SAMPLE_RATE)
        self._earliest_cut = max(int(self._limit * _EARLIEST_CUT), self._limit - int(_CUT_WITHIN * SAMPLE_RATE))
        self._padding = padding_ms * SAMPLE_RATE // 1000
        self._sound = _Tape()
        self._start = 0  # of the window being filled; it ends where its last run does
        self._runs: list[Region] = []  # speech in it, with pauses between
        self._cut_at = 0  # the end of the last window

    @property
    def settled_seconds(self) -> float:
        """Up to here, everything is silence or in a window that was handed out."""
        return (self._start if self._runs else self._detector.settled) / SAMPLE_RATE

    def add(self, block: Samples) -> Iterator[Window]:
        """Take the next block; yield the windows that are full."""
        self._sound.append(block)
        yield from self._take(self._detector.add(block))
        if self._runs and self._detector.settled - self._runs[-1].end > LONGEST_PAUSE_INSIDE:
            yield self._close(self._runs[-1].end + self._padding)
        needed = self._start if self._runs else self._detector.settled - self._padding
        self._sound.forget_before(max(self._cut_at, needed))

    def finish(self) -> Iterator[Window]:
        """Yield what is left at the end of the recording."""
        yield from self._take(self._detector.finish())
        if self._runs:
            yield self._close(self._runs[-1].end + self._padding)

    def _take(self, regions: Iterable[Region]) -> Iterator[Window]:
        for region in regions:
            is_far = bool(self._runs) and region.start - self._runs[-1].end > LONGEST_PAUSE_INSIDE
            finished = self._close(self._runs[-1].end + self._padding) if is_far else None
            # Before the window is handed out: until then nothing would know of this region as not settled.
            self._append(region)
            if finished is not None:
                yield finished
            while self._runs[-1].end - self._start > self._limit:
                yield self._split()

    def _append(self, region: Region) -> None:
        if not self._runs:
            self._start = max(region.start - self._padding, self._cut_at)
            self._runs = [region]
        elif self._runs[-1].end == region.start:
            self._runs[-1] = Region(self._runs[-1].start, region.end)
        else:
            self._runs.append(region)

    def _split(self) -> Window:
        """Hand out the first part of a window that grew too long; the rest begins the next one."""
        pause = self._best_pause()
        if pause is None:
            cut = self._quietest_place()
            speech = self._runs[0]
            rest = [Region(cut, speech.end), *self._runs[1:]]
            next_start = cut
        else:
            before, rest = self._runs[pause], self._runs[pause + 1 :]
            padding = min(self._padding, (rest[0].start - before.end) // 2)
            cut, next_start = before.end + padding, rest[0].start - padding
        window = self._close(cut)
        self._start, self._runs = next_start, rest
        return window

    def _best_pause(self) -> int | None:
        """The longest pause in the second half of the limit, or the last pause before it."""
        latest = self._start + self._limit
        usable = [i for i in range(len(self._runs) - 1) if self._runs[i].end <= latest]
        late = [i for i in usable if self._runs[i].end >= self._start + self._earliest_cut]
        if late:
            return max(late, key=lambda i: self._runs[i + 1].start - self._runs[i].end)
        return usable[-1] if usable else None

    def _quietest_place(self) -> int:
        first = self._start + self._earliest_cut
        sound = self._sound.read(first, self._start + self._limit)
        energy = np.cumsum(np.square(sound, dtype=np.float64))
        loudness = energy[_LOUDNESS_SPAN:] - energy[:-_LOUDNESS_SPAN]
        return first + int(np.argmin(loudness)) + _LOUDNESS_SPAN // 2

    def _close(self, end: int) -> Window:
        end = min(end, self._start + self._limit, self._sound.end)
        speech = tuple(
            (run.start / SAMPLE_RATE, min(run.end, end) / SAMPLE_RATE) for run in self._runs if run.start < end
        )
        window = Window(self._start / SAMPLE_RATE, self._sound.read(self._start, end), speech)
        self._cut_at = end
        self._runs = []
        return window


class _Tape:
    """The newest stretch of sound, addressed by sample numbers of the whole recording."""

    def __init__(self) -> None:
        self._sound = np.zeros(0, np.float32)
        self._first = 0

    @property
    def end(self) -> int:
        return self._first + len(self._sound)

    def append(self, block: Samples) -> None:
        self._sound = np.concatenate([self._sound, block])

    def read(self, start: int, end: int) -> Samples:
        return self._sound[start - self._first : end - self._first].copy()

    def forget_before(self, sample: int) -> None:
        if sample > self._first:
            self._sound = self._sound[sample - self._first :].copy()
            self._first = sample


def halves(window: Window) -> tuple[Window, Window] | None:
    """Cut a window in two at its pause nearest to the middle, or in the middle; None if it is too short for that."""
    if len(window.samples) < 2 * _SHORTEST_LIMIT * SAMPLE_RATE:
        return None
    middle = (window.start + window.end) / 2
    pauses = [(before[1] + after[0]) / 2 for before, after in itertools.pairwise(window.speech)]
    near = [pause for pause in pauses if abs(pause - middle) < (window.end - window.start) / 4]
    at = round((min(near, key=lambda pause: abs(pause - middle)) if near else middle) * SAMPLE_RATE)
    inside = at - round(window.start * SAMPLE_RATE)
    cut = at / SAMPLE_RATE
    return (
        Window(window.start, window.samples[:inside], _clipped(window.speech, window.start, cut)),
        Window(cut, window.samples[inside:], _clipped(window.speech, cut, window.end)),
    )


def _clipped(speech: tuple[tuple[float, float], ...], start: float, end: float) -> tuple[tuple[float, float], ...]:
    return tuple((max(start, begins), min(end, ends)) for begins, ends in speech if begins < end and start < ends)
