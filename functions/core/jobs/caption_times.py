"""When each caption is shown; pure. Times are whole milliseconds here, as in the files."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from functions.core.jobs.caption_layout import Block, Layout, blocks
from functions.core.jobs.results import Segment
from functions.core.jobs.text_units import one_line


@dataclass(frozen=True, slots=True)
class Caption:
    """What is shown from `start` to before `end`."""

    start: int
    end: int
    lines: tuple[str, ...]
    speaker: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A segment's text with the name to show before it, if any."""

    segment: Segment
    text: str
    name: str = ""

    @property
    def shown(self) -> str:
        """All of it."""
        return self.name + self.text


@dataclass(slots=True)
class _Stretch:
    """Time that lines share because they were spoken at once, or one line's own."""

    start: int
    end: int
    lines: list[Line]


def milliseconds(seconds: float) -> int:
    """Return a time as files write it."""
    return max(0, round(seconds * 1000))


def captions(lines: Sequence[Line], layout: Layout) -> Iterator[Caption]:
    """Lay lines out one after the other; no caption starts before the previous one ends."""
    stretches = _stretches(lines)
    for stretch, then in pairwise([*stretches, None]):
        assert stretch is not None
        # A millisecond for each line at least, where there was any time at all.
        end = stretch.end if stretch.end == stretch.start else max(stretch.end, stretch.start + len(stretch.lines))
        end = end if then is None else min(end, then.start)
        yield from _share(stretch.lines, stretch.start, end, layout)


def _stretches(lines: Sequence[Line]) -> list[_Stretch]:
    found: list[_Stretch] = []
    for line in lines:
        start, end = milliseconds(line.segment.start), milliseconds(line.segment.end)
        end = max(end, start + (line.segment.end > line.segment.start))
        if found and _at_once(found[-1], start, end):
            found[-1].lines.append(line)
            found[-1].end = max(found[-1].end, end)
        else:
            found.append(_Stretch(start, end, [line]))
    return found


def _at_once(stretch: _Stretch, start: int, end: int) -> bool:
    # A little overlap is cut off the earlier one. Cutting off more than half would leave no time to read it.
    overlap, shorter = min(stretch.end, end) - start, min(stretch.end - stretch.start, end - start)
    return start < stretch.start or (start < stretch.end and 2 * overlap >= shorter)


def _share(lines: list[Line], start: int, end: int, layout: Layout) -> Iterator[Caption]:
    """Divide a stretch among its lines by their lengths."""
    parts = [blocks(line.shown, layout, name_length=len(line.name)) for line in lines]
    if start < end < start + sum(map(len, parts)):
        # Less than a millisecond for each: nobody could read them one by one either.
        parts = [[_whole(part)] for part in parts]
    letters = [_letters(line.shown) for line in lines]
    ends = [start + (end - start) * sum(letters[: at + 1]) / sum(letters) for at in range(len(lines))]
    needed = sum(map(len, parts))
    for line, part, wanted in zip(lines, parts, ends, strict=True):
        needed -= len(part)
        stop = _between(wanted, start + len(part), end - needed) if needed else end
        yield from _timed(line, part, start, min(stop, end))
        start = min(stop, end)


def _timed(line: Line, parts: list[Block], start: int, end: int) -> Iterator[Caption]:
    """Show each part while its words are spoken; the first starts and the last ends with the segment."""
    spoken = _Spoken(line)
    length, from_letter, at = end - start, 0, start
    for number, part in enumerate(parts):
        to_letter = from_letter + _letters(line.shown[part.start : part.end])
        later = len(parts) - number - 1
        first = _between(start + spoken.starts(from_letter) * length, at, end - later - 1) if number else start
        at = _between(start + spoken.ends(to_letter) * length, first + 1, end - later) if later else end
        yield Caption(min(first, end), min(at, end), part.lines, line.segment.speaker)
        from_letter = to_letter


class _Spoken:
    """At which share (0..1) of a segment a letter of its line is spoken.

    Letters are counted, not compared: words that differ a little from the text still time it.
    """

    def __init__(self, line: Line) -> None:
        segment = line.segment
        timed = [(_letters(one_line(word.word)), word.start, word.end) for word in segment.words]
        words = [word for word in timed if word[0]] or [(_letters(line.text), segment.start, segment.end)]
        count, start, end = words[0]
        self._words = [(count + _letters(line.name), start, end), *words[1:]]
        self._edges = [0, *accumulate(count for count, _, _ in self._words)]
        self._scale = self._edges[-1] / _letters(line.shown)
        self._segment = segment

    def starts(self, letter: int) -> float:
        """Return when the letter behind so many begins."""
        return self._share(letter, bisect_right(self._edges, letter * self._scale) - 1)

    def ends(self, letter: int) -> float:
        """Return when the last of so many letters is over."""
        return self._share(letter, bisect_left(self._edges, letter * self._scale) - 1)

    def _share(self, letter: int, word: int) -> float:
        word = _between(word, 0, len(self._words) - 1)
        count, start, end = self._words[word]
        time = start + (end - start) * (letter * self._scale - self._edges[word]) / count
        length = self._segment.end - self._segment.start
        return min(1.0, max(0.0, (time - self._segment.start) / length)) if length > 0 else 0.0


def _whole(parts: list[Block]) -> Block:
    return Block(parts[0].start, parts[-1].end, tuple(line for part in parts for line in part.lines))


def _letters(text: str) -> int:
    return sum(map(len, text.split()))


def _between(value: float, low: int, high: int) -> int:
    return max(low, min(high, round(value)))
