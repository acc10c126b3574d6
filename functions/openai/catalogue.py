"""Which models this house goes by: OpenAI's names, which mean its own choice, and the names of its models."""

from typing import Final

from functions.core.errors import Invalid, NotFound
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.speech_models import MODELS

DIARIZING: Final = "gpt-4o-transcribe-diarize"
ALIASES: Final = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", DIARIZING)


def names(allowed: AllowedModels) -> tuple[str, ...]:
    """Return what a request may name: OpenAI's names, and those models of the house that people may ask for."""
    return (*ALIASES, *allowed.names)


def known(name: str, allowed: AllowedModels) -> str:
    """Return the name of a model; raises NotFound as OpenAI does, also for one that nobody may ask for."""
    if name not in names(allowed):
        offered = f" Of our own, these are offered: {', '.join(allowed.names)}." if name in MODELS else ""
        detail = f"The model '{name}' does not exist or you do not have access to it.{offered}"
        raise NotFound(detail, code="model_not_found", param="model")
    return name


def chosen_model(name: str, allowed: AllowedModels, *, translates: bool) -> str | None:
    """Return which model a job shall name; None for the one that the house is set to.

    Raises:
        NotFound: there is none of that name.
        Invalid: it is one that cannot translate.
    """
    if known(name, allowed) in ALIASES:
        return None
    if translates and not MODELS[name].translates:
        raise Invalid(f"The model '{name}' cannot translate.", code="unsupported_value", param="model")
    return name
