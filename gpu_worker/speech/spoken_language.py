"""Which language is spoken, from what the model thinks of single windows; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from gpu_worker.speech.excerpt import Language
from gpu_worker.speech.windows import Window

Chances = Mapping[str, float]
"""Probability by language code."""

WINDOWS_HEARD: Final = 3
"""So many windows decide what a recording's language is."""

# A window is read in another language than its recording's only if it is clearly that and clearly not the other:
# a wrong switch turns good text into nonsense, and a missed one mostly a loan word into another spelling.
_CLEARLY: Final = 0.9
_HARDLY: Final = 0.05
_LEAST_SPEECH: Final = 2.0


def majority(heard: Sequence[Chances]) -> Language:
    """Return the language of most windows; among equals, the one that is surer."""
    best_of_each = [max(chances.items(), key=lambda pair: pair[1]) for chances in heard]
    votes = Counter(code for code, _ in best_of_each)
    code, _ = max(best_of_each, key=lambda pair: (votes[pair[0]], pair[1]))
    sure = [chance for other, chance in best_of_each if other == code]
    return Language(code=code, probability=round(sum(sure) / len(heard), 4))


def of_window(chances: Chances, recording: Language, window: Window) -> Language:
    """Return what a window is to be read in: the recording's language, or clearly another."""
    code, chance = max(chances.items(), key=lambda pair: pair[1])
    is_switch = (
        code != recording.code
        and chance >= _CLEARLY
        and chances.get(recording.code, 0.0) <= _HARDLY
        and window.speech_seconds >= _LEAST_SPEECH
    )
    return Language(code=code, probability=round(chance, 4)) if is_switch else recording
