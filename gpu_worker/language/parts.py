"""A long transcript cut on the borders of segments, and the share of it that was read."""

from collections.abc import Iterable, Sequence

from functions.core.jobs.results import Segment, Transcript


def spoken(transcript: Transcript) -> tuple[Segment, ...]:
    """The segments in which somebody says something."""
    return tuple(segment for segment in transcript.segments if segment.text.strip())


def split(segments: Sequence[Segment], characters: int) -> list[tuple[Segment, ...]]:
    """Neighbouring segments in parts of about equal length, none above `characters` unless one segment is."""
    total = length(segments)
    share = total / max(1, -(-total // max(1, characters)))
    parts: list[tuple[Segment, ...]] = []
    part: list[Segment] = []
    filled = 0
    for segment in segments:
        if part and (filled >= share or filled + len(segment.text) > characters):
            parts.append(tuple(part))
            part, filled = [], 0
        part.append(segment)
        filled += len(segment.text)
    if part:
        parts.append(tuple(part))
    return parts


def coverage(transcript: Transcript, read: Iterable[int]) -> float:
    """The share (0..1) of the transcript's characters that lie in segments that were read."""
    ids = frozenset(read)
    said = spoken(transcript)
    total = length(said)
    return length([segment for segment in said if segment.id in ids]) / total if total else 1.0


def length(segments: Sequence[Segment]) -> int:
    """Characters of speech."""
    return sum(len(segment.text) for segment in segments)
