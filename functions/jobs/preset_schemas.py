"""Presets on the wire; never the stored items."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Body
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from functions.core.jobs.model import Kind
from functions.core.jobs.options import AsciiVideoWith, PresetName, SummariseWith, TranscribeWith
from functions.core.presets.model import Preset
from functions.core.recordings.texts import printable

Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=300), AfterValidator(printable), Field(examples=["Calls"])
]


class Described(BaseModel):
    """What it is for."""

    description: Description | None = None


class Named(BaseModel):
    """What it is called."""

    name: PresetName = Field(description="In any script; of each kind you have one of a name, whatever the case")


class TranscribeSettings(TranscribeWith, Described):
    """How to transcribe, to be asked for by name."""


class SummariseSettings(SummariseWith, Described):
    """How to summarise, to be asked for by name."""


class AsciiVideoSettings(AsciiVideoWith, Described):
    """How to turn a video into ASCII, to be asked for by name."""


class NewTranscribePreset(TranscribeSettings, Named):
    """A new way to transcribe."""


class NewSummarisePreset(SummariseSettings, Named):
    """A new way to summarise."""


class NewAsciiVideoPreset(AsciiVideoSettings, Named):
    """A new way to turn a video into ASCII."""


PresetRequest = Annotated[NewTranscribePreset | NewSummarisePreset | NewAsciiVideoPreset, Body(discriminator="kind")]
PresetChange = Annotated[TranscribeSettings | SummariseSettings | AsciiVideoSettings, Body(discriminator="kind")]


class PresetView(BaseModel):
    """Options with a name."""

    name: str
    kind: Kind
    options: dict[str, Any]
    description: str | None
    built_in: bool = Field(description="The house's own, which nobody changes")
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, preset: Preset) -> "PresetView":
        """Show a preset."""
        return cls(
            name=preset.name,
            kind=preset.kind,
            options=preset.options,
            description=preset.description,
            built_in=preset.is_built_in,
            created_at=preset.created_at,
            updated_at=preset.updated_at,
        )
