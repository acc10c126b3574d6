import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.results import Segment, Word
from gpu_worker.speech.sentences import RawSegment, to_segments
from gpu_worker.speech.windows import Window

LENGTH = 6.0
START = 100.0


def window(*speech: tuple[float, float]) -> Window:
    whole = ((START, START + LENGTH),)
    return Window(START, np.zeros(int(LENGTH * 16_000), np.float32), speech or whole)


def raw(text: str, *, start: float = 0.0, word_length: float = 0.25) -> RawSegment:
    words = tuple(
        Word(word=f" {word}", start=start + i * word_length, end=start + (i + 1) * word_length, probability=0.9)
        for i, word in enumerate(text.split())
    )
    return RawSegment(start=start, end=start + len(words) * word_length, text=f" {text}", words=words)


def texts(segments: tuple[Segment, ...]) -> list[str]:
    return [segment.text for segment in segments]


def test_a_segment_with_two_sentences_is_split_where_the_second_begins() -> None:
    first, second = to_segments([raw("Call Anna today. The offer is late.")], window())
    assert (first.id, first.text, first.start, first.end) == (0, "Call Anna today.", 100.0, 100.75)
    assert (second.id, second.text, second.start) == (1, "The offer is late.", 100.75)
    assert [word.word for word in second.words] == ["The", "offer", "is", "late."]


def test_other_scripts_end_sentences_too() -> None:
    assert texts(to_segments([raw("Встреча завтра! Позвоните Анне.")], window())) == [
        "Встреча завтра!",
        "Позвоните Анне.",
    ]


def test_abbreviations_and_numbers_end_no_sentence() -> None:
    for text in ("Ask Mr. Smith today.", "It costs 3.5 euros, i.e. little.", "Ask J. Smith about it."):
        assert texts(to_segments([raw(text)], window())) == [text]


def test_without_words_a_segment_stays_whole() -> None:
    whole = RawSegment(start=1.0, end=4.0, text=" One. Two.", words=())
    (segment,) = to_segments([whole], window())
    assert (segment.start, segment.end, segment.text, segment.words) == (101.0, 104.0, "One. Two.", ())


def test_silence_is_taken_off_a_word_that_reaches_into_it() -> None:
    speech = window((100.0, 101.0), (102.0, 105.0))
    long_word = Word(word=" Please", start=1.2, end=2.5, probability=0.9)
    (segment,) = to_segments([RawSegment(start=1.2, end=2.5, text=" Please", words=(long_word,))], speech)
    assert (segment.words[0].start, segment.words[0].end) == (101.95, 102.5)


times = st.floats(-10, 50)
words = st.builds(
    Word,
    word=st.sampled_from([" yes", " No.", " ", "", " 你好。", " Mr."]),
    start=times,
    end=times,
    probability=st.just(0.5),
)
raws = st.lists(
    st.builds(RawSegment, start=times, end=times, text=st.just(" x"), words=st.lists(words, max_size=8).map(tuple)),
    max_size=5,
)


@given(said=raws, speech=st.lists(st.tuples(st.floats(100, 103), st.floats(103, 106)), max_size=2))
def test_times_are_in_order_and_inside_the_window_whatever_the_model_says(
    said: list[RawSegment], speech: list[tuple[float, float]]
) -> None:
    segments = to_segments(said, window(*speech))
    assert [segment.id for segment in segments] == list(range(len(segments)))
    edges = [time for segment in segments for time in (segment.start, segment.end)]
    word_edges = [time for segment in segments for word in segment.words for time in (word.start, word.end)]
    for line in (edges, word_edges):
        assert all(START <= time <= START + LENGTH for time in line)
        assert all(before <= after for before, after in itertools.pairwise(line))


@given(said=raws)
def test_no_word_is_lost(said: list[RawSegment]) -> None:
    spoken = [word.word.strip() for segment in said for word in segment.words if word.word.strip()]
    segments = to_segments(said, window())
    assert [word.word for segment in segments for word in segment.words] == spoken
