"""Who speaks when, told by voice, and how that goes into a transcript."""

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

from functions.core.errors import ParleyError
from functions.core.jobs.results import Segment, Word
from gpu_worker.speech.audio import Samples

_NEAR: Final = 1.0  # seconds: the two models disagree about where speech begins and ends, but not by more
_SHORTEST_CHANGE: Final = 0.3  # seconds: shorter turns are jitter of one model against the other


class SpeakersUnknown(ParleyError):
    """Nobody can be told apart in this recording. `detail` is a sentence for the notes of its transcript."""

    code = "speakers-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Somebody speaks, in seconds of the recording. Turns overlap where several speak at once."""

    start: float
    end: float
    speaker: int


class Diarizer(Protocol):
    """Tells the voices of a recording apart."""

    @property
    def name(self) -> str:
        """What the transcript calls it."""

    def turns(
        self,
        sound: Iterable[Samples],
        *,
        speakers: int | None = None,
        on_progress: Callable[[float, float | None], None],
    ) -> list[Turn]:
        """Return who speaks when, in order of time. `speakers` is how many there are, if somebody knows.

        `sound` is all of the recording in mono, block by block. `on_progress` is called about every second, with the
        seconds done and the seconds in all; it may raise, to stop the work.

        Raises:
            SpeakersUnknown: the recording is longer than it takes, or it broke off.
        """


def with_speakers(
    segments: Iterable[Segment], turns: Iterable[Turn], *, names: Callable[[int], str] = "Speaker {}".format
) -> tuple[Segment, ...]:
    """Say of each segment who speaks, and split those in which somebody else goes on. No text or word is lost.

    `names` makes a name of a number; numbers count from 1 in order of first appearance.
    """
    timetable = _Timetable(turns)
    told = [piece for segment in segments for piece in _told(segment, timetable)]
    told.sort(key=lambda piece: piece[0].start)
    numbers: dict[int, int] = {}
    for _, speaker in told:
        if speaker is not None:
            numbers.setdefault(speaker, len(numbers) + 1)
    return tuple(
        replace(segment, id=i, speaker=None if speaker is None else names(numbers[speaker]))
        for i, (segment, speaker) in enumerate(told)
    )


class _Timetable:
    """Looks turns up by time."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns = sorted(turns, key=lambda turn: turn.start)
        self._starts = [turn.start for turn in self._turns]
        # Rising, unlike the ends themselves: a long turn may outlast those that began after it.
        self._latest_ends = list(itertools.accumulate((turn.end for turn in self._turns), max))

    def speaker(self, start: float, end: float) -> int | None:
        """Return who is heard longest in that time, or else nearest to it."""
        first = bisect_left(self._latest_ends, start - _NEAR)
        last = bisect_right(self._starts, end + _NEAR)
        heard: dict[int, float] = defaultdict(float)
        nearest, distance = None, _NEAR
        for turn in self._turns[first:last]:
            gap = max(turn.start - end, start - turn.end)
            if gap < 0:
                heard[turn.speaker] += min(end, turn.end) - max(start, turn.start)
            elif gap < distance or (nearest is None and gap == distance):
                nearest, distance = turn.speaker, gap
        return max(heard, key=heard.__getitem__) if heard else nearest


@dataclass(frozen=True, slots=True)
class _Run:
    """Words that one speaker says without a break."""

    speaker: int | None
    words: tuple[Word, ...]

    @property
    def seconds(self) -> float:
        return self.words[-1].end - self.words[0].start


def _told(segment: Segment, timetable: _Timetable) -> Iterator[tuple[Segment, int | None]]:
    """Pair the segment, or its pieces, with their speakers."""
    runs = _smoothed(_runs(segment.words, timetable))
    if len(runs) == 1 and runs[0].speaker is not None:
        yield segment, runs[0].speaker
    elif len(runs) > 1 and (texts := _texts(segment.text, runs)):
        yield from zip(_pieces(segment, runs, texts), (run.speaker for run in runs), strict=True)
    else:
        yield segment, timetable.speaker(segment.start, segment.end)


def _runs(words: tuple[Word, ...], timetable: _Timetable) -> list[_Run]:
    """Words that nobody is heard near to go with the ones before them, or else with the first that are told."""
    heard = [timetable.speaker(word.start, word.end) for word in words]
    speakers = _carried_on(_carried_on(heard)[::-1])[::-1]
    return _joined(_Run(speaker, (word,)) for speaker, word in zip(speakers, words, strict=True))


def _carried_on(speakers: list[int | None]) -> list[int | None]:
    carried: list[int | None] = []
    for speaker in speakers:
        carried.append(carried[-1] if speaker is None and carried else speaker)
    return carried


def _joined(runs: Iterable[_Run]) -> list[_Run]:
    return [
        _Run(speaker, tuple(word for run in group for word in run.words))
        for speaker, group in itertools.groupby(runs, key=lambda run: run.speaker)
    ]


def _smoothed(runs: list[_Run]) -> list[_Run]:
    """Give strays to the longer of their neighbours, the shortest first."""
    while strays := [i for i in range(len(runs)) if _is_stray(runs, i)]:
        stray = min(strays, key=lambda i: runs[i].seconds)
        neighbours = runs[max(stray - 1, 0) : stray] + runs[stray + 1 : stray + 2]
        host = max(neighbours, key=lambda run: run.seconds)
        runs = _joined([*runs[:stray], replace(runs[stray], speaker=host.speaker), *runs[stray + 1 :]])
    return runs


def _is_stray(runs: list[_Run], i: int) -> bool:
    """Whether a change of speaker is too short to be one, or a single word in the middle of somebody's sentence."""
    if len(runs) < 2:
        return False
    if runs[i].seconds < _SHORTEST_CHANGE:
        return True
    in_the_middle = 0 < i < len(runs) - 1 and runs[i - 1].speaker == runs[i + 1].speaker
    return in_the_middle and len(runs[i].words) == 1


def _texts(text: str, runs: list[_Run]) -> list[str] | None:
    """Cut the text where each run begins. Joining words instead would not do: not all scripts put spaces between."""
    beginnings = []
    position = 0
    for run in runs:
        for number, word in enumerate(run.words):
            found = text.find(word.word.strip(), position)
            if found < 0:
                return None
            if number == 0:
                beginnings.append(found)
            position = found + len(word.word.strip())
    cuts = [0, *beginnings[1:], len(text)]
    texts = [text[begin:end].strip() for begin, end in itertools.pairwise(cuts)]
    return texts if all(texts) else None


def _pieces(segment: Segment, runs: list[_Run], texts: list[str]) -> Iterator[Segment]:
    starts = [segment.start, *(run.words[0].start for run in runs[1:])]
    ends = [*(run.words[-1].end for run in runs[:-1]), segment.end]
    for run, text, start, end in zip(runs, texts, starts, ends, strict=True):
        yield replace(segment, start=start, end=end, text=text, words=run.words)
