"""A transcript in the shapes that OpenAI's interface has for it; pure."""

import math
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from fastapi import Response
from pydantic import BaseModel

from functions.core.jobs.captions import to_srt, to_vtt
from functions.core.jobs.results import Segment, Transcript
from functions.core.languages import LANGUAGE_NAMES
from functions.openai.asking import ResponseFormat, Shape
from functions.openai.schemas import (
    DiarizedSegment,
    DiarizedTranscription,
    DurationUsage,
    TextDelta,
    TextDone,
    Transcription,
    Translation,
    VerboseSegment,
    VerboseTranscription,
    VerboseWord,
)

_TEXTS: Final[dict[ResponseFormat, tuple[str, Callable[[Transcript], str]]]] = {
    ResponseFormat.TEXT: ("text/plain", lambda transcript: f"{transcript.text}\n"),
    ResponseFormat.SRT: ("application/x-subrip", to_srt),
    ResponseFormat.VTT: ("text/vtt", to_vtt),
}
_LETTERS: Final = 26


def answer(transcript: Transcript, shape: Shape, *, translates: bool) -> Response:
    """Write a transcript as it was asked for."""
    if shape.streams:
        return Response(_events(transcript, shape), media_type="text/event-stream")
    if shape.format in _TEXTS:
        media_type, write = _TEXTS[shape.format]
        return Response(write(transcript), media_type=media_type)
    body: BaseModel
    match shape.format:
        case ResponseFormat.VERBOSE_JSON:
            body = _verbose(transcript, shape, translates=translates)
        case ResponseFormat.DIARIZED_JSON:
            body = _diarized(transcript)
        case _:
            text = transcript.text
            body = Translation(text=text) if translates else Transcription(text=text, usage=_usage(transcript))
    return Response(body.model_dump_json(exclude_none=True), media_type="application/json")


def _usage(transcript: Transcript) -> DurationUsage:
    return DurationUsage(seconds=math.ceil(transcript.duration))


def _verbose(transcript: Transcript, shape: Shape, *, translates: bool) -> VerboseTranscription:
    language = "en" if translates else transcript.language
    wants_segments = not shape.granularities or "segment" in shape.granularities
    words = (word for segment in transcript.segments for word in segment.words)
    return VerboseTranscription(
        task="translate" if translates else "transcribe",
        language=LANGUAGE_NAMES.get(language, language),
        duration=transcript.duration,
        text=transcript.text,
        segments=[_segment(segment) for segment in transcript.segments] if wants_segments else None,
        words=(
            [VerboseWord(word=word.word.strip(), start=word.start, end=word.end) for word in words]
            if "word" in shape.granularities
            else None
        ),
        usage=_usage(transcript),
    )


def _segment(segment: Segment) -> VerboseSegment:
    packed = segment.text.encode()
    return VerboseSegment(
        id=segment.id,
        seek=round(segment.start * 100),
        start=segment.start,
        end=segment.end,
        text=f" {segment.text}",
        tokens=[],
        temperature=0,
        avg_logprob=segment.avg_logprob or 0,
        # As Whisper reckons: text that repeats itself packs well.
        compression_ratio=round(len(packed) / len(zlib.compress(packed)), 3),
        no_speech_prob=segment.no_speech_prob or 0,
    )


def _diarized(transcript: Transcript) -> DiarizedTranscription:
    return DiarizedTranscription(
        duration=transcript.duration,
        text=transcript.text,
        segments=list(_turns(transcript)),
        usage=_usage(transcript),
    )


def _turns(transcript: Transcript) -> Iterator[DiarizedSegment]:
    labels: dict[str | None, str] = {}
    for number, segment in enumerate(transcript.segments, start=1):
        speaker = labels.setdefault(segment.speaker, _label(len(labels)))
        yield DiarizedSegment(
            id=f"seg_{number:03d}", start=segment.start, end=segment.end, text=segment.text, speaker=speaker
        )


def _label(number: int) -> str:
    """Return A to Z, then AA, AB and so on."""
    rounds, letter = divmod(number, _LETTERS)
    return (_label(rounds - 1) if rounds else "") + chr(ord("A") + letter)


def _events(transcript: Transcript, shape: Shape) -> str:
    return "".join(f"data: {event.model_dump_json(exclude_none=True)}\n\n" for event in _stream(transcript, shape))


def _stream(transcript: Transcript, shape: Shape) -> Iterator[BaseModel]:
    diarizes = shape.format is ResponseFormat.DIARIZED_JSON
    before = ""
    for turn in _turns(transcript):
        if turn.text:
            yield TextDelta(delta=before + turn.text, segment_id=turn.id if diarizes else None)
            before = " "
        if diarizes:
            yield turn
    yield TextDone(text=transcript.text)
