"""Speech to text as OpenAI's clients ask for it, and the models that they may name."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, File, Form, Path, Response, UploadFile

from functions.api.callers import Authenticated, RecordingsWriter
from functions.api.openai_errors import envelope_response, envelopes
from functions.api.services import service
from functions.core.accounts.model import Caller
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.jobs.options import TranscribeOptions
from functions.core.settings import Uploads
from functions.openai.answers import answer
from functions.openai.asking import Chunking, ResponseFormat, Shape, chunking, options_of, refuse_what_no_whisper_can
from functions.openai.catalogue import known, names
from functions.openai.schemas import (
    DiarizedTranscription,
    Model,
    ModelList,
    Transcription,
    Translation,
    VerboseTranscription,
)
from functions.openai.sound import received
from functions.openai.transcribing import NotTranscribed, StillTranscribing, Transcriber

OFFERED_SINCE: Final = 1795219200
"""When the first model could be named on this wire: 2026-11-21."""

router = APIRouter(prefix="/v1", tags=["openai"])

TheTranscriber = Annotated[Transcriber, Depends(service(Transcriber))]
TheAllowedModels = Annotated[AllowedModels, Depends(service(AllowedModels))]
TheUploads = Annotated[Uploads, Depends(service(Uploads))]
SoundFile = Annotated[UploadFile, File(description="Audio or video, at most 4 MB; larger: `POST /v1/recordings`")]
ModelId = Annotated[
    str,
    Form(
        max_length=200, description="One of `GET /v1/models`; OpenAI's names mean the model that this house is set to"
    ),
]
Prompt = Annotated[
    str | None, Form(description="Text as if spoken before: sets style, spelling and names. Its end counts")
]
Temperature = Annotated[float, Form(ge=0, le=1, description="Taken and without effect: decoding here is deterministic")]


_TEXT: Final = {"schema": {"type": "string"}}
_TEXTS: Final = {"text/plain": _TEXT, "application/x-subrip": _TEXT, "text/vtt": _TEXT}


@router.post(
    "/audio/transcriptions",
    response_class=Response,
    responses={
        200: {
            "description": "What was said, as `response_format` says",
            "model": Transcription | VerboseTranscription | DiarizedTranscription,
            "content": {**_TEXTS, "text/event-stream": _TEXT},
        },
        **envelopes(404, 413, 500, 504),
    },
)
def create_transcription(
    file: SoundFile,
    model: ModelId,
    caller: RecordingsWriter,
    transcriber: TheTranscriber,
    uploads: TheUploads,
    allowed: TheAllowedModels,
    voice_activity: Annotated[Chunking | None, Depends(chunking)],
    *,
    language: Annotated[
        str | None,
        Form(max_length=50, description="An ISO-639-1 code or an English name; without it it is listened for"),
    ] = None,
    prompt: Prompt = None,
    response_format: Annotated[
        ResponseFormat, Form(description="Speakers are told apart for `diarized_json` only")
    ] = ResponseFormat.JSON,
    temperature: Temperature = 0,  # noqa: ARG001 - it has no effect
    granularities: Annotated[
        list[Literal["word", "segment"]],
        Form(alias="timestamp_granularities[]", default_factory=list, description="With `verbose_json` only"),
    ],
    stream: Annotated[bool, Form(description="Answer with server-sent events, all of them once it is done")] = False,
    include: Annotated[
        list[str], Form(alias="include[]", default_factory=list, description="Refused, as for `whisper-1`")
    ],
    speaker_names: Annotated[
        list[str], Form(alias="known_speaker_names[]", default_factory=list, description="Refused")
    ],
    speaker_references: Annotated[
        list[str], Form(alias="known_speaker_references[]", default_factory=list, description="Refused")
    ],
    hotwords: Annotated[
        str | None, Form(description="Names and terms that are likely to come up, separated by commas")
    ] = None,
) -> Response:
    """Transcribe a file as OpenAI's clients ask for it; it stays among my recordings.

    What takes longer than an answer may ends in a 504 with `Retry-After`, while the work goes on: the same request
    again, which OpenAI's clients send by themselves, goes on waiting, and `Location` will have the transcript.
    A Lambda behind this gateway cannot stream, so that `stream` only changes the form of the answer.
    """
    refuse_what_no_whisper_can(include=include, speakers=speaker_names + speaker_references)
    shape = Shape(format=response_format, granularities=tuple(granularities), streams=stream)
    options = options_of(
        model, shape, allowed, language=language, prompt=prompt, hotwords=hotwords, chunking=voice_activity
    )
    return _answer(transcriber, file, options, shape, caller, uploads)


@router.post(
    "/audio/translations",
    response_class=Response,
    responses={
        200: {
            "description": "What was said, in English",
            "model": Translation | VerboseTranscription,
            "content": _TEXTS,
        },
        **envelopes(404, 413, 500, 504),
    },
)
def create_translation(
    file: SoundFile,
    model: ModelId,
    caller: RecordingsWriter,
    transcriber: TheTranscriber,
    uploads: TheUploads,
    allowed: TheAllowedModels,
    prompt: Prompt = None,
    response_format: Annotated[Literal["json", "text", "srt", "verbose_json", "vtt"], Form()] = "json",
    temperature: Temperature = 0,  # noqa: ARG001 - it has no effect
) -> Response:
    """Write in English what is spoken in any language, as OpenAI's clients ask for it; else as a transcription."""
    shape = Shape(format=ResponseFormat(response_format))
    options = options_of(model, shape, allowed, translates=True, prompt=prompt)
    return _answer(transcriber, file, options, shape, caller, uploads)


@router.get("/models")
def list_models(_caller: Authenticated, allowed: TheAllowedModels) -> ModelList:
    """List the models that a request may name: OpenAI's names and this house's."""
    return ModelList(data=[_model(name) for name in names(allowed)])


@router.get("/models/{model}", responses=envelopes(404))
def read_model(model: Annotated[str, Path(max_length=200)], _caller: Authenticated, allowed: TheAllowedModels) -> Model:
    """Read one of them."""
    return _model(known(model, allowed))


def _model(name: str) -> Model:
    return Model(id=name, created=OFFERED_SINCE)


def _answer(
    transcriber: Transcriber,
    file: UploadFile,
    options: TranscribeOptions,
    shape: Shape,
    caller: Caller,
    uploads: Uploads,
) -> Response:
    sound = received(file, most_bytes=uploads.max_upload_bytes)
    try:
        transcript = transcriber.transcribe(sound, options, owner_id=caller.user_id, keep_days=caller.keep_days)
    except StillTranscribing as late:
        where = f"/v1/recordings/{late.recording_id}/transcript"
        return envelope_response(
            504,
            f"The transcription goes on. The same request again waits for it; it will also be at {where}.",
            "still_transcribing",
            headers={"Location": where, "Retry-After": str(late.retry_after)},
        )
    except NotTranscribed as broken:
        # OpenAI's clients try again by themselves unless told not to; each try would be one more recording.
        return envelope_response(500, broken.detail, broken.code, headers={"X-Should-Retry": "false"})
    return answer(transcript, shape, translates=options.task == "translate")
