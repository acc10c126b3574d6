from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.results import Segment, Transcript
from gpu_worker.language.parts import coverage, split

TEXTS = st.lists(st.text(max_size=30), max_size=30)


def transcript(texts: list[str]) -> Transcript:
    segments = tuple(Segment(id=at, start=at, end=at + 1, text=text) for at, text in enumerate(texts))
    return Transcript(language="en", language_probability=1.0, duration=1.0, segments=segments, model="test")


@given(TEXTS, st.integers(min_value=1, max_value=200))
def test_parts_hold_every_segment_once_in_order_and_keep_the_budget(texts: list[str], characters: int) -> None:
    segments = transcript(texts).segments
    parts = split(segments, characters)
    assert tuple(segment for part in parts for segment in part) == segments
    assert all(len(part) == 1 or sum(len(segment.text) for segment in part) <= characters for part in parts)


@given(TEXTS, st.sets(st.integers(min_value=0, max_value=40)))
def test_coverage_is_a_share(texts: list[str], read: set[int]) -> None:
    assert 0.0 <= coverage(transcript(texts), read) <= 1.0


def test_coverage_counts_characters_not_segments() -> None:
    assert coverage(transcript(["a" * 30, "b" * 10]), [0]) == 0.75
