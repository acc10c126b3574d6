"""Segments by the timestamps that the model writes between its words."""

from collections.abc import Sequence
from typing import Any, Final

from gpu_worker.speech.sentences import RawSegment

_SECONDS_PER_STEP: Final = 0.02


def segments_of(tokens: Sequence[int], seconds: float, tokenizer: Any) -> list[RawSegment]:
    """Return what stands between timestamps; text before the first begins at 0, after the last it ends at `seconds`."""
    found: list[RawSegment] = []
    start = 0.0
    text: list[int] = []
    for token in tokens:
        if token < tokenizer.timestamp_begin:
            text.append(token)
            continue
        time = min(seconds, (token - tokenizer.timestamp_begin) * _SECONDS_PER_STEP)
        if text:
            found.append(_segment(start, max(start, time), text, tokenizer))
            text = []
        start = time
    if text:
        found.append(_segment(start, max(start, seconds), text, tokenizer))
    return found


def _segment(start: float, end: float, text: Sequence[int], tokenizer: Any) -> RawSegment:
    return RawSegment(start=start, end=end, text=tokenizer.decode(list(text)), words=())
