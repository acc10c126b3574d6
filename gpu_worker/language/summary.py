"""What makes a summary out of a transcript, whichever engine does it."""

from collections.abc import Callable
from typing import Protocol

from functions.core.jobs.results import Summary, Transcript
from gpu_worker.language.chat import ChatSummariser
from gpu_worker.language.endpoint import DEEPSEEK_MODEL, DEEPSEEK_URL, ChatEndpoint
from gpu_worker.language.extractive import ExtractiveSummariser
from gpu_worker.language.failures import SummaryMisconfigured, SummaryUnavailable

__all__ = ["Summariser", "SummaryMisconfigured", "SummaryUnavailable", "choose_summariser"]


class Summariser(Protocol):
    """An engine."""

    @property
    def engine(self) -> str:
        """Its name, as in the summaries that it makes."""

    def summarise(self, transcript: Transcript, *, on_progress: Callable[[float], None]) -> Summary:
        """Summarise what was said; progress goes from 0 to 1.

        Raises:
            SummaryUnavailable: try again later.
            SummaryMisconfigured: somebody has to mend the settings first.
        """


def choose_summariser(
    *,
    api_key: str = "",
    base_url: str = DEEPSEEK_URL,
    model: str = DEEPSEEK_MODEL,
    timeout: float = 180.0,
) -> Summariser:
    """A language model where there is a key for one, the offline engine where there is none.

    Args:
        api_key: of the chat API; Ollama and other local servers take any word.
        base_url: of any OpenAI-compatible API, up to and without `/chat/completions`.
        model: as the API calls it.
        timeout: seconds for one whole answer.

    Raises:
        SummaryMisconfigured: the address or the key cannot be one.
    """
    key = api_key.strip()
    if not key:
        return ExtractiveSummariser()
    return ChatSummariser(ChatEndpoint(base_url=base_url, model=model, api_key=key, timeout=timeout))
