"""Which models this house goes by: OpenAI's names, which mean its own choice, and the names of its models."""

from typing import Final

from functions.core.errors import Invalid, NotFound
from functions.core.speech_models import MODELS

DIARIZING: Final = "gpt-4o-transcribe-diarize"
ALIASES: Final = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", DIARIZING)
NAMES: Final = (*ALIASES, *MODELS)


def known(name: str) -> str:
    """Return the name of a model; raises NotFound as OpenAI does."""
    if name not in NAMES:
        raise NotFound(f"The model '{name}' does not exist.", code="model_not_found", param="model")
    return name


def chosen_model(name: str, *, translates: bool) -> str | None:
    """Return which model a job shall name; None for the one that the house is set to.

    Raises:
        NotFound: there is none of that name.
        Invalid: it is one that cannot translate.
    """
    if known(name) in ALIASES:
        return None
    if translates and not MODELS[name].translates:
        raise Invalid(f"The model '{name}' cannot translate.", code="unsupported_value", param="model")
    return name
