import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.errors import Invalid
from functions.core.jobs.corrections import (
    Corrections,
    corrected,
    corrections_from_json,
    corrections_to_json,
    retimed,
)
from functions.core.jobs.results import Segment, Transcript, Word
from tests.builders import a_transcript

TEXTS = st.lists(st.sampled_from(["we", "send", "the", "договор", "в", "пятницу", "ёлка,", "OK."]), max_size=8)


def spoken(*words: str, start: float = 10.0) -> Segment:
    timed = tuple(
        Word(word=word, start=start + number, end=start + number + 0.5, probability=0.8)
        for number, word in enumerate(words)
    )
    return Segment(id=0, start=start, end=start + max(1, len(words)), text=" ".join(words), words=timed)


def test_a_word_that_is_corrected_takes_the_time_of_the_wrong_one() -> None:
    segment = spoken("send", "the", "invoice", "two", "Anna")

    words = retimed(segment.words, "Send the invoice to Anna.", start=segment.start, end=segment.end)

    assert [(word.word, word.start) for word in words] == [
        ("Send", 10.0),
        ("the", 11.0),
        ("invoice", 12.0),
        ("to", 13.0),
        ("Anna.", 14.0),
    ]
    assert [word.probability for word in words] == [0.8, 0.8, 0.8, 1.0, 0.8]


def test_what_was_not_heard_at_all_stands_between_what_was() -> None:
    segment = spoken("do", "send", "it")

    words = retimed(segment.words, "do not send it", start=segment.start, end=segment.end)

    assert [(word.word, word.start, word.end) for word in words][1] == ("not", 10.5, 11.0)


def test_two_words_for_one_share_its_time() -> None:
    words = retimed(spoken("gonna").words, "going to", start=10.0, end=11.0)

    assert words[0].start == 10.0
    assert words[0].end == words[1].start
    assert words[1].end == 10.5


@settings(max_examples=60)
@given(old=TEXTS, new=TEXTS)
def test_times_never_run_backwards_and_same_words_keep_theirs(old: list[str], new: list[str]) -> None:
    segment = spoken(*old)

    words = retimed(segment.words, " ".join(new), start=segment.start, end=segment.end)

    assert [word.word for word in words] == new
    edges = [edge for word in words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert all(segment.start <= edge <= segment.end for edge in edges)
    if old == new:
        assert words == segment.words


def test_without_corrections_a_transcript_is_itself() -> None:
    transcript = a_transcript("Hello.", "Пока.")

    assert corrected(transcript, Corrections()) == transcript


def test_speakers_get_names_and_a_segment_another_speaker() -> None:
    segments = tuple(
        Segment(id=number, start=number, end=number + 1, text="hm", speaker=f"Speaker {number + 1}")
        for number in range(2)
    )
    transcript = Transcript(language="en", language_probability=1, duration=2, segments=segments, model="demo")

    read = corrected(transcript, Corrections(speakers={1: "Speaker 1"}, names={"Speaker 1": "Анна"}))

    assert [segment.speaker for segment in read.segments] == ["Анна", "Анна"]
    assert read.corrected == (1,)


@pytest.mark.parametrize(
    ("corrections", "code"),
    [
        (Corrections(texts={7: "x"}), "unknown-segment"),
        (Corrections(names={"Speaker 9": "Anna"}), "unknown-speaker"),
    ],
)
def test_what_is_not_in_the_transcript_cannot_be_corrected(corrections: Corrections, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        corrected(a_transcript("Hello."), corrections)

    assert refusal.value.code == code


def test_corrections_come_back_as_they_were_stored() -> None:
    corrections = Corrections(texts={3: "Ёлка 👋"}, speakers={1: "Speaker 2"}, names={"Speaker 2": "Ольга"})

    assert corrections_from_json(corrections_to_json(corrections)) == corrections
