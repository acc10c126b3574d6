"""A transcript as text to read or to show below a picture; pure.

SRT has no standard; this is what players take. WebVTT: https://www.w3.org/TR/webvtt1/
"""

from typing import Final

from functions.core.jobs.caption_layout import Layout
from functions.core.jobs.caption_times import Caption, Line, captions, milliseconds
from functions.core.jobs.results import Transcript
from functions.core.jobs.text_units import one_line

DEFAULT_LAYOUT: Final = Layout()


def to_txt(transcript: Transcript, *, speakers: bool = True) -> str:
    """Return one line per segment; whoever begins to speak is named."""
    return "".join(f"{line.shown}\n" for line in _lines(transcript, named=speakers))


def to_srt(transcript: Transcript, layout: Layout = DEFAULT_LAYOUT, *, speakers: bool = True) -> str:
    """Return SubRip captions; whoever begins to speak is named."""
    shown = captions(_lines(transcript, named=speakers), layout)
    return "\n".join(
        "\n".join([str(number), _times(one, ","), *one.lines, ""]) for number, one in enumerate(shown, start=1)
    )


def to_vtt(transcript: Transcript, layout: Layout = DEFAULT_LAYOUT, *, speakers: bool = True) -> str:
    """Return WebVTT captions, speakers as voice spans."""
    shown = captions(_lines(transcript, named=False), layout)
    return "WEBVTT\n" + "".join(f"\n{_times(one, '.')}\n{_voiced(one, named=speakers)}\n" for one in shown)


def to_tsv(transcript: Transcript, *, speakers: bool = True) -> str:
    """Return a table as openai-whisper writes it, times in milliseconds; speakers, where there are any, come last.

    Nothing is quoted: no field holds a tab or a line break (https://www.iana.org/assignments/media-types/text/tab-separated-values).
    """
    lines = _lines(transcript, named=False)
    named = speakers and any(line.segment.speaker for line in lines)
    rows = [["start", "end", "text", "speaker"]]
    for line in lines:
        segment = line.segment
        start, end = milliseconds(segment.start), milliseconds(segment.end)
        rows.append([str(start), str(end), line.text, one_line(segment.speaker or "")])
    return "".join("\t".join(row if named else row[:3]) + "\n" for row in rows)


def _lines(transcript: Transcript, *, named: bool) -> list[Line]:
    lines, speaking = [], ""
    for segment in transcript.segments:
        if text := one_line(segment.text):
            speaker = one_line(segment.speaker or "")
            lines.append(Line(segment, text, f"{speaker}: " if named and speaker and speaker != speaking else ""))
            speaking = speaker
    return lines


def _voiced(caption: Caption, *, named: bool) -> str:
    text = _escaped("\n".join(caption.lines))
    speaker = _escaped(one_line(caption.speaker or "")) if named else ""
    return f"<v {speaker}>{text}</v>" if speaker else text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _times(caption: Caption, decimal: str) -> str:
    return f"{_time(caption.start, decimal)} --> {_time(caption.end, decimal)}"


def _time(time: int, decimal: str) -> str:
    minutes, rest = divmod(time, 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, rest = divmod(rest, 1000)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}{decimal}{rest:03d}"
