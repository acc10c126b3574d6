"""Transcripts and models on OpenAI's wire."""

from typing import Literal

from pydantic import BaseModel, Field


class DurationUsage(BaseModel):
    """What a request is counted by."""

    type: Literal["duration"] = "duration"
    seconds: int = Field(description="Seconds of sound, rounded up")


class Transcription(BaseModel):
    """`json`."""

    text: str
    usage: DurationUsage


class Translation(BaseModel):
    """`json` of a translation."""

    text: str


class VerboseSegment(BaseModel):
    """A stretch of speech."""

    id: int
    seek: int = Field(description="Where it starts, in hundredths of a second")
    start: float
    end: float
    text: str = Field(description="With the space before it, so that segments can be joined")
    tokens: list[int] = Field(description="Always empty: a transcript keeps words")
    temperature: float = Field(description="Always 0: decoding is deterministic")
    avg_logprob: float = Field(description="0 where the model did not say")
    compression_ratio: float
    no_speech_prob: float = Field(description="0 where the model did not say")


class VerboseWord(BaseModel):
    """A word with its times."""

    word: str
    start: float
    end: float


class VerboseTranscription(BaseModel):
    """`verbose_json`."""

    task: Literal["transcribe", "translate"]
    language: str = Field(examples=["english"])
    duration: float
    text: str
    segments: list[VerboseSegment] | None = Field(default=None, description="Unless only words were asked for")
    words: list[VerboseWord] | None = Field(default=None, description="If asked for")
    usage: DurationUsage


class DiarizedSegment(BaseModel):
    """A stretch of speech of one speaker."""

    type: Literal["transcript.text.segment"] = "transcript.text.segment"
    id: str = Field(examples=["seg_001"])
    start: float
    end: float
    text: str
    speaker: str = Field(description="`A`, `B` and so on, as they come")


class DiarizedTranscription(BaseModel):
    """`diarized_json`."""

    task: Literal["transcribe"] = "transcribe"
    duration: float
    text: str
    segments: list[DiarizedSegment]
    usage: DurationUsage


class TextDelta(BaseModel):
    """Some more of the text, in a stream."""

    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str
    segment_id: str | None = None


class TextDone(BaseModel):
    """The end of a stream."""

    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str


class Model(BaseModel):
    """A model that a request may name."""

    id: str = Field(examples=["whisper-1"])
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["parley"] = "parley"


class ModelList(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[Model]
