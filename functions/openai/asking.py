"""What OpenAI's parameters ask for, in this house's terms."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from fastapi import Form
from pydantic import BaseModel, Field, ValidationError

from functions.api.forms import validated
from functions.core.errors import Invalid
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.jobs.options import Speakers, TranscribeOptions, VoiceActivity
from functions.core.languages import language_code
from functions.core.speech_models import WHISPER_PROMPT_CHARACTERS
from functions.openai.catalogue import DIARIZING, chosen_model

_PARAM_OF: Final = {"vocabulary": "hotwords", "vad": "chunking_strategy"}


class ResponseFormat(StrEnum):
    """How a transcript is written."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VERBOSE_JSON = "verbose_json"
    VTT = "vtt"
    DIARIZED_JSON = "diarized_json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What an answer looks like."""

    format: ResponseFormat
    granularities: tuple[str, ...] = ()
    streams: bool = False


class Chunking(BaseModel):
    """`server_vad`, as OpenAI describes it."""

    type: Literal["server_vad"]
    threshold: float | None = Field(default=None, ge=0, le=1)
    prefix_padding_ms: int | None = Field(default=None, ge=0)
    silence_duration_ms: int | None = Field(default=None, ge=0)


def chunking(
    strategy: Annotated[
        str | None,
        Form(alias="chunking_strategy", description="`auto`, or `server_vad` with its fields, as JSON or one by one"),
    ] = None,
    kind: Annotated[Literal["server_vad"] | None, Form(alias="chunking_strategy[type]")] = None,
    threshold: Annotated[float | None, Form(alias="chunking_strategy[threshold]", ge=0, le=1)] = None,
    padding: Annotated[int | None, Form(alias="chunking_strategy[prefix_padding_ms]", ge=0)] = None,
    silence: Annotated[int | None, Form(alias="chunking_strategy[silence_duration_ms]", ge=0)] = None,
) -> Chunking | None:
    """Read how speech is told from silence; None for the house's own way, which is `auto`."""
    if kind is not None:
        return Chunking(type=kind, threshold=threshold, prefix_padding_ms=padding, silence_duration_ms=silence)
    if strategy is None or strategy == "auto":
        return None
    try:
        return validated(Chunking, json.loads(strategy))
    except ValueError as error:
        raise Invalid(
            "Invalid value for 'chunking_strategy': it is 'auto', or a JSON object of type 'server_vad'.",
            code="invalid_value",
            param="chunking_strategy",
        ) from error


def options_of(  # noqa: PLR0913 - what both routes may ask for
    model: str,
    shape: Shape,
    allowed: AllowedModels,
    *,
    translates: bool = False,
    language: str | None = None,
    prompt: str | None = None,
    hotwords: str | None = None,
    chunking: Chunking | None = None,
) -> TranscribeOptions:
    """Return the options of the job.

    Raises:
        NotFound: there is no such model, or not for people to ask for.
        Invalid: the model cannot do it, or a parameter is wrong.
    """
    if shape.granularities and shape.format is not ResponseFormat.VERBOSE_JSON:
        raise Invalid(
            "'timestamp_granularities' needs the response_format 'verbose_json'.",
            code="unsupported_value",
            param="timestamp_granularities",
        )
    diarizes = model == DIARIZING or shape.format is ResponseFormat.DIARIZED_JSON
    fields = {
        "model": chosen_model(model, allowed, translates=translates),
        "task": "translate" if translates else "transcribe",
        "language": _code_of(language),
        "initial_prompt": _prompt(prompt),
        "vocabulary": _terms(hotwords),
        "word_timestamps": True if "word" in shape.granularities else None,
        "speakers": Speakers.AUTO if diarizes else Speakers.NONE,
        "vad": _voice_activity(chunking),
    }
    try:
        return TranscribeOptions.model_validate(fields)
    except ValidationError as error:
        raise _wrong(error) from error


def refuse_what_no_whisper_can(*, include: list[str], speakers: list[str]) -> None:
    """Refuse what OpenAI's whisper-1 refuses too, rather than leave it out unsaid; raises Invalid."""
    if include:
        raise Invalid(
            "'include' is not supported by the models of this house.", code="unsupported_value", param="include"
        )
    if speakers:
        raise Invalid(
            "Known speakers are not supported by the models of this house; it calls them A, B and so on.",
            code="unsupported_value",
            param="known_speaker_names",
        )


def _code_of(language: str | None) -> str | None:
    if language is None:
        return None
    code = language_code(language)
    if code is None:
        raise Invalid(
            f"Invalid language '{language}'. It is an ISO-639-1 code, or the English name of a language.",
            code="invalid_language_format",
            param="language",
        )
    return code


def _prompt(said: str | None) -> str | None:
    readable = "".join(char if char.isprintable() or char in "\n\t" else " " for char in said or "")
    # Whisper looks at the end of a prompt that is too long.
    return readable.strip()[-WHISPER_PROMPT_CHARACTERS:].strip() or None


def _terms(hotwords: str | None) -> list[str] | None:
    return [term.strip() for term in (hotwords or "").split(",") if term.strip()] or None


def _voice_activity(chunking: Chunking | None) -> dict[str, Any]:
    if chunking is None:
        return VoiceActivity().model_dump()
    given = {
        "threshold": chunking.threshold,
        "padding_ms": chunking.prefix_padding_ms,
        "shortest_pause_ms": chunking.silence_duration_ms,
    }
    return {name: value for name, value in given.items() if value is not None}


def _wrong(error: ValidationError) -> Invalid:
    first = error.errors(include_url=False)[0]
    # What is wrong between fields has no place: they all hang on the model.
    field = str(first["loc"][0]) if first["loc"] else "model"
    param = _PARAM_OF.get(field, field)
    return Invalid(f"Invalid value for '{param}': {first['msg']}.", code="invalid_value", param=param)
