"""Does the transcript bear a sentence out? A cheap check, not a proof: figures, names and the words themselves.

A sentence in another language than the transcript shares no words with it: figures are compared then, and names loosely
where both languages use one script.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from functions.core.jobs.results import Segment, Statement
from gpu_worker.language.figures import figures_claimed, figures_said
from gpu_worker.language.tongues import script_of
from gpu_worker.language.words import WORD, content, fold, is_stop_word, stem

_MOST_CITED: Final = 20
_LEAST_SHARED: Final = 0.2

# Languages that write every noun with a capital letter: there it marks no name.
_CAPITAL_NOUNS: Final = frozenset({"de", "lb"})
_OPENS: Final = re.compile(r"(?:^|[.!?…:;])[\s\"'«»“”(\[\-–—•*]*$")
# After the first word of a sentence these make it somebody to whom a task is given.
_ASSIGNS: Final = re.compile(
    r"\s*(?:[,:]|(?:will|has to|have to|must|should|needs? to|is going to|promised|shall"
    r"|будет|должен|должна|должны|обязан\w*|нужно|надо|обещал\w*)\b)",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[^\s,;<>\"'»”)]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
# A capital letter of English grammar, not of a name.
_ENGLISH_CALENDAR: Final = frozenset(
    [
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march"),
        *("april", "may", "june", "july", "august", "september", "october", "november", "december", "mr", "mrs", "ms"),
    ]
)
# As much of a name as survives from one language to the next: `Munich` and `München`.
_LOOSE: Final = 3
_VOWELS: Final = re.compile(r"[аеиоуыэюяйьъ]")


class Unsupported(Exception):
    """The transcript does not bear the sentence out; the message says what is wrong with it."""


class Evidence:
    """What the segments of a transcript can stand for."""

    def __init__(self, segments: Sequence[Segment], language: str, *, written_in: str | None = None) -> None:
        self._segments = segments
        self._language = language
        self._written_in = written_in or language
        self._is_translated = self._written_in != language
        self._at = {segment.id: at for at, segment in enumerate(segments)}
        self._stems: dict[int, frozenset[str]] = {}

    @property
    def compares_names(self) -> bool:
        """Whether the names in a sentence can be looked for in the transcript."""
        script = script_of(self._written_in)
        return not self._is_translated or (script is not None and script == script_of(self._language))

    def statement(self, text: str, ids: Iterable[int]) -> Statement:
        """The sentence with its evidence, in order of time.

        A neighbour of a cited segment is cited as well where it holds the name or the figure that would be missing:
        a question and its answer are often two segments.

        Raises:
            Unsupported: a segment does not exist, or what the sentence says is not in those that it cites.
        """
        unknown = sorted({id_ for id_ in ids if id_ not in self._at})
        if unknown:
            raise Unsupported(f"there is no segment {unknown[0]}")
        cited = sorted({self._at[id_] for id_ in ids})
        if not cited:
            raise Unsupported("it names no segment")
        if len(cited) > _MOST_CITED:
            raise Unsupported(f"it names {len(cited)} segments, more than anybody would read")
        missing = self._missing(text, cited)
        for at in self._neighbours(cited) if missing else ():
            fewer = self._missing(text, [*cited, at])
            if len(fewer) < len(missing):
                cited, missing = sorted([*cited, at]), fewer
        if missing:
            raise Unsupported(f'"{missing[0]}" is in none of the segments that it names')
        if not self._shares_words(text, cited):
            raise Unsupported("the segments that it names speak of something else")
        return Statement(text=text, segments=tuple(self._segments[at].id for at in cited))

    def _neighbours(self, cited: Sequence[int]) -> list[int]:
        near = {at + step for at in cited for step in (-1, 1)}
        return sorted(at for at in near - set(cited) if 0 <= at < len(self._segments))

    def _missing(self, text: str, cited: Sequence[int]) -> list[str]:
        said = figures_said(" \n ".join(self._text(at) for at in cited))
        figures = [figure for figure, values in figures_claimed(text) if not values & said]
        return self._missing_addresses(text, cited) + figures + self._missing_names(text, cited)

    def _missing_addresses(self, text: str, cited: Sequence[int]) -> list[str]:
        """Where to click or to write: what nobody has said never gets in, in any language."""
        claimed = [match[0].rstrip(".!?") for match in _ADDRESS.finditer(text)]
        said = " ".join(self._text(at) for at in cited).casefold() if claimed else ""
        return [address for address in claimed if address.casefold() not in said]

    def _missing_names(self, text: str, cited: Sequence[int]) -> list[str]:
        if not self.compares_names:
            return []
        stems = frozenset().union(*(self._stems_of(at) for at in cited))
        if not self._is_translated:
            return [name for name in self._names(text) if not _is_said(stem(fold(name), self._language), stems)]
        beginnings = {_loosely(word) for word in stems}
        return [name for name in self._names(text) if _loosely(name) not in beginnings]

    def _names(self, text: str) -> list[str]:
        if self._written_in in _CAPITAL_NOUNS:
            return []
        found = []
        for match in WORD.finditer(text):
            word = match[0]
            if not word[0].isupper() or is_stop_word(fold(word), self._written_in):
                continue
            if self._is_translated and fold(word) in _ENGLISH_CALENDAR:
                continue
            opens = _OPENS.search(text, 0, match.start()) is not None
            if not opens or self._is_name(word) or (self._is_new(word) and _ASSIGNS.match(text, match.end())):
                found.append(word)
        return found

    def _is_name(self, word: str) -> bool:
        return stem(fold(word), self._language) in self._known_names

    def _is_new(self, word: str) -> bool:
        return not _is_said(stem(fold(word), self._language), self._all_stems)

    @cached_property
    def _known_names(self) -> frozenset[str]:
        """Words with a capital letter inside a sentence, and the speakers."""
        found = {stem(word, self._language) for segment in self._segments for word in _folded(segment.speaker or "")}
        for segment in self._segments:
            for match in WORD.finditer(segment.text):
                if match[0][0].isupper() and not _OPENS.search(segment.text, 0, match.start()):
                    found.add(stem(fold(match[0]), self._language))
        return frozenset(found)

    @cached_property
    def _all_stems(self) -> frozenset[str]:
        return frozenset().union(*(self._stems_of(at) for at in range(len(self._segments))))

    def _shares_words(self, text: str, cited: Sequence[int]) -> bool:
        claimed = set(content(text, self._language))
        if not claimed or self._is_translated:
            return bool(claimed)
        stems = frozenset().union(*(self._stems_of(at) for at in cited))
        shared = sum(_is_said(term, stems) for term in claimed)
        return shared >= max(1.0, _LEAST_SHARED * len(claimed))

    def _text(self, at: int) -> str:
        segment = self._segments[at]
        return f"{segment.speaker}: {segment.text}" if segment.speaker else segment.text

    def _stems_of(self, at: int) -> frozenset[str]:
        if at not in self._stems:
            self._stems[at] = frozenset(stem(word, self._language) for word in _folded(self._text(at)))
        return self._stems[at]


def _folded(text: str) -> list[str]:
    # With the parts of compounds: "twenty-five", "Smith-Jones".
    found = [fold(match[0]) for match in WORD.finditer(text)]
    return found + [part for word in found if "-" in word for part in word.split("-") if part]


def _loosely(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", fold(name)) if char.isalnum())[:_LOOSE]


def _is_said(term: str, stems: frozenset[str]) -> bool:
    return term in stems or any(_same_name(term, other) for other in stems)


def _same_name(one: str, other: str) -> bool:
    """Stems that inflection has driven apart: `Павел` and `Павла`, `отправить` and `отправьте`."""
    if one[:1] != other[:1]:
        return False
    if len(one) >= 5 and len(other) >= 5 and one[:5] == other[:5]:
        return True
    bones = _VOWELS.sub("", one)
    return len(bones) >= 2 and "а" <= one[0] <= "я" and bones == _VOWELS.sub("", other)
