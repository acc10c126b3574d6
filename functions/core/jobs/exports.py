"""A transcript as a file of any format but its own JSON; pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from functions.core.jobs.caption_layout import Layout
from functions.core.jobs.captions import to_srt, to_tsv, to_txt, to_vtt
from functions.core.jobs.documents import Heading, to_docx
from functions.core.jobs.results import Transcript


@dataclass(frozen=True, slots=True)
class Style:
    """How a file shows a transcript; each format takes of it what it has a use for."""

    heading: Heading
    layout: Layout
    speakers: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file."""

    media_type: str
    render: Callable[[Transcript, Style], bytes]


FORMATS: Final = {
    "txt": Format(
        "text/plain; charset=utf-8", lambda transcript, style: to_txt(transcript, speakers=style.speakers).encode()
    ),
    # https://www.iana.org/assignments/media-types has no SRT; this is what players know.
    "srt": Format(
        "application/x-subrip; charset=utf-8",
        lambda transcript, style: to_srt(transcript, style.layout, speakers=style.speakers).encode(),
    ),
    "vtt": Format(
        "text/vtt; charset=utf-8",
        lambda transcript, style: to_vtt(transcript, style.layout, speakers=style.speakers).encode(),
    ),
    "tsv": Format(
        "text/tab-separated-values; charset=utf-8",
        lambda transcript, style: to_tsv(transcript, speakers=style.speakers).encode(),
    ),
    "docx": Format(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        lambda transcript, style: to_docx(transcript, style.heading, speakers=style.speakers),
    ),
}
