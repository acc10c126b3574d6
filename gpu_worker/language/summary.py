"""What makes a summary out of a transcript, whichever engine does it."""

from collections.abc import Callable
from typing import Protocol

from functions.core.jobs.options import SummariseOptions
from functions.core.jobs.results import Summary, Transcript
from gpu_worker.language.bedrock import BedrockModel, is_bedrock
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

    def summarise(
        self, transcript: Transcript, options: SummariseOptions, *, on_progress: Callable[[float], None]
    ) -> Summary:
        """Summarise what was said, as far as the engine can as the options want it; progress goes from 0 to 1.

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
    """A language model where there is a way to one, the offline engine where there is none.

    Args:
        api_key: of the chat API; Ollama and other local servers take any word. Bedrock needs none.
        base_url: of any OpenAI-compatible API, up to and without `/chat/completions`; or `bedrock`, or
            `bedrock:<region>`.
        model: as the API calls it; for Bedrock the id or the ARN of a model or of an inference profile.
        timeout: seconds for one whole answer of the chat API.

    Raises:
        SummaryMisconfigured: the address or the key cannot be one.
    """
    if is_bedrock(base_url.strip()):
        # The default is the name of another house's model.
        named = "" if model == DEEPSEEK_MODEL else model.strip()
        return ChatSummariser(BedrockModel.at(base_url.strip(), model=named))
    key = api_key.strip()
    if not key:
        return ExtractiveSummariser()
    return ChatSummariser(ChatEndpoint(base_url=base_url, model=model, api_key=key, timeout=timeout))


class UnusableSummariser:
    """Stands for a language model that was set wrongly: each summary says so, and transcription goes on."""

    engine = ExtractiveSummariser.engine

    def __init__(self, why: SummaryMisconfigured) -> None:
        self._why = why

    def summarise(
        self,
        transcript: Transcript,  # noqa: ARG002 (as every summariser's)
        options: SummariseOptions,  # noqa: ARG002
        *,
        on_progress: Callable[[float], None],  # noqa: ARG002
    ) -> Summary:
        """Refuse; the caller then has the offline engine do it.

        Raises:
            SummaryMisconfigured: always.
        """
        raise self._why
