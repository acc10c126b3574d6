"""Where a line of text may be cut in any script; pure.

Grapheme clusters are those of https://www.unicode.org/reports/tr29/, or larger where the standard library has no table:
what belongs together is never cut.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SENTENCE: Final = 0.0
CLAUSE: Final = 0.15
ANYWHERE: Final = 0.4
NEVER_GLADLY: Final = 1.0

_BREAKS: Final = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_NO_TEXT: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters and what no XML and no UTF-8 may hold."""

_WORD: Final = re.compile(r"\S+(?:[\u00a0\u2007\u202f]+\S+)*")
"""What stands between spaces, those that forbid a break not counted."""

# Thai, Lao, Tibetan, Myanmar, Khmer, Tai; East Asian scripts and punctuation; pictures.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u200b\u2600-\u27bf\u2e80-\u312f\u31a0-\ua4cf"
    "\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U0001b000-\U0001b16f\U0001f000-\U0001faff\U00020000-\U0003ffff]"
)
_ZWJ: Final = "\u200d"
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]")
_ATTACHED: Final = re.compile("[\u0e33\u0eb3\u200c\u200d\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""What belongs to the character before it and is not marked so: Thai and Lao AM, joiners, skin tones, tags."""
_LEADING: Final = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0e40-\u0e44\u0ec0-\u0ec4]")
"""What belongs to the character after it: Arabic number signs, Thai and Lao vowels written first."""
_JAMO: Final = re.compile("[\u1100-\u11ff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb][\u1160-\u11ff\ud7b0-\ud7fb]")
_INITIAL_JAMO: Final = re.compile("[\u1100-\u115f\ua960-\ua97c][\u1100-\u115f\ua960-\ua97c\uac00-\ud7a3]")

_ENDS_SENTENCE: Final = tuple(".!?…。！？｡؟۔।॥။።")
_ENDS_CLAUSE: Final = tuple(",;:—–、，；：､،؛·၊៖")
_CLOSING: Final = "\"'»”’)]}」』）】》〉〕］｝｣"
_NOT_FIRST: Final = frozenset(
    "、。，．・：；！？｡､ー々ゝゞヽヾ…‥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶๆฯ་།" + _CLOSING
)
_OPENING: Final = tuple("([{«“‘「『（【《〈〔［｛｢")


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of a text that stays whole, and how unwelcome a cut behind it is (0..1)."""

    start: int
    end: int
    cost: float


def one_line(text: str) -> str:
    """Return a text without line breaks, tabs and what is no text at all."""
    parts = (_NO_TEXT.sub("", part).strip() for part in _BREAKS.split(text))
    return " ".join(part for part in parts if part)


def clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each character, as a reader sees characters, starts and ends."""
    start = 0
    for at in range(1, len(text)):
        is_second_half = at == start + 1 and _FLAG.match(text[at - 1]) and _FLAG.match(text[at])
        if not is_second_half and not _belong_together(text[at - 1], text[at]):
            yield start, at
            start = at
    if text:
        yield start, len(text)


def units(text: str) -> list[Unit]:
    """Divide a line into words; in scripts without spaces and between pictures, into characters."""
    spans: list[tuple[int, int]] = []
    for word in _WORD.finditer(text):
        start = word.start()
        if spans and _belong_together(text[start - 1], text[start]):
            start = spans.pop()[0]
        spans += _parts(text, start, word.end())
    ends = [*(start for start, _ in spans[1:]), len(text)]
    return [Unit(start, end, _cost(text, start, end, then)) for (start, end), then in zip(spans, ends, strict=True)]


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    first, breakable = start, True
    for low, _ in clusters(text[start:end]):
        at, was_breakable = start + low, breakable
        breakable = _UNSPACED.match(text, at) is not None
        if at > first and (breakable or was_breakable):
            yield first, at
            first = at
    yield first, end


def _belong_together(before: str, after: str) -> bool:
    pair = before + after
    if pair.isascii():
        return False
    return (
        before == _ZWJ
        or unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or _ATTACHED.match(after) is not None
        or _LEADING.match(before) is not None
        # A virama joins two consonants to one sign.
        or (unicodedata.combining(before) == 9 and unicodedata.category(after) == "Lo")
        or _JAMO.match(pair) is not None
        or _INITIAL_JAMO.match(pair) is not None
    )


def _cost(text: str, start: int, end: int, then: int) -> float:
    unit = text[start:end]
    if unit.endswith(_OPENING) or (then == end < len(text) and text[then] in _NOT_FIRST):
        return NEVER_GLADLY
    said = unit.rstrip(_CLOSING)
    if said.endswith(_ENDS_SENTENCE):
        return SENTENCE
    return CLAUSE if said.endswith(_ENDS_CLAUSE) or said != unit else ANYWHERE
