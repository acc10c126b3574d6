"""A transcript as an answer, in the format that its reader wants."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Response

from functions.api.results import ANSWER_BYTES, answer_with
from functions.core.errors import TooLarge
from functions.core.jobs.caption_layout import Layout
from functions.core.jobs.captions import DEFAULT_LAYOUT
from functions.core.jobs.documents import Heading
from functions.core.jobs.exports import FORMATS, Format, Style
from functions.core.jobs.results import Transcript, transcript_from_json
from functions.core.recordings.media import Media, attachment
from functions.core.recordings.model import Recording

RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The transcript, as a file named after the recording",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/plain": {"schema": {"type": "string"}},
            "application/x-subrip": {"schema": {"type": "string"}},
            "text/vtt": {"schema": {"type": "string"}},
            "text/tab-separated-values": {"schema": {"type": "string"}},
            FORMATS["docx"].media_type: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    307: {"description": "A transcript too large for an answer, at a signed address"},
}
"""What a route that answers with a transcript says of it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants to read a transcript."""

    format: str
    layout: Layout
    speakers: bool


def _wish(
    format: Annotated[  # noqa: A002 (the interface's word)
        Literal["json", "txt", "srt", "vtt", "tsv", "docx"],
        Query(description="`json` has words and times; the others are files to read, show or import"),
    ] = "json",
    max_line_length: Annotated[
        int,
        Query(ge=10, le=200, description="Characters in a line of `srt` and `vtt`; the other formats ignore it"),
    ] = DEFAULT_LAYOUT.max_line_length,
    max_lines: Annotated[
        int, Query(ge=1, le=5, description="Lines in a caption of `srt` and `vtt`; the other formats ignore it")
    ] = DEFAULT_LAYOUT.max_lines,
    speakers: Annotated[  # noqa: FBT002 (the interface's word)
        bool, Query(description="Whether to name who speaks, where that is known; `json` always does")
    ] = True,
) -> Wish:
    return Wish(format, Layout(max_line_length, max_lines), speakers)


WantedFormat = Annotated[Wish, Depends(_wish)]


def transcript_answer(media: Media, key: str, recording: Recording, wish: Wish) -> Response:
    """Answer with the transcript that lies under a key, as a file named after its recording.

    Raises:
        TooLarge: in this format it is larger than an answer may be.
    """
    filename = f"{recording.title}.{wish.format}"
    if wish.format == "json":
        answer = answer_with(media, key, filename=filename)
    else:
        heading = Heading(recording.title, recording.recorded_at or recording.created_at)
        style = Style(heading, wish.layout, speakers=wish.speakers)
        answer = _file(transcript_from_json(media.read(key)), FORMATS[wish.format], style)
    answer.headers["Content-Disposition"] = attachment(filename)
    return answer


def _file(transcript: Transcript, form: Format, style: Style) -> Response:
    body = form.render(transcript, style)
    if len(body) > ANSWER_BYTES:
        raise TooLarge("In this format the transcript is larger than an answer may be; take it as json.")
    return Response(body, media_type=form.media_type)
