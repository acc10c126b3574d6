"""Jobs, as they may be asked for; on the wire they are `functions.api.views.JobView`."""

from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel, Field, StringConstraints

from functions.core.jobs.options import Summarise, ToAsciiVideo, Transcribe, Wish, said
from functions.core.presets.names import name_id


class OfRecording(BaseModel):
    """Which recording a job is about."""

    recording_id: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(description="`rec_...`")


class TranscribeRequest(Transcribe, OfRecording):
    """Transcribe a recording, perhaps once more and otherwise."""


class SummariseRequest(Summarise, OfRecording):
    """Summarise a recording's newest transcript, or the one that is in the making."""


class AsciiVideoRequest(ToAsciiVideo, OfRecording):
    """Turn a recording that is a video into ASCII."""


JobRequest = Annotated[TranscribeRequest | SummariseRequest | AsciiVideoRequest, Body(discriminator="kind")]
"""A kind of job, its options, and the recording that it is about."""


def asked_by(request: Wish) -> Any:
    """Return by what a request that names a preset is known again, whatever has become of it; None: by its options."""
    return None if request.preset is None else {"preset": name_id(request.preset), "options": said(request)}
