"""What may be asked of a job, kind by kind: one description for the API, the command line and the worker."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from functions.core.exact_types import Number, Truth, Whole
from functions.core.jobs.ascii_options import AsciiVideoOptions
from functions.core.jobs.model import Kind
from functions.core.languages import LANGUAGES
from functions.core.presets.names import LONGEST_NAME, preset_name
from functions.core.speech_models import MODELS, WHISPER_PROMPT_CHARACTERS

AUTO: Final = "auto"


def _known_language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError("not a language that the models know")
    return code


def _known_model(name: str) -> str:
    if name != AUTO and name not in MODELS:
        raise ValueError(f"not one of the models: {', '.join((AUTO, *MODELS))}")
    return name


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("may not hold control characters")
    return text


def _readable(text: str) -> str:
    if not all(char.isprintable() or char in "\n\t" for char in text):
        raise ValueError("may not hold control characters other than line breaks")
    return text


Language = Annotated[
    str, AfterValidator(_known_language), Field(examples=["en", "ru"], json_schema_extra={"enum": sorted(LANGUAGES)})
]
ModelName = Annotated[
    str, AfterValidator(_known_model), Field(examples=["small"], json_schema_extra={"enum": [AUTO, *MODELS]})
]
PresetName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME),
    AfterValidator(preset_name),
    Field(examples=["captions"]),
]
Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(_printable)]
Prompt = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=WHISPER_PROMPT_CHARACTERS),
    AfterValidator(_readable),
]
Question = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300), AfterValidator(_printable)
]
Instructions = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), AfterValidator(_readable)
]


class Speakers(StrEnum):
    """How speakers are told apart."""

    AUTO = "auto"
    CHANNELS = "channels"
    VOICES = "voices"
    NONE = "none"


class Template(StrEnum):
    """What kind of conversation a summary is about."""

    GENERAL = "general"
    MEETING = "meeting"
    SALES = "sales"
    LECTURE = "lecture"
    VOICE_NOTE = "voice_note"


class VoiceActivity(BaseModel):
    """What counts as speech; the defaults fit nearly everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Number = Field(
        default=0.5, ge=0.05, le=0.95, description="How sure the detector must be; lower for whispers, higher for noise"
    )
    shortest_pause_ms: Whole = Field(default=160, ge=32, le=5000, description="Less silence than this is no pause")
    shortest_speech_ms: Whole = Field(default=96, ge=32, le=5000, description="Less sound than this is a click")
    padding_ms: Whole = Field(default=250, ge=0, le=1000, description="Sound kept before and after speech")


class TranscribeOptions(BaseModel):
    """How to transcribe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ModelName | None = Field(
        default=None, description="One of `GET /v1/info`'s models; without it the one this house is set to"
    )
    language: Language | None = Field(default=None, description="What is spoken; without it the model listens for it")
    task: Literal["transcribe", "translate"] = Field(
        default="transcribe", description="`translate` writes English, whatever is spoken; not every model can"
    )
    fast: Truth | None = Field(
        default=None, description="Less careful and faster: no search among readings, no times of single words"
    )
    word_timestamps: Truth | None = Field(
        default=None, description="Times of single words; without it yes, unless `fast`"
    )
    beam_size: Whole | None = Field(
        default=None, ge=1, le=10, description="Readings searched at once; without it 5, or 1 if `fast`"
    )
    initial_prompt: Prompt | None = Field(
        default=None, description="Text as if spoken before: sets style, spelling and names"
    )
    vocabulary: list[Term] | None = Field(
        default=None, max_length=100, description="Names and terms that are likely to come up", examples=[["Parley"]]
    )
    speakers: Speakers = Field(
        default=Speakers.AUTO,
        description=(
            "`channels`: each channel or track of the file is one speaker. `voices`: told apart by their voices, where "
            "the worker has a model for it. `auto`: by channels where these hold different voices, else by voices "
            "where possible. `none`: not at all"
        ),
    )
    vad: VoiceActivity = Field(default=VoiceActivity(), description="What counts as speech")

    @model_validator(mode="after")
    def _check_that_the_model_can(self) -> "TranscribeOptions":
        if self.task == "translate" and self.model in MODELS and not MODELS[self.model].translates:
            able = ", ".join(name for name, facts in MODELS.items() if facts.translates)
            raise ValueError(f"the model {self.model!r} cannot translate; these can: {able}")
        return self


class SummariseOptions(BaseModel):
    """How to summarise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: Template = Field(default=Template.GENERAL, description="What to look for")
    language: Language | None = Field(
        default=None, description="What the summary is written in; without it the language of the recording"
    )
    prompt: Instructions | None = Field(
        default=None, description="Own instructions on what to look for, on top of the template's"
    )
    questions: list[Question] | None = Field(
        default=None,
        max_length=20,
        description="Answered one by one from the recording, each with its evidence",
        examples=[["Did the seller offer a warranty?"]],
    )


OPTIONS_OF: Final[Mapping[Kind, type[BaseModel]]] = {
    Kind.TRANSCRIBE: TranscribeOptions,
    Kind.SUMMARISE: SummariseOptions,
    Kind.ASCII_VIDEO: AsciiVideoOptions,
}


class TranscribeWith(BaseModel):
    """A way to transcribe."""

    kind: Literal[Kind.TRANSCRIBE]
    options: TranscribeOptions = TranscribeOptions()


class SummariseWith(BaseModel):
    """A way to summarise."""

    kind: Literal[Kind.SUMMARISE]
    options: SummariseOptions = SummariseOptions()


class AsciiVideoWith(BaseModel):
    """A way to turn a video into ASCII."""

    kind: Literal[Kind.ASCII_VIDEO]
    options: AsciiVideoOptions = AsciiVideoOptions()


AnyWay = TranscribeWith | SummariseWith | AsciiVideoWith


class FromPreset(BaseModel):
    """Options that come from a preset where they are not given."""

    preset: PresetName | None = Field(
        default=None, description="One of `GET /v1/presets`' of this kind; `options` besides it come before its own"
    )


class Transcribe(TranscribeWith, FromPreset):
    """Transcribe the recording."""


class Summarise(SummariseWith, FromPreset):
    """Summarise its transcript."""


class ToAsciiVideo(AsciiVideoWith, FromPreset):
    """Turn the video into ASCII."""


Wish = Transcribe | Summarise | ToAsciiVideo
Wanted = Annotated[Wish, Field(discriminator="kind")]
"""A kind of job with its options."""


def chosen(wanted: AnyWay) -> dict[str, Any]:
    """Return the options that are not what a job does anyway."""
    return wanted.options.model_dump(mode="json", exclude_defaults=True)


def said(wanted: AnyWay) -> dict[str, Any]:
    """Return the options that were given, be it as what a job does anyway."""
    return wanted.options.model_dump(mode="json", exclude_unset=True)


def combined(kind: Kind, basis: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a basis with those given before them, as `chosen` does.

    Raises:
        ValueError: together they make no sense.
    """
    options = OPTIONS_OF[kind].model_validate(_merged(basis, given))
    return options.model_dump(mode="json", exclude_defaults=True)


def _merged(basis: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    inner = {
        name: _merged(basis[name], value)
        for name, value in given.items()
        if isinstance(value, Mapping) and isinstance(basis.get(name), Mapping)
    }
    return {**basis, **given, **inner}
