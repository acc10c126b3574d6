"""What may be asked for; jobs on the wire are `functions.api.views.JobView`."""

from typing import Annotated

from fastapi import Body
from pydantic import BaseModel, Field, StringConstraints

from functions.core.jobs.options import Summarise, Transcribe, chosen
from functions.core.recordings.model import Process


class OfRecording(BaseModel):
    """Which recording a job is about."""

    recording_id: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(description="`rec_...`")


class TranscribeRequest(Transcribe, OfRecording):
    """Transcribe a recording, perhaps once more and otherwise."""


class SummariseRequest(Summarise, OfRecording):
    """Summarise a recording's newest transcript, or the one that is in the making."""


JobRequest = Annotated[TranscribeRequest | SummariseRequest, Body(discriminator="kind")]
"""A kind of job, its options, and the recording that it is about."""


def process_of(request: TranscribeRequest | SummariseRequest) -> Process:
    """Return what a request asks for."""
    return Process(request.kind, chosen(request))
