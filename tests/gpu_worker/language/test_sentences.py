import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.results import Segment
from gpu_worker.language.sentences import Sentence, sentences_of, tidy


def segments(*texts: str, gap: float = 0.1, speakers: str | None = None) -> list[Segment]:
    return [
        Segment(
            id=at, start=at * (1 + gap), end=at * (1 + gap) + 1, text=text, speaker=speakers[at] if speakers else None
        )
        for at, text in enumerate(texts)
    ]


def parts(found: list[Sentence]) -> list[tuple[str, tuple[int, ...]]]:
    return [(sentence.text, sentence.segments) for sentence in found]


def test_fragments_are_joined_up_to_the_full_stop() -> None:
    found = sentences_of(segments("We want to", "open a shop.", "In May."))
    assert parts(found) == [("We want to open a shop.", (0, 1)), ("In May.", (2,))]


def test_two_sentences_in_one_segment_are_two() -> None:
    found = sentences_of(segments("It is late. Shall we go? Yes!"))
    assert [sentence.text for sentence in found] == ["It is late.", "Shall we go?", "Yes!"]


@pytest.mark.parametrize(
    "text", ["I met Mr. Smith today.", "Das ist am 28. Mai.", "Он живёт в г. Москва.", "J. Smith came."]
)
def test_a_dot_inside_a_sentence_ends_nothing(text: str) -> None:
    assert [sentence.text for sentence in sentences_of(segments(text))] == [text]


def test_another_speaker_begins_another_sentence() -> None:
    found = sentences_of(segments("We want to", "no wait.", speakers="AB"))
    assert parts(found) == [("We want to", (0,)), ("no wait.", (1,))]


def test_a_long_pause_begins_another_sentence() -> None:
    assert len(sentences_of(segments("We want to", "open a shop.", gap=3.0))) == 2


@pytest.mark.parametrize(
    ("said", "tidied"),
    [
        ("Okay, so, um, we agreed.", "We agreed."),
        ("Ну да, хорошо, решили так.", "Решили так."),
        ("Right now we sell.", "Right now we sell."),
        ("Well.", "Well."),
    ],
)
def test_noises_at_the_start_are_taken_off(said: str, tidied: str) -> None:
    assert tidy(Sentence(text=said, segments=(0,), speaker=None)).text == tidied


@given(st.lists(st.text(alphabet="ab .!?\n", max_size=30), max_size=20))
def test_no_word_is_lost_and_none_is_moved(texts: list[str]) -> None:
    given_segments = segments(*texts)
    said = " ".join(sentence.text for sentence in sentences_of(given_segments))
    assert "".join(said.split()) == "".join("".join(texts).split())
