"""What every language model is to us, wherever it runs: one question, one answer, three ways to fail."""

import re
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from gpu_worker.language.failures import SummaryUnavailable

Message = dict[str, str]

_PAUSES: Final = (1.0, 5.0)
_LONGEST_PAUSE: Final = 30.0
_TOO_LONG: Final = re.compile(
    r"context.?length|maximum context|context (?:window|limit)|too many (?:input )?tokens|too many total text bytes"
    r"|too long",
    re.IGNORECASE,
)


class TextTooLong(Exception):
    """The model cannot take this much at once; `characters` is what it can, where it let us know."""

    def __init__(self, characters: int | None = None) -> None:
        super().__init__("The text is too long for this model.")
        self.characters = characters


class LanguageModel(Protocol):
    """Somebody to ask."""

    @property
    def model(self) -> str:
        """Its name, as people know it."""

    def ask(self, messages: Sequence[Message]) -> str:
        """The model's answer, with a few patient tries; it may be empty.

        Raises:
            SummaryUnavailable: no answer now.
            SummaryMisconfigured: there never will be one like this.
            TextTooLong: the same question with less text may work.
        """


def patiently(ask: Callable[[], str], wait: Callable[[float], None]) -> str:
    """Ask, and ask again after a pause while there is no answer; a pause beyond reason is the caller's."""
    for pause in _PAUSES:
        try:
            return ask()
        except SummaryUnavailable as failure:
            asked = pause if failure.retry_after is None else failure.retry_after
            if asked > _LONGEST_PAUSE:
                raise
            wait(asked)
    return ask()


def complains_of_length(said: str) -> bool:
    """Whether a refusal means that the question was too long."""
    return bool(_TOO_LONG.search(said))
