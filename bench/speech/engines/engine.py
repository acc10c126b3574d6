"""What the harness asks of an engine."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from bench.speech.recordings import Recording

WINDOW_SECONDS: Final = 30
LANGUAGE: Final = "en"
_TEXT: Final = 50_257
_ALL_BUT_LANGUAGES: Final = 51_766


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """How to load an engine, and how many tokens it shall say in each window: no more, no fewer."""

    model: Path
    languages: int
    threads: int
    tokens: int

    @property
    def unsaid(self) -> list[int]:
        """List every token that is not text, the end above all: with these suppressed, nothing ends early."""
        return list(range(_TEXT, _ALL_BUT_LANGUAGES + self.languages))


class Done(NamedTuple):
    """A recording that is finished, by its place among those that were given, and how many tokens it has."""

    place: int
    tokens: int


class Engine(ABC):
    """A loaded engine."""

    def prepare(self, recordings: Sequence[Recording]) -> None:
        """Do what shall not count; most have nothing of the kind."""
        del recordings

    @abstractmethod
    def transcribe(self, recordings: Sequence[Recording]) -> Iterator[Done]:
        """Transcribe files, each yielded when it is finished, in whichever order the engine finishes them.

        They are given in the order in which they came in.
        """
