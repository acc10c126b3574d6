"""What the model made of an excerpt, and whether that can be believed; pure.

The thresholds are those of the Whisper paper (Radford et al. 2022, 4.5) and of its reference implementation.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gpu_worker.speech.excerpt import Excerpt, Language
from gpu_worker.speech.phantoms import is_phantom

_NO_SPEECH: Final = 0.6
_UNLIKELY: Final = -1.0
_REPETITIVE: Final = 2.4

# Nobody speaks faster than about 25 letters a second in any script.
_MOST_LETTERS_A_SECOND: Final = 45
# "no, no, no" is said; more of the same is the model's.
_MOST_REPEATS: Final = 4
_LONGEST_PHRASE: Final = 12
_THIN_SPEECH: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One text for one excerpt. `tokens` hold timestamps where words get no times of their own."""

    excerpt: Excerpt
    language: Language
    tokens: tuple[int, ...]
    first_time: int
    """The least token that is a time and no text."""
    text: str
    likelihood: float
    no_speech: float
    was_cut_off: bool = False
    """Whether the model had more to say than fits."""

    @property
    def repeats_itself(self) -> bool:
        """Whether it is caught in a loop."""
        return compression(self.text) > _REPETITIVE or self.loop_starts_at is not None

    @property
    def loop_starts_at(self) -> int | None:
        """Where in its tokens it begins to repeat itself, whatever times are between the phrases."""
        places = [place for place, token in enumerate(self.tokens) if token < self.first_time]
        start = loop_start([self.tokens[place] for place in places])
        return None if start is None else places[start]

    @property
    def is_suspicious(self) -> bool:
        """Whether a second reading is worth its time."""
        seconds = max(0.5, self.excerpt.window.speech_seconds)
        return (
            self.was_cut_off
            or self.repeats_itself
            or len(self.text) > _MOST_LETTERS_A_SECOND * seconds
            or (self.likelihood < _UNLIKELY and bool(self.text))
        )

    @property
    def is_credible(self) -> bool:
        """Whether it was said: Whisper makes up polite sentences where nobody speaks, and tells in its numbers."""
        if not self.text:
            return False
        made_up = self.no_speech > _NO_SPEECH and self.likelihood < _UNLIKELY
        is_thin = self.no_speech > _NO_SPEECH or self.excerpt.window.speech_seconds < _THIN_SPEECH
        return not made_up and not (is_thin and is_phantom(self.text))


def better(first: Reading, second: Reading) -> Reading:
    """Return the reading to keep: what still repeats itself or says nothing is worst, then what is less likely."""
    return max(first, second, key=lambda reading: (bool(reading.text), not reading.repeats_itself, reading.likelihood))


def without_loop(reading: Reading) -> Reading:
    """Cut a reading where it begins to repeat itself; its text has to be made anew from the tokens."""
    start = reading.loop_starts_at
    return reading if start is None else replace(reading, tokens=reading.tokens[:start])


def loop_start(tokens: Sequence[int]) -> int | None:
    """Return where the second of more than `_MOST_REPEATS` equal phrases in a row begins, or None."""
    for begin in range(len(tokens)):
        for length in range(1, min(_LONGEST_PHRASE, (len(tokens) - begin) // (_MOST_REPEATS + 1)) + 1):
            phrase = tokens[begin : begin + length]
            if all(
                tokens[begin + length * again : begin + length * (again + 1)] == phrase
                for again in range(1, _MOST_REPEATS + 1)
            ):
                return begin + length
    return None


def compression(text: str) -> float:
    """Return by how much a text shrinks; what repeats itself shrinks a lot."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0
