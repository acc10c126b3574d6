"""Corrections on the wire."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from functions.core.exact_types import Whole
from functions.core.jobs.corrections import MOST_CHARACTERS
from functions.core.recordings.texts import printable

SpeakerName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(printable)
]
SpokenText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MOST_CHARACTERS)]


class SegmentCorrection(BaseModel):
    """What somebody said instead, or who said it. A field that is left out stays; null is as it was transcribed."""

    id: Whole = Field(ge=0, description="Of the segment")
    text: SpokenText | None = Field(default=None, description="Empty: nothing was said")
    speaker: SpeakerName | None = None


class CorrectionsRequest(BaseModel):
    """Corrections to add to those made before."""

    segments: list[SegmentCorrection] = Field(default_factory=list, max_length=5000)
    speakers: dict[SpeakerName, SpeakerName | None] = Field(
        default_factory=dict,
        max_length=100,
        description="What speakers are called, by what the transcript calls them; null: as it calls them",
        examples=[{"Speaker 1": "Анна"}],
    )

    @model_validator(mode="after")
    def _is_about_something(self) -> "CorrectionsRequest":
        if not self.segments and not self.speakers:
            raise ValueError("names neither segments nor speakers")
        if len({one.id for one in self.segments}) < len(self.segments):
            raise ValueError("names a segment twice")
        return self


class CorrectedView(BaseModel):
    """How much of a transcript people have corrected."""

    recording_id: str
    job_id: str = Field(description="The job that made the transcript")
    segments: list[int] = Field(description="The ids of all segments that are corrected by now")
    words: int = Field(description="Words of the corrected transcript")
