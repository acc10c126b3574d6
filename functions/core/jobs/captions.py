"""A transcript as text to read or to show below a picture; pure.

SRT has no standard; this is what players take. WebVTT: https://www.w3.org/TR/webvtt1/
"""

import re
from collections.abc import Iterator
from typing import Final

from functions.core.jobs.results import Segment, Transcript

_LINE_BREAKS: Final = re.compile(r"\s*[\r\n]+\s*")


def to_txt(transcript: Transcript) -> str:
    """Return one line per segment."""
    return "".join(f"{_spoken(segment)}\n" for segment in _shown(transcript))


def to_srt(transcript: Transcript) -> str:
    """Return SubRip captions."""
    return "\n".join(
        f"{number}\n{_time(segment.start, ',')} --> {_time(segment.end, ',')}\n{_spoken(segment)}\n"
        for number, segment in enumerate(_shown(transcript), start=1)
    )


def to_vtt(transcript: Transcript) -> str:
    """Return WebVTT captions, speakers as voice spans."""
    cues = (
        f"\n{_time(segment.start, '.')} --> {_time(segment.end, '.')}\n{_voiced(segment)}\n"
        for segment in _shown(transcript)
    )
    return "WEBVTT\n" + "".join(cues)


def _shown(transcript: Transcript) -> Iterator[Segment]:
    return (segment for segment in transcript.segments if segment.text.strip())


def _spoken(segment: Segment) -> str:
    text = _one_line(segment.text)
    return f"{_one_line(segment.speaker)}: {text}" if segment.speaker else text


def _voiced(segment: Segment) -> str:
    text = _escaped(_one_line(segment.text))
    return f"<v {_escaped(_one_line(segment.speaker))}>{text}</v>" if segment.speaker else text


def _one_line(text: str) -> str:
    # A blank line would end the caption.
    return _LINE_BREAKS.sub(" ", text).strip()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(seconds: float, decimal: str) -> str:
    milliseconds = max(0, round(seconds * 1000))
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}{decimal}{milliseconds:03d}"
