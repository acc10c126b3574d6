import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.jobs.results import Segment, Word
from gpu_worker.speech.diarization import Turn, with_speakers


def turn(start: float, end: float, speaker: int) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


def spoken(text: str, *, start: float = 0.0, word_length: float = 0.5, number: int = 0) -> Segment:
    words = tuple(
        Word(word=word, start=start + i * word_length, end=start + (i + 1) * word_length, probability=0.9)
        for i, word in enumerate(text.split())
    )
    return Segment(id=number, start=start, end=words[-1].end, text=text, words=words)


def wordless(text: str, start: float, end: float) -> Segment:
    return Segment(id=0, start=start, end=end, text=text)


def said(segments: tuple[Segment, ...]) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in segments]


def test_speakers_are_numbered_in_order_of_first_appearance() -> None:
    segments = [spoken("Good morning."), spoken("Hello.", start=2), spoken("Shall we start?", start=4)]
    turns = [turn(0, 1, 7), turn(2, 3, 3), turn(4, 6, 7)]
    assert said(with_speakers(segments, turns)) == [
        ("Speaker 1", "Good morning."),
        ("Speaker 2", "Hello."),
        ("Speaker 1", "Shall we start?"),
    ]


def test_a_number_is_not_spent_on_somebody_who_says_nothing() -> None:
    (segment,) = with_speakers([spoken("Hello there.", start=5)], [turn(0, 1, 0), turn(5, 6, 1)])
    assert segment.speaker == "Speaker 1"


def test_names_can_be_given() -> None:
    (segment,) = with_speakers([spoken("Привет всем.")], [turn(0, 1, 0)], names=lambda number: f"Голос {number}")
    assert segment.speaker == "Голос 1"


def test_a_segment_is_split_where_somebody_else_goes_on() -> None:
    segment = spoken("How are you? Very well, thanks.", start=10)
    first, second = with_speakers([segment], [turn(10, 11.5, 0), turn(11.5, 13, 1)])
    assert (first.id, first.speaker, first.text, first.start, first.end) == (0, "Speaker 1", "How are you?", 10, 11.5)
    assert (second.id, second.text, second.start, second.end) == (1, "Very well, thanks.", 11.5, 13)
    assert first.words + second.words == segment.words


def test_a_split_segment_keeps_what_else_is_known_of_it() -> None:
    known = replace(spoken("One two three four"), language="ru", avg_logprob=-0.2, no_speech_prob=0.1)
    for piece in with_speakers([known], [turn(0, 1, 0), turn(1, 2, 1)]):
        assert (piece.language, piece.avg_logprob, piece.no_speech_prob) == ("ru", -0.2, 0.1)


def test_a_script_without_spaces_is_split_without_any() -> None:
    words = tuple(
        Word(word=word, start=i * 0.5, end=(i + 1) * 0.5, probability=0.9)
        for i, word in enumerate(("你好", "吗？", "我", "很好。"))
    )
    segment = Segment(id=0, start=0, end=2, text="你好吗？我很好。", words=words)
    pieces = with_speakers([segment], [turn(0, 1, 0), turn(1, 2, 1)])
    assert said(pieces) == [("Speaker 1", "你好吗？"), ("Speaker 2", "我很好。")]


def test_text_that_does_not_hold_its_words_is_not_split() -> None:
    edited = Segment(id=0, start=0, end=2, text="Corrected by hand", words=spoken("One two three four").words)
    assert said(with_speakers([edited], [turn(0, 0.9, 0), turn(0.9, 2, 1)])) == [("Speaker 1", "Corrected by hand")]


def test_a_stray_word_in_somebodys_sentence_stays_in_it() -> None:
    segment = spoken("I think that we should go")
    assert len(with_speakers([segment], [turn(0, 3, 0), turn(1.01, 1.49, 1)])) == 1
    assert said(with_speakers([segment], [turn(0, 1, 0), turn(1, 1.5, 1), turn(1.5, 3, 0)])) == [
        ("Speaker 1", "I think that we should go")
    ]


def test_two_words_between_are_no_stray() -> None:
    segment = spoken("I think not really we should go")
    pieces = with_speakers([segment], [turn(0, 1, 0), turn(1, 2, 1), turn(2, 3.5, 0)])
    assert said(pieces) == [
        ("Speaker 1", "I think"),
        ("Speaker 2", "not really"),
        ("Speaker 1", "we should go"),
    ]


def test_a_change_too_short_to_be_one_is_none() -> None:
    segment = spoken("So it is a go", word_length=0.14)
    (piece,) = with_speakers([segment], [turn(0, 0.42, 0), turn(0.42, 0.7, 1)])
    assert (piece.speaker, piece.text) == ("Speaker 1", "So it is a go")


def test_an_answer_of_one_word_at_the_end_is_the_other_speakers() -> None:
    pieces = with_speakers([spoken("Are you ready? Yes.")], [turn(0, 1.5, 0), turn(1.5, 2, 1)])
    assert said(pieces) == [("Speaker 1", "Are you ready?"), ("Speaker 2", "Yes.")]


