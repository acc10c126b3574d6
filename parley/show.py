"""Results as text for people."""

import itertools
import unicodedata
from collections.abc import Iterable
from datetime import datetime

from parley.answers import Answer, Statement, Summary, Transcript, Unproven


def plain(text: str) -> str:
    """Drop control characters: what others wrote must not steer this terminal."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc")


def clock(seconds: float) -> str:
    """Write a time as a player shows it: 0:07, 12:34, 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size_of(size: int) -> str:
    """Write a number of bytes in the unit that people use for it."""
    if size < 1000:
        return f"{size} bytes"
    value, units = size / 1000, ["kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.1f} {units[0]}"


def transcript_text(transcript: Transcript) -> str:
    """Return what was said, then the notes."""
    said = _conversation(transcript) or plain(transcript.text).strip() or "(Nothing was said.)"
    return "\n".join([said, *_notes(transcript.notes)])


def summary_text(summary: Summary, transcript: Transcript | None) -> str:
    """Return a summary, each statement followed by the times of its evidence."""
    lines = [plain(summary.text).strip(), *_statements(summary.bullets, transcript)]
    if summary.action_items:
        lines += ["", "To do", *_statements(summary.action_items, transcript)]
    if summary.answers:
        lines += ["", "Questions", *(line for one in summary.answers for line in _answered(one, transcript))]
    if summary.unproven:
        lines += ["", "Not borne out by the recording:", *map(_unproven, summary.unproven)]
    if summary.template not in {None, "general"}:
        lines += ["", f"Template: {plain(str(summary.template))}"]
    if summary.coverage < 1:
        lines += ["", f"Note: only {int(summary.coverage * 100)} % of the transcript was read for this summary."]
    return "\n".join([*lines, *_notes(summary.notes)]).strip()


def recording_text(
    title: str, transcript: Transcript | None, summary: Summary | None, evidence: Transcript | None
) -> str:
    """Return all that there is to read about a recording; `evidence` is what the summary was made of."""
    blocks = [f"# {plain(title)}"]
    if transcript:
        blocks.append(f"## Transcript\n\n{transcript_text(transcript)}")
    if summary:
        blocks.append(f"## Summary\n\n{summary_text(summary, evidence)}")
    return "\n\n".join(blocks)


def _conversation(transcript: Transcript) -> str:
    """A paragraph for each speaker's turn, where speakers are known."""
    if not any(one.speaker for one in transcript.segments.values()):
        return ""
    turns = itertools.groupby(transcript.segments.values(), key=lambda one: one.speaker)
    return "\n".join(
        f"{plain(speaker)}: {said}" if speaker else said
        for speaker, ones in turns
        if (said := plain(" ".join(one.text for one in ones)).strip())
    )


def moment(at: datetime) -> str:
    """Write a moment in this machine's time."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def _statements(statements: Iterable[Statement], transcript: Transcript | None) -> list[str]:
    return [f"- {plain(one.text)}{_evidence(one.segments, transcript)}" for one in statements]


def _answered(one: Answer, transcript: Transcript | None) -> tuple[str, str]:
    said = "not answered in the recording" if one.answer is None else plain(one.answer)
    return f"- {plain(one.question)}", f"  {said}{_evidence(one.segments, transcript)}"


def _unproven(one: Unproven) -> str:
    return f"- {plain(one.text)}{f' ({plain(one.reason)})' if one.reason else ''}"


def _evidence(segments: Iterable[int], transcript: Transcript | None) -> str:
    if transcript is None:
        return ""
    stretches: list[tuple[float, float]] = []
    previous: int | None = None
    for number in sorted(set(segments)):
        segment = transcript.segments.get(number)
        if segment is None:
            continue
        if stretches and previous == number - 1:  # neighbours are one stretch to listen to
            stretches[-1] = (stretches[-1][0], segment.end)
        else:
            stretches.append((segment.start, segment.end))
        previous = number
    times = ", ".join(f"{clock(start)}-{clock(end)}" for start, end in stretches)
    return f" [{times}]" if times else ""


def _notes(notes: Iterable[str]) -> list[str]:
    lines = [f"Note: {plain(note)}" for note in notes]
    return ["", *lines] if lines else []