def test_a_segment_without_words_goes_to_who_is_heard_longest_in_it() -> None:
    turns = [turn(0, 2, 0), turn(2, 5, 1), turn(5, 6.5, 0)]
    assert said(with_speakers([wordless("Whole", 0, 6.5)], turns)) == [("Speaker 1", "Whole")]
    assert said(with_speakers([wordless("First", 0, 1), wordless("Second", 1.5, 6)], turns))[1][0] == "Speaker 2"


@pytest.mark.parametrize("gap", [0.0, 0.4, 1.0])
def test_a_segment_near_a_turn_is_its_speakers(gap: float) -> None:
    for segment in (wordless("Late", 2 + gap, 4 + gap), spoken("Late again", start=2 + gap)):
        assert with_speakers([segment], [turn(0, 2, 0)])[0].speaker == "Speaker 1"


def test_the_nearer_of_two_turns_counts() -> None:
    turns = [turn(0, 2, 0), turn(5, 6, 1)]
    assert said(with_speakers([wordless("a", 0, 2), wordless("b", 2.8, 4.5)], turns)) == [
        ("Speaker 1", "a"),
        ("Speaker 2", "b"),
    ]


def test_far_from_any_turn_nobody_speaks() -> None:
    turns = [turn(0, 2, 0)]
    assert said(with_speakers([spoken("Music plays", start=3.5)], turns)) == [(None, "Music plays")]
    assert said(with_speakers([spoken("Nobody was heard")], [])) == [(None, "Nobody was heard")]


def test_words_that_nobody_is_heard_near_stay_with_their_sentence() -> None:
    segment = spoken("One two three four five six", word_length=1)
    assert said(with_speakers([segment], [turn(0, 1, 0)])) == [("Speaker 1", "One two three four five six")]
    assert said(with_speakers([segment], [turn(5, 6, 0)])) == [("Speaker 1", "One two three four five six")]


def test_a_long_turn_is_found_behind_short_ones() -> None:
    turns = [turn(0, 100, 0), *(turn(at, at + 0.4, 1) for at in range(1, 50))]
    assert with_speakers([wordless("Late", 90, 95)], turns)[0].speaker == "Speaker 1"


def test_without_segments_there_is_nothing_to_say() -> None:
    assert with_speakers([], [turn(0, 1, 0)]) == ()


moments = st.integers(0, 600).map(lambda tenths: tenths / 10)
turns_of_any_kind = st.lists(
    st.builds(
        lambda start, length, speaker: Turn(start=start, end=start + length, speaker=speaker),
        moments,
        st.floats(0, 20),
        st.integers(0, 3),
    ),
    max_size=12,
)
tokens = st.sampled_from(["yes", "no.", "да", "ещё", "你好", "a", "aa", "👍🏽", "—", "«ну»"])


@st.composite
def transcripts(draw: st.DrawFn) -> list[Segment]:
    segments = []
    now = 0.0
    for number in range(draw(st.integers(0, 6))):
        now += draw(st.floats(0, 3))
        start, words = now, []
        for token in draw(st.lists(tokens, max_size=8)):
            begin = now + draw(st.sampled_from([0.0, 0.0, 0.2, 1.0]))
            now = begin + draw(st.sampled_from([0.0, 0.1, 0.4, 1.5]))
            words.append(Word(word=token, start=begin, end=now, probability=0.5))
        text = draw(st.sampled_from(["", " ", " … "])).join(word.word for word in words) or "Text without words."
        segments.append(Segment(id=number + 5, start=start, end=now, text=text.strip(), words=tuple(words)))
    return segments


def letters(segments: list[Segment] | tuple[Segment, ...]) -> str:
    return "".join("".join(segment.text.split()) for segment in segments)


@given(segments=transcripts(), turns=turns_of_any_kind)
def test_no_text_and_no_word_is_lost_or_moved(segments: list[Segment], turns: list[Turn]) -> None:
    told = with_speakers(segments, turns)
    assert letters(told) == letters(segments)
    assert [word for segment in told for word in segment.words] == [word for s in segments for word in s.words]
    assert all(segment.text for segment in told)


@given(segments=transcripts(), turns=turns_of_any_kind)
def test_ids_count_from_nought_and_times_never_go_back(segments: list[Segment], turns: list[Turn]) -> None:
    told = with_speakers(segments, turns)
    assert [segment.id for segment in told] == list(range(len(told)))
    times = [time for segment in told for time in (segment.start, segment.end)]
    assert all(before <= after for before, after in itertools.pairwise(times))
    assert {s.start for s in segments} <= {s.start for s in told}
    assert {s.end for s in segments} <= {s.end for s in told}


@given(segments=transcripts(), turns=turns_of_any_kind)
def test_names_are_given_in_order_and_only_to_who_speaks(segments: list[Segment], turns: list[Turn]) -> None:
    names = list(dict.fromkeys(segment.speaker for segment in with_speakers(segments, turns) if segment.speaker))
    assert names == [f"Speaker {number}" for number in range(1, len(names) + 1)]
    assert len(names) <= len({turn.speaker for turn in turns})


@given(segments=transcripts(), turns=turns_of_any_kind)
def test_the_order_of_turns_does_not_matter_where_they_begin_apart(segments: list[Segment], turns: list[Turn]) -> None:
    apart = list({turn.start: turn for turn in turns}.values())
    assert with_speakers(segments, apart) == with_speakers(segments, apart[::-1])
